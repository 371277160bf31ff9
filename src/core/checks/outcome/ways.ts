/** Each way from the bucket to a function by itself: hops say where events pass, these say how often. */
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Look } from '../../doctor/check.ts';
import type { EventRuleNode, MappingNode, SubscriptionNode, TargetNode } from '../../doctor/facts.ts';
import { gateOf, type Gate } from '../../doctor/gate.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { kindOf, type Hop } from '../../doctor/routes.ts';
import type { Rule } from '../../notification.ts';
import { bucketArnFor } from './role.ts';

export type Link =
  | { readonly kind: 'rule'; readonly id: string; readonly rule: Rule }
  | {
      readonly kind: 'target';
      readonly id: string;
      readonly rule: EventRuleNode;
      readonly target: TargetNode;
    }
  | { readonly kind: 'subscription'; readonly id: string; readonly subscription: SubscriptionNode }
  | {
      readonly kind: 'mapping';
      readonly id: string;
      readonly mapping: MappingNode;
      readonly queueArn: string;
    };

export interface Way {
  readonly functionArn: string;
  readonly links: readonly Link[];
  /** Whether events are known to pass all of it; ways that are known to be shut are none. */
  readonly open: boolean;
}

export const WAY_READS = [
  'functions.configuration',
  'functions.policy',
  'queues.attributes',
  'queues.mappings',
  'topics.attributes',
  'topics.subscriptions',
  'bucket.owner',
] as const;

type Health = 'open' | 'shut' | 'unknown';

/** Ways of the rules and event rules in question that are not known to be shut. */
export function waysOf(look: Look): readonly Way[] {
  const ways: Way[] = [];
  const owner = valueOf(look.facts.bucket.owner);
  const follow = (arn: string, sender: Sender | undefined, links: readonly Link[], before: Health): void => {
    const health = worse(before, healthOf(look, arn, sender));
    // More than AWS lets one event take; rings end here.
    if (health === 'shut' || links.length > 6) return;
    const kind = kindOf(arn);
    if (kind === 'lambda') ways.push({ functionArn: arn, links, open: health === 'open' });
    if (kind === 'sqs') {
      for (const mapping of valueOf(look.facts.queues[arn]?.mappings) ?? []) {
        const link: Link = { kind: 'mapping', id: mapping.uuid, mapping, queueArn: arn };
        follow(mapping.functionArn, undefined, [...links, link], worse(health, ofMapping(mapping)));
      }
    }
    if (kind === 'sns') {
      const next: Sender = { service: 'sns.amazonaws.com', sourceArn: arn, sourceAccount: undefined };
      for (const subscription of valueOf(look.facts.topics[arn]?.subscriptions) ?? []) {
        if (kindOf(subscription.endpoint) === 'other') continue;
        const link: Link = { kind: 'subscription', id: `${arn} ${subscription.endpoint}`, subscription };
        follow(subscription.endpoint, next, [...links, link], worse(health, ofSubscription(subscription)));
      }
    }
  };
  for (const rule of look.rules) {
    const { arn } = rule.destination;
    const s3: Sender = {
      service: 's3.amazonaws.com',
      sourceArn: bucketArnFor(look, arn),
      sourceAccount: owner,
    };
    follow(arn, s3, [{ kind: 'rule', id: `rule ${rule.id}`, rule }], 'open');
  }
  for (const { eventRule } of look.hops) {
    if (
      !eventRule ||
      ways.some(({ links }) => links[0]?.kind === 'target' && links[0].rule.arn === eventRule.arn)
    )
      continue;
    if (eventRule.state === 'DISABLED' || eventRule.bus !== 'default') continue;
    const events: Sender = {
      service: 'events.amazonaws.com',
      sourceArn: eventRule.arn,
      sourceAccount: undefined,
    };
    for (const target of valueOf(eventRule.targets) ?? []) {
      const link: Link = { kind: 'target', id: `${eventRule.arn} ${target.id}`, rule: eventRule, target };
      follow(target.arn, events, [link], 'open');
    }
  }
  return ways;
}

function worse(a: Health, b: Health): Health {
  return a === 'shut' || b === 'shut' ? 'shut' : a === 'unknown' || b === 'unknown' ? 'unknown' : 'open';
}

/** Without a sender Lambda fetches the event by itself, and no policy of the function is asked. */
function healthOf(look: Look, arn: string, sender: Sender | undefined): Health {
  const hop = { kind: kindOf(arn), arn };
  const own = ownHealth(look, hop);
  return sender ? worse(own, admits(gateOf(look, hop), arn, sender)) : own;
}

function ownHealth({ facts }: Look, { kind, arn }: Pick<Hop, 'kind' | 'arn'>): Health {
  switch (kind) {
    case 'lambda': {
      const configuration = facts.functions[arn]?.configuration;
      if (isAbsent(configuration)) return 'shut';
      const state = valueOf(configuration)?.state;
      return state === 'Active' || state === 'Inactive' ? 'open' : 'unknown';
    }
    case 'sqs':
      return valueOf(facts.queues[arn]?.attributes)?.kmsKeyId === undefined ? 'open' : 'unknown';
    case 'sns':
      return valueOf(facts.topics[arn]?.attributes)?.kmsKeyId === undefined ? 'open' : 'unknown';
    case 'event-rule':
    case 'other':
      return 'unknown';
  }
}

function admits(gate: Gate | undefined, arn: string, sender: Sender): Health {
  if (isAbsent(gate?.reading)) return 'shut';
  if (gate?.reading.state !== 'known') return 'unknown';
  const { kind } = admission(gate.policy, gate.action, arn, sender);
  if (kind === 'allowed') return 'open';
  return kind === 'undecided' || kind === 'unreadable' ? 'unknown' : 'shut';
}

function ofMapping({ state, filters }: MappingNode): Health {
  if (['Disabled', 'Disabling', 'Deleting'].includes(state)) return 'shut';
  return state === 'Enabled' && filters.length === 0 ? 'open' : 'unknown';
}

function ofSubscription({ arn, attributes }: SubscriptionNode): Health {
  if (arn === undefined) return 'shut';
  const known = valueOf(attributes);
  return known && known.filterPolicy === undefined ? 'open' : 'unknown';
}

/** Says which policies on the way could not be read. */
export function noteUnread(look: Look, { links }: Way): void {
  const { functions, queues, topics } = look.facts;
  for (const arn of links.map(endOf)) {
    look.value(functions[arn]?.policy);
    look.value(queues[arn]?.attributes);
    look.value(topics[arn]?.attributes);
  }
}

function endOf(link: Link): string {
  switch (link.kind) {
    case 'rule':
      return link.rule.destination.arn;
    case 'target':
      return link.target.arn;
    case 'subscription':
      return link.subscription.endpoint;
    case 'mapping':
      return link.mapping.functionArn;
  }
}
