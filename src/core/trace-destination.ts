/** Who gets an event behind the destination that S3 sends it to: mappings, subscriptions and targets, as the reads found them. */
import { parseArn, parseFunctionReference } from './arn.ts';
import { compileEventPattern, matchesEventPattern } from './event-pattern.ts';
import type { DestinationKind } from './notification.ts';

/** A destination as a delivery names it; EventBridge is its default event bus. */
export interface DeliveryDestination {
  readonly kind: DestinationKind;
  readonly arn: string;
}

/** One that gets the event in the end, and the ARNs of what passes it on after the destination itself. */
export interface Consumer {
  readonly kind: 'lambda' | 'sqs';
  readonly arn: string;
  readonly through: readonly string[];
}

export interface Consumers {
  /** Functions, and queues that no function reads. */
  readonly found: readonly Consumer[];
  /** Whole clauses: what stands in the way of looking, or takes the event where nobody can look. */
  readonly notes: readonly string[];
}

/** An event source mapping. */
export interface MappingFacts {
  readonly functionArn: string;
  /** Creating, Enabling, Enabled, Disabling, Disabled, Updating, Deleting. */
  readonly state: string;
}

/** The functions that read a queue. A mapping that is switched off reads nothing. */
export function readersOf(queueArn: string, mappings: readonly MappingFacts[]): Consumers {
  const reads = (state: string) => !['Disabled', 'Disabling', 'Deleting'].includes(state);
  const found = mappings
    .filter(({ state }) => reads(state))
    .map(({ functionArn }): Consumer => ({ kind: 'lambda', arn: functionArn, through: [queueArn] }));
  const notes = mappings
    .filter(({ state }) => !reads(state))
    .map(({ functionArn, state }) => `the event source mapping of ${nameOf(functionArn)} is ${state}`);
  return { found, notes };
}

export interface SubscriptionFacts {
  readonly protocol: string;
  readonly endpoint: string;
  /** False while it waits for its confirmation. */
  readonly confirmed: boolean;
}

/** The functions and queues that a topic sends to, in this Region. */
export function subscribersOf(topicArn: string, subscriptions: readonly SubscriptionFacts[]): Consumers {
  const region = parseArn(topicArn)?.region;
  const found: Consumer[] = [];
  const notes: string[] = [];
  for (const { protocol, endpoint, confirmed } of subscriptions) {
    const kind = protocol === 'lambda' || protocol === 'sqs' ? protocol : undefined;
    if (!confirmed) notes.push(`the ${protocol} subscription of ${endpoint} is not confirmed`);
    else if (kind === undefined) notes.push(`${protocol} subscribers of ${nameOf(topicArn)} are not watched`);
    else if (parseArn(endpoint)?.region !== region) notes.push(`${endpoint} is in another Region`);
    else found.push({ kind, arn: endpoint, through: [topicArn] });
  }
  return { found, notes: [...new Set(notes)] };
}

/** A rule on the event bus. */
export interface BusRuleFacts {
  readonly name: string;
  readonly arn: string;
  /** JSON text; undefined for a schedule. */
  readonly pattern: string | undefined;
  readonly enabled: boolean;
}

/** The enabled rules whose pattern takes the event. A pattern that cannot be read takes none. */
export function busRulesFor(
  rules: readonly BusRuleFacts[],
  event: Readonly<Record<string, unknown>>,
): readonly BusRuleFacts[] {
  return rules.filter(({ pattern, enabled }) => {
    if (!enabled || pattern === undefined) return false;
    const compiled = compileEventPattern(pattern);
    return compiled.ok && matchesEventPattern(compiled.pattern, event);
  });
}

/** The functions and queues among a rule's targets; a topic is followed to its subscribers by whoever reads them. */
export function targetsOf(
  rule: BusRuleFacts,
  targetArns: readonly string[],
): { readonly consumers: Consumers; readonly topics: readonly string[] } {
  const found: Consumer[] = [];
  const topics: string[] = [];
  const notes: string[] = [];
  for (const arn of targetArns) {
    const service = parseArn(arn)?.service;
    if (service === 'lambda' || service === 'sqs') found.push({ kind: service, arn, through: [rule.arn] });
    else if (service === 'sns') topics.push(arn);
    else notes.push(`the ${service ?? 'unknown'} target of ${rule.name} is not watched`);
  }
  return { consumers: { found, notes }, topics };
}

/** Consumers one step further along: whatever was found behind `by` came through it too. */
export function behind(by: Consumer | readonly string[], inner: Consumers): Consumers {
  const before = 'through' in by ? by.through : by;
  return {
    ...inner,
    found: inner.found.map((consumer) => ({ ...consumer, through: [...before, ...consumer.through] })),
  };
}

/** Each consumer once: two ways to one function are followed in one log. */
export function together(parts: readonly Consumers[]): Consumers {
  const found = new Map(parts.flatMap((part) => part.found).map((consumer) => [consumer.arn, consumer]));
  return { found: [...found.values()], notes: [...new Set(parts.flatMap(({ notes }) => notes))] };
}

export function nameOf(arn: string): string {
  return parseFunctionReference(arn)?.name ?? parseArn(arn)?.resource.split('/').at(-1) ?? arn;
}
