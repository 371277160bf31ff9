import { keyPasses } from '../../key-filter.ts';
import type { Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { VersionEntry } from '../../doctor/facts.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import type { Reading } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { claimOf } from './claim.ts';
import { missedEvents } from './missed-events.ts';
import { calledAll, verb } from './text.ts';
import { bridgeTakes, isTaken, isTakenElsewhere, passes, reachesExpected, takes, WAY_FACTS } from './ways.ts';

const ID = 'delete-vs-marker';
const DELETE = 's3:ObjectRemoved:Delete';
const MARKER = 's3:ObjectRemoved:DeleteMarkerCreated';

/**
 * Where there are versions, a deletion makes a delete marker and sends another event than one that deletes for good. Certain when
 * somebody says what was done, or when the key's own marker is its newest version; a marker that lifecycle may have made is not certain.
 * A rule for markers alone is a fair choice in a bucket with versions. No `node`: other deletions prove nothing.
 */
export const deleteVsMarker: Check = {
  id: ID,
  reads: [...WAY_FACTS, 'bucket.versioning', 'bucket.sample', 'bucket.lifecycle', 'object.versions'],
  judge(look) {
    look.value(look.facts.bucket.notification);
    if (!reachesExpected(look)) return [];
    const { key } = look.facts.question;
    const rules = look.rules.filter(
      (rule) => passes(rule, key) && takes(rule, DELETE) !== takes(rule, MARKER),
    );
    if (rules.length === 0) return [];
    return key === undefined ? rules.flatMap((rule) => ofRule(look, rule)) : ofKey(look, key, rules);
  },
};

function ofKey(look: Look, key: string, rules: readonly Rule[]): readonly Finding[] {
  const { object, question } = look.facts;
  const claimed = claimOf(look)?.event;
  if (question.operation !== undefined && claimed !== DELETE && claimed !== MARKER) return [];
  const marker =
    question.operation === undefined
      ? // An older one is of a deletion that nobody asks about any more.
        look.value(object?.versions)?.find((one) => isMarker(one) && one.latest)
      : undefined;
  const event = claimed ?? (marker ? MARKER : undefined);
  if (event === undefined || look.rules.some((rule) => takes(rule, event) && passes(rule, key))) return [];
  const bridge = bridgeTakes(look, event, key);
  if (bridge === 'yes') return [];
  const isSure = bridge === 'no' && (claimed !== undefined || !mayExpire(look, key));
  const how = event === MARKER ? 'made a delete marker' : 'deleted it for good';
  return [
    missedEvents(look, {
      id: ID,
      rules,
      verdict: isSure ? 'broken' : 'suspected',
      lost: [event],
      message: `the deletion of "${cut(key)}" ${how}, which sends ${event}, and ${calledAll(rules)} ${verb(rules, 'does', 'do')} not take that`,
      proof: [
        marker
          ? markerEvidence(object?.versions, marker)
          : { call: 'none', field: 'operation', value: question.operation ?? '' },
      ],
    }),
  ];
}

function ofRule(look: Look, rule: Rule): readonly Finding[] {
  const { bucket } = look.facts;
  const versioning = look.value(bucket.versioning);
  if (versioning === undefined) return [];
  if (versioning === 'Off') {
    if (takes(rule, DELETE) || isTakenElsewhere(look, rule, DELETE)) return [];
    const isAll = rule.events.every((event) => event === MARKER);
    const message = `${calledAll([rule])} takes delete markers only, and bucket ${bucket.name} has no versions, so a deletion makes none`;
    const proof = [evidence(bucket.versioning, 'Status', 'never enabled')];
    const verdict = isAll ? 'suspected' : 'risk';
    return [missedEvents(look, { id: ID, rules: [rule], verdict, lost: [DELETE], message, proof })];
  }
  if (takes(rule, MARKER) || isTakenElsewhere(look, rule, MARKER)) return [];
  const proof = evidence(bucket.versioning, 'Status', versioning);
  const hit = (look.value(bucket.sample)?.entries ?? []).find(
    (one) =>
      isMarker(one) &&
      keyPasses(rule.filter, one.key) &&
      !mayExpire(look, one.key) &&
      !isTaken(look, MARKER, one.key),
  );
  const what = `${calledAll([rule])} takes ${DELETE} only, and in bucket ${bucket.name}, which has versions, an ordinary deletion makes a delete marker`;
  return [
    missedEvents(look, {
      id: ID,
      rules: [rule],
      verdict: hit ? 'suspected' : 'risk',
      lost: [MARKER],
      message: hit ? `${what}, as it did for "${cut(hit.key)}"` : what,
      proof: hit ? [proof, markerEvidence(bucket.sample, hit)] : [proof],
    }),
  ];
}

function isMarker({ deleteMarker }: VersionEntry): boolean {
  return deleteMarker;
}

/** Also where that may not be read. */
function mayExpire(look: Look, key: string): boolean {
  const { lifecycle } = look.facts.bucket;
  const rules = look.value(lifecycle);
  if (!rules) return lifecycle?.state === 'denied' || lifecycle?.state === 'failed';
  return rules.some(({ enabled, expires, prefix }) => enabled && expires && key.startsWith(prefix));
}

function markerEvidence(reading: Reading<unknown> | undefined, { versionId }: VersionEntry): Evidence {
  return evidence(reading, 'DeleteMarkers[].VersionId', cut(versionId));
}
