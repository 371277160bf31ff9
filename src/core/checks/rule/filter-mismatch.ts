import {
  decodeEventKey,
  keyPasses,
  keyPassesDecoded,
  needsEncoding,
  type KeyFilter,
} from '../../key-filter.ts';
import { matchRules } from '../../match.ts';
import { describeFilter, type NotificationDocument, type Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { changeRule } from './change.ts';
import { claimOf } from './claim.ts';
import { difference, hasWildcard, nearFilter, passesAsPattern, SIDES } from './filter-values.ts';
import { calledAll, verb } from './text.ts';
import { bridgeTakes, isTaken, passes, reachesExpected, takes, WAY_FACTS } from './ways.ts';

const PUT = 's3:ObjectCreated:Put';

/**
 * The key is none that the rules take: another folder, a leading slash, upper and lower case. Certain for a key in question. Without
 * one, a filter that takes no object of the bucket, and would but for such a slip, is likely to be wrong. A filter without a slash or a
 * dot is legal, and so is one that takes nothing yet. No `node`: what came of other keys says nothing.
 */
export const filterMismatch: Check = {
  id: 'filter-mismatch',
  reads: [...WAY_FACTS, 'bucket.sample', 'bucket.versioning'],
  judge(look) {
    const document = look.value(look.facts.bucket.notification);
    if (!document || !reachesExpected(look)) return [];
    const { key } = look.facts.question;
    return key === undefined
      ? look.rules.flatMap((rule) => ofRule(look, document, rule))
      : ofKey(look, document, key);
  },
};

function ofKey(look: Look, document: NotificationDocument, key: string): readonly Finding[] {
  if (look.rules.length === 0 || look.rules.some((rule) => passes(rule, key))) return [];
  const event = claimOf(look)?.event;
  const rules = look.rules.filter((rule) => event === undefined || takes(rule, event));
  // Those have a cause of their own.
  if (rules.some(({ filter }) => keyPassesDecoded(filter, key) || passesAsPattern(filter, key))) return [];
  const bridge = bridgeTakes(look, event ?? PUT, key);
  const nearest = rules.find(({ filter }) => nearFilter(filter, key)) ?? rules[0];
  if (!nearest || bridge === 'yes') return [];
  // Whether S3 compares values that are encoded in another way, such as %20 for a space, is UNKNOWN.
  const isDoubtful = rules.some(({ filter }) => keyPassesDecoded(decoded(filter), key));
  const miss = matchRules([nearest], key, nearest.events[0] ?? PUT).misses[0]?.detail ?? '';
  const side = SIDES.find((one) => !keyPasses({ [one]: nearest.filter[one] ?? '' }, key)) ?? 'prefix';
  return [
    {
      id: 'filter-mismatch',
      verdict: isDoubtful || bridge === 'unknown' ? 'suspected' : 'broken',
      severity: 'BREAK',
      subject: calledAll(rules),
      ruleIds: rules.map(({ id }) => id),
      message: `${calledAll(rules)} ${verb(rules, 'does', 'do')} not take "${cut(key)}"${isDoubtful ? ', whose filter is encoded in another way than S3 encodes keys' : `: ${cut(miss)}${rules.length === 1 ? '' : `, as rule "${cut(nearest.id)}" wants it`}`}`,
      evidence: [
        ...rules
          .slice(0, 3)
          .map(({ filter }) =>
            evidence(look.facts.bucket.notification, 'Filter', cut(describeFilter(filter))),
          ),
        evidence(look.facts.bucket.notification, side, difference(side, nearest.filter[side] ?? '', key)),
      ],
      fix: fixFor(look, document, nearest, key),
    },
  ];
}

function decoded({ prefix = '', suffix = '' }: KeyFilter): KeyFilter {
  return { prefix: decodeEventKey(prefix), suffix: decodeEventKey(suffix) };
}

function fixFor(look: Look, document: NotificationDocument, rule: Rule, key: string): Fix {
  const near = nearFilter(rule.filter, key);
  const place = { bucket: look.facts.bucket.name };
  if (!near) {
    return tell(
      `Upload under a key that the rule takes (${describeFilter(rule.filter)}), or add a rule for keys such as "${cut(key)}" with "s3evt add".`,
    );
  }
  const objects = (valueOf(look.facts.bucket.sample)?.entries ?? []).filter(
    ({ deleteMarker }) => !deleteMarker,
  );
  if (objects.some((one) => keyPasses(rule.filter, one.key))) {
    return tell(
      `Rule "${cut(rule.id)}" takes other objects as it is: add a second one for ${describeFilter(near)} with "s3evt add".`,
    );
  }
  const { prefix = '', suffix = '' } = near;
  const change = {
    ...(prefix === (rule.filter.prefix ?? '') ? {} : { prefix }),
    ...(suffix === (rule.filter.suffix ?? '') ? {} : { suffix }),
  };
  return changeRule(document, rule, [change], place);
}

function ofRule(look: Look, document: NotificationDocument, rule: Rule): readonly Finding[] {
  const { filter } = rule;
  const values = SIDES.map((side) => filter[side] ?? '');
  if (
    values.every((value) => value === '') ||
    values.some((value) => needsEncoding(value) || hasWildcard(value))
  )
    return [];
  const { bucket } = look.facts;
  const sample = look.value(bucket.sample);
  const objects = (sample?.entries ?? []).filter(({ deleteMarker }) => !deleteMarker);
  const event = [PUT, ...rule.events.filter((one) => !one.endsWith(':*'))].find((one) => takes(rule, one));
  const hit = objects.find(
    ({ key }) =>
      !keyPasses(filter, key) && nearFilter(filter, key) !== undefined && !isTaken(look, event ?? PUT, key),
  );
  if (!hit || !sample) return [];
  const isUsed = objects.some(({ key }) => keyPasses(filter, key));
  const side = SIDES.find((one) => !keyPasses({ [one]: filter[one] ?? '' }, hit.key)) ?? 'prefix';
  return [
    {
      id: 'filter-mismatch',
      verdict: isUsed || sample.truncated ? 'risk' : 'suspected',
      severity: isUsed ? 'RISK' : 'BREAK',
      subject: calledAll([rule]),
      ruleIds: [rule.id],
      message: isUsed
        ? `${calledAll([rule])} takes ${describeFilter(filter)}, but not "${cut(hit.key)}", which differs in upper and lower case or a slash`
        : `${calledAll([rule])} takes ${describeFilter(filter)}, and no object is like that, but "${cut(hit.key)}" is nearly`,
      evidence: [
        evidence(bucket.sample, 'Key', cut(hit.key)),
        evidence(bucket.notification, side, difference(side, filter[side] ?? '', hit.key)),
      ],
      fix: fixFor(look, document, rule, hit.key),
    },
  ];
}
