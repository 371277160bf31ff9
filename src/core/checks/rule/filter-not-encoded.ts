import { encodeEventKey, keyPasses, keyPassesDecoded, needsEncoding } from '../../key-filter.ts';
import type { NotificationDocument, Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { seenRecords } from '../object/seen.ts';
import { changeRule } from './change.ts';
import { hasWildcard, SIDES } from './filter-values.ts';
import { calledAll } from './text.ts';
import { bridgeTakes, isTaken, passes, reachesExpected, WAY_FACTS } from './ways.ts';

/** Which of these S3 encodes before it compares is UNKNOWN: the documentation calls some of them safe, and events encode them. */
const AMBIGUOUS = /[!'()~#%{}[\]^"<>|\\`]|[^\u0000-\u007f]/;

/**
 * Special characters of a filter have to be written as they stand in an event: `dt%3D1/`, `my+folder/`. A value with one of the
 * documented ones takes no key at all, so an object of the bucket that was meant proves it as well as the key in question. An event of
 * the rule that was seen to arrive speaks against it. No `node`, since that is looked for here.
 */
export const filterNotEncoded: Check = {
  id: 'filter-not-encoded',
  reads: [...WAY_FACTS, 'bucket.sample', 'functions.log'],
  judge(look) {
    const document = look.value(look.facts.bucket.notification);
    if (!document || !reachesExpected(look)) return [];
    return look.rules.flatMap((rule) => {
      const values = SIDES.map((side) => rule.filter[side] ?? '');
      if (values.some(needsEncoding)) return certain(look, document, rule);
      return values.some(isAmbiguous) ? ambiguous(look, document, rule) : [];
    });
  },
};

function isAmbiguous(value: string): boolean {
  return AMBIGUOUS.test(value.replace(/%[0-9a-f]{2}/gi, ''));
}

function certain(look: Look, document: NotificationDocument, rule: Rule): readonly Finding[] {
  const { bucket, question } = look.facts;
  const { key } = question;
  const isMeant = (one: string) => keyPassesDecoded(rule.filter, one) && !keyPasses(rule.filter, one);
  const arrived = seenRecords(look.facts).find(
    ({ record }) => record.configurationId === rule.id && isMeant(record.key),
  );
  if (key !== undefined) {
    if (!isMeant(key) || look.rules.some((other) => passes(other, key))) return [];
    const bridge = bridgeTakes(look, 's3:ObjectCreated:Put', key);
    if (bridge === 'yes') return [];
    return [finding(look, document, rule, bridge === 'no' && !arrived ? 'broken' : 'suspected', key)];
  }
  const objects = (look.value(bucket.sample)?.entries ?? []).filter(({ deleteMarker }) => !deleteMarker);
  // `my+folder/` is how `my folder/` is written.
  if (objects.some((one) => keyPasses(rule.filter, one.key))) return [];
  const onlyPlus = SIDES.every((side) => !needsEncoding((rule.filter[side] ?? '').replaceAll('+', '')));
  const hit = objects.find((one) => isMeant(one.key) && !isTaken(look, 's3:ObjectCreated:Put', one.key));
  if (hit) return [finding(look, document, rule, arrived || onlyPlus ? 'suspected' : 'broken', hit.key)];
  // A wildcard is told of as such.
  if (onlyPlus || arrived || SIDES.some((side) => hasWildcard(rule.filter[side] ?? ''))) return [];
  return [finding(look, document, rule, 'risk', undefined)];
}

/** The sandbox takes such values as they are meant. */
function ambiguous(look: Look, document: NotificationDocument, rule: Rule): readonly Finding[] {
  const { question, target } = look.facts;
  const { key } = question;
  const raw = (one: string) => keyPassesDecoded(rule.filter, one) && keyPasses(rule.filter, one);
  if (SIDES.some((side) => hasWildcard(rule.filter[side] ?? ''))) return [];
  if (
    target.sandbox ||
    seenRecords(look.facts).some(({ record }) => record.configurationId === rule.id && raw(record.key))
  ) {
    return [];
  }
  if (key === undefined) return [finding(look, document, rule, 'risk', undefined)];
  return raw(key) && bridgeTakes(look, 's3:ObjectCreated:Put', key) === 'no'
    ? [finding(look, document, rule, 'suspected', key)]
    : [];
}

function finding(
  look: Look,
  document: NotificationDocument,
  rule: Rule,
  verdict: Finding['verdict'],
  key: string | undefined,
): Finding {
  const { bucket, question } = look.facts;
  const values = SIDES.flatMap((side) => {
    const value = rule.filter[side] ?? '';
    return needsEncoding(value) || isAmbiguous(value)
      ? [{ side, value, written: encodeEventKey(value) }]
      : [];
  });
  const change = Object.fromEntries(values.map(({ side, written }) => [side, written]));
  const said = values.map(
    ({ side, value, written }) => `the ${side} "${cut(value)}" has to be written "${cut(written)}"`,
  );
  const reading = question.key === undefined ? valueOf(bucket.sample) && bucket.sample : undefined;
  return {
    id: 'filter-not-encoded',
    verdict,
    severity: verdict === 'risk' ? 'RISK' : 'BREAK',
    subject: calledAll([rule]),
    ruleIds: [rule.id],
    message: `${calledAll([rule])} ${verdict === 'broken' ? 'takes no key' : 'may take no key'}, since special characters in a filter have to be encoded: ${said.join(', and ')}`,
    evidence: [
      ...values.map(({ side, value }) => evidence(bucket.notification, `Filter ${side}`, cut(value))),
      ...(key === undefined ? [] : [evidence(reading, 'key that was meant', cut(key))]),
    ],
    fix: changeRule(document, rule, [change], { bucket: bucket.name }),
  };
}
