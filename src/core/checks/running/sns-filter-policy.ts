import { leadsTo } from '../../doctor/routes.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { SubscriptionNode } from '../../doctor/facts.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { ask, call } from '../../doctor/fixes.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, mayConcern } from './about.ts';
import { rejectionOf } from './filter-judgement.ts';
import { EXPECTED_READS, type Expected } from './expected.ts';
import { expectedAt } from './messages.ts';
import { fitOf, shownLeaf } from './pattern-fit.ts';
import { parsePattern } from './pattern-leaves.ts';

/** The filter policy of a subscription takes none of S3's messages. They have no attributes, which is what policies see by default. */
export const snsFilterPolicy: Check = {
  id: 'sns-filter-policy',
  reads: ['queues.mappings', ...EXPECTED_READS],
  judge(look) {
    const found = look.hops.flatMap((hop) =>
      hop.kind === 'sns'
        ? (look.value(look.facts.topics[hop.arn]?.subscriptions) ?? []).flatMap(
            (subscription) => subscriptionFinding(look, hop, subscription) ?? [],
          )
        : [],
    );
    // A topic that is reached by two ways is told of once.
    return found.filter(({ node }, at) => found.findIndex((one) => one.node === node) === at);
  },
};

function subscriptionFinding(look: Look, hop: Hop, subscription: SubscriptionNode): Finding | undefined {
  const { arn, endpoint, attributes: reading } = subscription;
  if (arn === undefined || !mayConcern(look, endpoint)) return undefined;
  const attributes = look.value(reading);
  const text = attributes?.filterPolicy;
  const policy = text === undefined ? undefined : parsePattern(text);
  if (!attributes || text === undefined || !policy || Object.keys(policy).length === 0) return undefined;
  const expected = expectedAt(look, hop);
  const shared = {
    id: 'sns-filter-policy',
    severity: 'BREAK',
    ...about(hop),
    node: arn,
    subject: `subscription of ${called(endpoint)}`,
  } as const;
  const scope = evidence(reading, 'FilterPolicyScope', attributes.filterScope);
  if (attributes.filterScope === 'MessageAttributes') {
    if (passesWithoutAttributes(policy)) return undefined;
    return {
      ...shared,
      verdict: 'broken',
      message: `the filter policy of ${called(cut(endpoint))} at ${called(hop.arn)} looks at message attributes, which messages of S3 do not have`,
      evidence: [evidence(reading, 'FilterPolicy', cut(text)), scope],
      fix: rescoped(arn, text, expected),
    };
  }
  const rejection = expected && rejectionOf(look.facts, [text], expected);
  if (!rejection || (rejection.isSelective && isTakenByAnother(look, hop, subscription, expected)))
    return undefined;
  const { verdict, fields, corrected } = rejection;
  const [pattern] = corrected ?? [];
  return {
    ...shared,
    verdict,
    message: `the filter policy of ${called(cut(endpoint))} at ${called(hop.arn)} takes no message of S3${look.facts.question.key === undefined ? '' : ' for this key'}`,
    evidence: [
      evidence(reading, 'FilterPolicy', cut(text)),
      scope,
      ...fields.slice(0, 3).map((leaf) => evidence(reading, 'FilterPolicy', cut(shownLeaf(leaf)))),
    ],
    fix:
      pattern === undefined
        ? removed(arn)
        : {
            ...ask(setAttribute(arn, 'FilterPolicy', pattern)),
            advice: 'Keys in messages are form-encoded, so the policy has to be written so too.',
          },
  };
}

/** Whether the message goes to another subscriber: then the policy shares out keys or events. */
function isTakenByAnother(look: Look, hop: Hop, subscription: SubscriptionNode, expected: Expected): boolean {
  const { facts } = look;
  const { expected: wanted } = facts.question;
  if (wanted !== undefined && leadsTo(facts, subscription.endpoint, wanted)) return false;
  const others = (look.value(facts.topics[hop.arn]?.subscriptions) ?? []).filter(
    (one) => one !== subscription,
  );
  return others.some(({ attributes }) => {
    const { filterPolicy, filterScope } = look.value(attributes) ?? {};
    if (filterPolicy === undefined) return true;
    return filterScope === 'MessageAttributes'
      ? passesWithoutAttributes(parsePattern(filterPolicy))
      : rejectionOf(facts, [filterPolicy], expected) === undefined;
  });
}

/** Conditions that hold where there is nothing: `exists: false`, and null, which stands for it among attributes. */
function passesWithoutAttributes(policy: unknown): boolean {
  return Object.entries(policy ?? {}).every(([name, value]: readonly [string, unknown]) => {
    if (!Array.isArray(value)) return false;
    const list = value as readonly unknown[];
    if (name === '$or' && list.length > 1) return list.some(passesWithoutAttributes);
    return list.some((one) => one === null || (one as { readonly exists?: unknown }).exists === false);
  });
}

/** A policy that was written for the message itself needs only the other scope. */
function rescoped(arn: string, text: string, expected: Expected | undefined): Fix {
  const isForBody = expected !== undefined && fitOf(text, expected.messages, expected.isOpen).kind === 'fits';
  if (!isForBody) return removed(arn);
  return ask(setAttribute(arn, 'FilterPolicyScope', 'MessageBody'));
}

function removed(arn: string): Fix {
  return {
    ...ask(setAttribute(arn, 'FilterPolicy', '{}')),
    advice:
      'This removes the filter. With the scope MessageBody a policy can look at Records.s3.object.key and the like instead.',
  };
}

function setAttribute(arn: string, AttributeName: string, AttributeValue: string) {
  return call('sns', 'SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName, AttributeValue });
}
