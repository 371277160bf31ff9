import { keyPasses } from '../../key-filter.ts';
import type { NotificationDocument, Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { changeRule } from './change.ts';
import { hasWildcard, passesAsPattern, SIDES, withoutStars } from './filter-values.ts';
import { calledAll } from './text.ts';
import { bridgeTakes, isTaken, passes, reachesExpected, WAY_FACTS } from './ways.ts';

const PUT = 's3:ObjectCreated:Put';

/**
 * S3's filters know no wildcards: `*.csv` ends only keys that hold a star. Certain for a key that the pattern would take, the one in
 * question or one of the bucket's objects, as long as none of them holds those very characters.
 */
export const filterLiteralWildcard: Check = {
  id: 'filter-literal-wildcard',
  reads: [...WAY_FACTS, 'bucket.sample'],
  judge(look) {
    const document = look.value(look.facts.bucket.notification);
    if (!document || !reachesExpected(look)) return [];
    return look.rules
      .filter(({ filter }) => SIDES.some((side) => hasWildcard(filter[side] ?? '')))
      .flatMap((rule) => judgeRule(look, document, rule));
  },
};

function judgeRule(look: Look, document: NotificationDocument, rule: Rule): readonly Finding[] {
  const { bucket, question } = look.facts;
  const { key } = question;
  if (key !== undefined) {
    if (!passesAsPattern(rule.filter, key) || look.rules.some((other) => passes(other, key))) return [];
    const bridge = bridgeTakes(look, PUT, key);
    return bridge === 'yes'
      ? []
      : [finding(look, document, rule, bridge === 'no' ? 'broken' : 'suspected', key)];
  }
  const sample = look.value(bucket.sample);
  const objects = (sample?.entries ?? []).filter(({ deleteMarker }) => !deleteMarker);
  if (objects.some((one) => keyPasses(rule.filter, one.key))) return [];
  const hit = objects.find((one) => passesAsPattern(rule.filter, one.key) && !isTaken(look, PUT, one.key));
  if (hit)
    return [finding(look, document, rule, sample?.truncated === true ? 'suspected' : 'broken', hit.key)];
  return [finding(look, document, rule, 'risk', undefined)];
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
    return hasWildcard(value) ? [{ side, value }] : [];
  });
  const said = values.map(({ side, value }) => `the ${side} "${cut(value)}"`).join(' and ');
  const meant = key === undefined ? '' : `, and "${cut(key)}" does not hold them`;
  return {
    id: 'filter-literal-wildcard',
    verdict,
    severity: verdict === 'risk' ? 'RISK' : 'BREAK',
    subject: calledAll([rule]),
    ruleIds: [rule.id],
    message: `filters know no wildcards: ${said} of ${calledAll([rule])} ${values.length === 1 ? 'stands' : 'stand'} for these very characters${meant}`,
    evidence: [
      ...values.map(({ side, value }) => evidence(bucket.notification, `Filter ${side}`, cut(value))),
      ...(key === undefined
        ? []
        : [
            question.key === undefined
              ? evidence(bucket.sample, 'Key', cut(key))
              : { call: 'none', field: 'key', value: cut(key) },
          ]),
    ],
    fix: fixOf(look, document, rule),
  };
}

function fixOf(look: Look, document: NotificationDocument, rule: Rule): Fix {
  const change: { prefix?: string; suffix?: string } = {};
  for (const side of SIDES) {
    const value = rule.filter[side] ?? '';
    if (!hasWildcard(value)) continue;
    const plain = withoutStars(side, value);
    if (plain === undefined) {
      return tell(
        'Write the fixed beginning as the prefix and the fixed end as the suffix; alternatives need a rule each, or EventBridge, whose patterns have wildcards.',
      );
    }
    change[side] = plain;
  }
  return changeRule(document, rule, [change], { bucket: look.facts.bucket.name });
}
