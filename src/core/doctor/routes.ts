/** The ways that an event of the bucket can take, hop by hop, as far as they were read. */
import { bucketArn, parseArn, partitionOf, unqualifiedFunctionArn } from '../arn.ts';
import { takesEventsOf } from '../event-rule.ts';
import { matchRules } from '../match.ts';
import { hasEventBridge, rulesOf, type Rule } from '../notification.ts';
import type { Sender } from './admission.ts';
import type { DoctorFacts, EventRuleNode, MappingNode, SubscriptionNode, TargetNode } from './facts.ts';
import { valueOf } from './reading.ts';

export interface Hop {
  readonly kind: 'lambda' | 'sqs' | 'sns' | 'event-rule' | 'other';
  /** As it stands in the rule, subscription, mapping or target that leads here. */
  readonly arn: string;
  /** Who hands the event over; undefined where Lambda fetches it from a queue by itself, which no resource-based policy admits. */
  readonly sender: Sender | undefined;
  /** 0 for what the bucket's configuration names, and for event rules. */
  readonly depth: number;
  /** The bucket's rules that lead here; empty for EventBridge. */
  readonly ruleIds: readonly string[];
  /** What leads here, where it is no rule of the bucket. */
  readonly subscription?: SubscriptionNode;
  readonly mapping?: MappingNode;
  readonly eventRule?: EventRuleNode;
  readonly target?: TargetNode;
}

/** `function`, `queue` and `topic` ARNs by their service; all else is `other`. */
export function kindOf(arn: string): Hop['kind'] {
  const service = parseArn(arn)?.service;
  return service === 'lambda' || service === 'sqs' || service === 'sns' ? service : 'other';
}

export function partitionIn(facts: DoctorFacts): string {
  return partitionOf(valueOf(facts.identity)?.arn ?? '');
}

/** Rules of the live configuration; none when it is not known. */
export function liveRules(facts: DoctorFacts): readonly Rule[] {
  const document = valueOf(facts.bucket.notification);
  return document ? rulesOf(document) : [];
}

/**
 * The bucket's rules that the question is about: that of `ruleId`, those that lead to what was expected, those that take the key.
 * All of them when none is left so: then it is the task of the checks to say why.
 */
export function rulesInQuestion(facts: DoctorFacts): readonly Rule[] {
  const { ruleId, expected, key } = facts.question;
  let rules = liveRules(facts);
  const narrow = (kept: readonly Rule[]) => {
    if (kept.length > 0) rules = kept;
  };
  if (ruleId !== undefined) narrow(rules.filter(({ id }) => id === ruleId));
  if (expected !== undefined) narrow(rules.filter((rule) => leadsTo(facts, rule.destination.arn, expected)));
  if (key !== undefined) {
    narrow(
      rules.filter((rule) => rule.events.some((event) => matchRules([rule], key, event).matches.length > 0)),
    );
  }
  return rules;
}

/** Whether what arrives at `arn` goes on to `wanted`, another version or alias of the same function included. */
export function leadsTo(facts: DoctorFacts, arn: string, wanted: string): boolean {
  const seen = new Set<string>();
  const walk = (one: string): boolean => {
    if (sameResource(one, wanted)) return true;
    if (seen.has(one)) return false;
    seen.add(one);
    return nextOf(facts, one).some(walk);
  };
  return walk(arn);
}

/** Whether both ARNs name one resource: a version or an alias of a function counts as the function. */
export function sameResource(a: string, b: string): boolean {
  if (a === b) return true;
  return kindOf(a) === 'lambda' && unqualifiedFunctionArn(a) === unqualifiedFunctionArn(b);
}

function nextOf(facts: DoctorFacts, arn: string): readonly string[] {
  const mappings = valueOf(facts.queues[arn]?.mappings) ?? [];
  const subscriptions = valueOf(facts.topics[arn]?.subscriptions) ?? [];
  return [
    ...mappings.map(({ functionArn }) => functionArn),
    ...subscriptions
      .filter(({ protocol }) => protocol === 'lambda' || protocol === 'sqs')
      .map(({ endpoint }) => endpoint),
  ];
}

/** Event rules of any bus that may take events of this bucket. */
export function eventRulesOf(facts: DoctorFacts): readonly EventRuleNode[] {
  const { name } = facts.bucket;
  const partition = partitionIn(facts);
  return (valueOf(facts.eventRules) ?? []).filter(({ pattern }) => takesEventsOf(pattern, name, partition));
}

/** Every hop behind these rules, and behind EventBridge where the bucket sends there; each once for each sender, nearest first. */
export function hopsOf(facts: DoctorFacts, rules: readonly Rule[]): readonly Hop[] {
  const found = new Map<string, Hop>();
  const add = (hop: Hop): void => {
    const id = [hop.arn, hop.sender?.sourceArn ?? '', hop.mapping?.uuid ?? '', hop.target?.id ?? ''].join(
      ' ',
    );
    const known = found.get(id);
    const ruleIds = [...new Set([...(known?.ruleIds ?? []), ...hop.ruleIds])];
    found.set(id, { ...(known ?? hop), ruleIds });
    // A ring of topics and queues is not walked twice.
    if (known && ruleIds.length === known.ruleIds.length) return;
    for (const next of behind(facts, hop)) add(next);
  };
  const s3: Sender = {
    service: 's3.amazonaws.com',
    sourceArn: bucketArn(partitionIn(facts), facts.bucket.name),
    sourceAccount: valueOf(facts.bucket.owner),
  };
  for (const { id, destination } of rules) {
    add({ kind: destination.kind, arn: destination.arn, sender: s3, depth: 0, ruleIds: [id] });
  }
  const document = valueOf(facts.bucket.notification);
  if (document && hasEventBridge(document) && facts.question.ruleId === undefined) {
    for (const eventRule of eventRulesOf(facts)) {
      add({ kind: 'event-rule', arn: eventRule.arn, sender: undefined, depth: 0, ruleIds: [], eventRule });
    }
  }
  return [...found.values()].sort((a, b) => a.depth - b.depth);
}

/** What the hop hands the event to, one step further. */
export function behind(facts: DoctorFacts, hop: Hop): readonly Hop[] {
  const next = { depth: hop.depth + 1, ruleIds: hop.ruleIds };
  switch (hop.kind) {
    case 'sqs':
      return (valueOf(facts.queues[hop.arn]?.mappings) ?? []).map((mapping): Hop => ({
        ...next,
        kind: 'lambda',
        arn: mapping.functionArn,
        sender: undefined,
        mapping,
      }));
    case 'sns': {
      // What SNS presents as aws:SourceAccount is UNKNOWN.
      const sender: Sender = { service: 'sns.amazonaws.com', sourceArn: hop.arn, sourceAccount: undefined };
      return (valueOf(facts.topics[hop.arn]?.subscriptions) ?? []).flatMap((subscription): Hop[] =>
        subscription.protocol === 'lambda' || subscription.protocol === 'sqs'
          ? [{ ...next, kind: subscription.protocol, arn: subscription.endpoint, sender, subscription }]
          : [],
      );
    }
    case 'event-rule': {
      const { eventRule } = hop;
      if (!eventRule) return [];
      // Whether EventBridge presents aws:SourceAccount to Lambda is UNKNOWN: its guide says that such a condition blocks it.
      const sender: Sender = {
        service: 'events.amazonaws.com',
        sourceArn: hop.arn,
        sourceAccount: undefined,
      };
      return (valueOf(eventRule.targets) ?? []).map((target): Hop => ({
        ...next,
        kind: kindOf(target.arn),
        arn: target.arn,
        sender,
        eventRule,
        target,
      }));
    }
    case 'lambda':
    case 'other':
      return [];
  }
}
