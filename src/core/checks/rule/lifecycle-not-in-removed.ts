import { keyPasses } from '../../key-filter.ts';
import type { Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { LifecycleRule } from '../../doctor/facts.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { recordsOfKey } from '../object/seen.ts';
import { changeRule } from './change.ts';
import { calledAll } from './text.ts';
import { isTakenElsewhere, listsFamily, passes, reachesExpected, takes, WAY_FACTS } from './ways.ts';

const EVENTS = ['s3:LifecycleExpiration:Delete', 's3:LifecycleExpiration:DeleteMarkerCreated'] as const;
const DAY_MS = 86_400_000;

/**
 * What lifecycle deletes is no ObjectRemoved. That it was lifecycle is certain only by an event that says so; lifecycle dates its delete
 * markers to midnight (UTC), which makes it likely. Expiry is late by design, and aborted uploads send nothing.
 */
export const lifecycleNotInRemoved: Check = {
  id: 'lifecycle-not-in-removed',
  reads: [...WAY_FACTS, 'bucket.lifecycle', 'object.versions', 'functions.log'],
  judge(look) {
    const { facts } = look;
    const { key, operation } = facts.question;
    look.value(facts.bucket.notification);
    // Who says that it was deleted does not mean lifecycle.
    if (!reachesExpected(look) || operation !== undefined) return [];
    const rules = look.rules.filter(
      (rule) =>
        listsFamily(rule, 'ObjectRemoved') &&
        passes(rule, key) &&
        EVENTS.some((event) => !takes(rule, event) && !isTakenElsewhere(look, rule, event)) &&
        !EVENTS.some((event) => takes(rule, event)),
    );
    if (rules.length === 0) return [];
    const expiry = (look.value(facts.bucket.lifecycle) ?? []).filter(
      ({ enabled, expires }) => enabled && expires,
    );
    return rules.flatMap((rule) => {
      const covering = expiry.find((one) => covers(one, rule, key));
      const seen = key === undefined ? undefined : seenExpiry(look, key);
      if (seen)
        return [finding(look, rule, 'broken', `"${cut(key ?? '')}" was deleted by lifecycle, which`, seen)];
      if (!covering) return [];
      const proof = evidence(facts.bucket.lifecycle, 'Rules[].ID', cut(covering.id));
      const marker =
        key === undefined
          ? undefined
          : look.value(facts.object?.versions)?.find(({ deleteMarker, latest }) => deleteMarker && latest);
      return marker !== undefined && marker.modified % DAY_MS === 0
        ? [
            finding(
              look,
              rule,
              'suspected',
              `"${cut(key ?? '')}" was deleted by lifecycle, as it seems, which`,
              proof,
            ),
          ]
        : [
            finding(
              look,
              rule,
              'risk',
              `lifecycle rule "${cut(covering.id)}" deletes objects of ${calledAll([rule])}, which`,
              proof,
            ),
          ];
    });
  },
};

function covers({ prefix }: LifecycleRule, rule: Rule, key: string | undefined): boolean {
  if (key !== undefined) return key.startsWith(prefix);
  const own = rule.filter.prefix ?? '';
  return keyPasses({ prefix: own }, prefix) || own.startsWith(prefix);
}

/** Of use only where another way brought it: one who should have got it did not. */
function seenExpiry(look: Look, key: string): Evidence | undefined {
  const { expected, ruleId } = look.facts.question;
  if (expected === undefined && ruleId === undefined) return undefined;
  const record = recordsOfKey(look.facts, key).find(({ eventName }) =>
    eventName.startsWith('LifecycleExpiration:'),
  );
  return record && { call: 'log', field: 'eventName', value: record.eventName };
}

function finding(
  look: Look,
  rule: Rule,
  verdict: Finding['verdict'],
  what: string,
  ...proof: readonly Evidence[]
): Finding {
  const { bucket } = look.facts;
  return {
    id: 'lifecycle-not-in-removed',
    verdict,
    severity: verdict === 'risk' ? 'RISK' : 'SOME',
    subject: calledAll([rule]),
    ruleIds: [rule.id],
    message: `${what} sends s3:LifecycleExpiration events and no s3:ObjectRemoved, and ${calledAll([rule])} does not take those`,
    evidence: [...proof, evidence(bucket.notification, 'Events', cut(rule.events.join(', ')))],
    fix: changeRule(
      valueOf(bucket.notification) ?? {},
      rule,
      [{ events: [...rule.events, 's3:LifecycleExpiration:*'] }],
      { bucket: bucket.name },
    ),
  };
}
