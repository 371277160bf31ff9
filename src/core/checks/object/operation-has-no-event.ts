import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { isOfFinerCheck } from '../rule/finer.ts';
import { changeRule } from '../rule/change.ts';
import { claimOf } from '../rule/claim.ts';
import { calledAll } from '../rule/text.ts';
import { bridgeTakes, passes, takes, WAY_FACTS } from '../rule/ways.ts';

/**
 * What was done to the object sends another event than those that are listened to, or none at all. Certain when somebody says what was
 * done; an object that is there was created, at least.
 */
export const operationHasNoEvent: Check = {
  id: 'operation-has-no-event',
  reads: [...WAY_FACTS, 'bucket.versioning', 'object.head'],
  judge(look) {
    const { bucket, question } = look.facts;
    const document = look.value(bucket.notification);
    if (!document) return [];
    const claim = claimOf(look);
    if (claim && claim.event === undefined) {
      return [
        {
          ...about(look),
          verdict: 'broken',
          message: `"${claim.operation}" sends no event at all`,
          evidence: [{ call: 'none', field: 'operation', value: claim.operation }],
          fix: tell('Who did what can be had from CloudTrail with data events switched on for the bucket.'),
        },
      ];
    }
    const { key } = question;
    const passing = look.rules.filter((rule) => passes(rule, key));
    // A rule that takes the event, and not the key, has a cause of its own.
    const event = claim?.event;
    const isOfNone = event !== undefined && !look.rules.some((rule) => takes(rule, event));
    const rules = passing.length === 0 && isOfNone ? look.rules : passing;
    if (rules.length === 0) return [];
    if (claim) {
      const { event, operation } = claim;
      if (rules.some((rule) => takes(rule, event)) || isOfFinerCheck(event, rules)) return [];
      const bridge = bridgeTakes(look, event, key ?? 'example');
      if (bridge === 'yes') return [];
      const [first] = rules;
      return [
        {
          ...about(look),
          verdict: bridge === 'no' ? 'broken' : 'suspected',
          ruleIds: rules.map(({ id }) => id),
          message: `"${operation}" sends ${event}, which ${calledAll(rules)} ${rules.length === 1 ? 'does' : 'do'} not take`,
          evidence: rules
            .slice(0, 3)
            .map(({ events }) => evidence(bucket.notification, 'Events', cut(events.join(', ')))),
          fix:
            first && rules.length === 1
              ? changeRule(document, first, [{ events: [...first.events, event] }], { bucket: bucket.name })
              : tell(`Let one of the rules take ${event} too, if its destination is to be told.`),
        },
      ];
    }
    return unclaimed(look, rules);
  },
};

/** Nobody says what was done, and the object is there: it may be a restored one, or the like, that is asked about. */
function unclaimed(look: Look, rules: Look['rules']): readonly Finding[] {
  const { bucket, object } = look.facts;
  if (!object || look.facts.question.operation !== undefined) return [];
  if (rules.some(({ events }) => events.some((event) => event.startsWith('s3:ObjectCreated:')))) return [];
  const head = look.value(object.head);
  if (!head || head.restore !== undefined) return [];
  if (bridgeTakes(look, 's3:ObjectCreated:Put', object.key) !== 'no') return [];
  return [
    {
      ...about(look),
      verdict: 'suspected',
      ruleIds: rules.map(({ id }) => id),
      message: `${calledAll(rules)} ${rules.length === 1 ? 'takes' : 'take'} no event of s3:ObjectCreated, so nobody was told of the upload of "${cut(object.key)}"`,
      evidence: rules
        .slice(0, 3)
        .map(({ events }) => evidence(bucket.notification, 'Events', cut(events.join(', ')))),
      fix: tell('Let a rule take s3:ObjectCreated:*, if uploads are to be told.'),
    },
  ];
}

function about(look: Look) {
  const { key } = look.facts.question;
  return {
    id: 'operation-has-no-event',
    severity: 'SCOPE',
    subject: key === undefined ? `bucket ${look.facts.bucket.name}` : `object ${cut(key)}`,
  } as const;
}
