import { keyPasses } from '../../key-filter.ts';
import type { Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { widen } from './change.ts';
import { calledAll, verb } from './text.ts';
import {
  bridgeTakes,
  isTaken,
  isTakenElsewhere,
  listsFamily,
  passes,
  reachesExpected,
  takes,
  WAY_FACTS,
} from './ways.ts';

const EVENT = 's3:ObjectCreated:CompleteMultipartUpload';

/**
 * Uploads in parts send CompleteMultipartUpload, and the rule takes other creations only. Certain for a key that was uploaded so. Other
 * objects of the bucket that were (`-N` in the ETag) and that the rule's filter lets through make it likely, not more: they may be older
 * than the rule, or never have been meant to be told. A rule for Put alone, of a bucket without such objects, is a risk.
 *
 * No `node`: events of small objects that were seen to arrive say nothing against it.
 */
export const eventTypeMultipart: Check = {
  id: 'event-type-multipart',
  reads: [...WAY_FACTS, 'object.head', 'bucket.sample'],
  judge(look) {
    look.value(look.facts.bucket.notification);
    if (!reachesExpected(look)) return [];
    const partial = look.rules.filter((rule) => listsFamily(rule, 'ObjectCreated') && !takes(rule, EVENT));
    if (partial.length === 0) return [];
    const { key } = look.facts.question;
    return key === undefined ? partial.flatMap((rule) => ofRule(look, rule)) : ofKey(look, key, partial);
  },
};

function ofKey(look: Look, key: string, partial: readonly Rule[]): readonly Finding[] {
  const { object, question } = look.facts;
  const claimed = question.operation;
  const head = claimed === undefined ? look.value(object?.head) : undefined;
  // What event a replica's creation sends is not documented.
  const isInParts = head !== undefined && /-\d+$/.test(head.eTag) && head.replicationStatus !== 'REPLICA';
  if (claimed === undefined ? !isInParts : claimed !== 'multipart') return [];
  const rules = partial.filter((rule) => passes(rule, key));
  if (rules.length === 0 || look.rules.some((rule) => takes(rule, EVENT) && passes(rule, key))) return [];
  const bridge = bridgeTakes(look, EVENT, key);
  if (bridge === 'yes') return [];
  const what = `"${cut(key)}" was uploaded in parts, which sends ${EVENT}, and ${calledAll(rules)} ${verb(rules, 'does', 'do')} not take that`;
  const proof = head
    ? evidence(object?.head, 'ETag', cut(head.eTag))
    : { call: 'none', field: 'operation', value: 'multipart' };
  return [finding(look, rules, bridge === 'no' ? 'broken' : 'suspected', what, proof)];
}

function ofRule(look: Look, rule: Rule): readonly Finding[] {
  if (!takes(rule, 's3:ObjectCreated:Put') || isTakenElsewhere(look, rule, EVENT)) return [];
  const { bucket } = look.facts;
  const hit = (look.value(bucket.sample)?.entries ?? []).find(
    ({ key, eTag, deleteMarker }) =>
      !deleteMarker && /-\d+$/.test(eTag ?? '') && keyPasses(rule.filter, key) && !isTaken(look, EVENT, key),
  );
  if (!hit) {
    const what = `${calledAll([rule])} does not take uploads in parts, as the AWS CLI and SDKs make them of files above some 8 MB`;
    return [finding(look, [rule], 'risk', what)];
  }
  const what = `${calledAll([rule])} does not take uploads in parts, and such objects are there: "${cut(hit.key)}"`;
  return [finding(look, [rule], 'suspected', what, evidence(bucket.sample, 'ETag', cut(hit.eTag ?? '')))];
}

function finding(
  look: Look,
  rules: readonly Rule[],
  verdict: Finding['verdict'],
  message: string,
  ...proof: readonly Evidence[]
): Finding {
  const { bucket } = look.facts;
  return {
    id: 'event-type-multipart',
    verdict,
    severity: verdict === 'risk' ? 'RISK' : 'SOME',
    subject: calledAll(rules),
    ruleIds: rules.map(({ id }) => id),
    message,
    evidence: [
      ...proof,
      ...rules
        .slice(0, 3)
        .map(({ events }) => evidence(bucket.notification, 'Events', cut(events.join(', ')))),
    ],
    fix: widen(valueOf(bucket.notification) ?? {}, rules, 'ObjectCreated', [EVENT], { bucket: bucket.name }),
  };
}
