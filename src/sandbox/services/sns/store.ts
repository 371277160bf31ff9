/** Topics and subscriptions in memory, and how requests name them. */
import type { SandboxEnv } from '../../env.ts';
import type { RequestContext } from '../../wire/types.ts';
import { readToken, writeToken } from '../page-token.ts';
import { invalidParameter, subscriptionNotFound, topicNotFound } from './errors.ts';
import type { FilterPolicy } from './filter-policy.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly isFifo: boolean;
  /** Those that were set, and the policy. */
  readonly attributes: Map<string, string>;
  readonly tags: Map<string, string>;
  /** FIFO: what was published in the last five minutes, by deduplication id. */
  readonly recentlyPublished: Map<string, { readonly published: Published; readonly at: number }>;
  deletedSubscriptions: number;
}

export interface Published {
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly region: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** Those that were set. */
  readonly attributes: Map<string, string>;
  /** What its owner sends back to confirm it. */
  readonly token: string;
  isConfirmed: boolean;
  /** The attribute FilterPolicy, ready for matching. */
  filter: FilterPolicy | undefined;
}

export interface SnsStore {
  readonly topics: Map<string, Topic>;
  readonly subscriptions: Map<string, Subscription>;
  /** Throws SNS's errors. A topic is found only in its own region. */
  requireTopic(ctx: RequestContext, arn: string | undefined): Topic;
  requireSubscription(ctx: RequestContext, arn: string | undefined): Subscription;
  subscriptionsOf(topic: Topic): readonly Subscription[];
  reset(): void;
}

export function createSnsStore(): SnsStore {
  const topics = new Map<string, Topic>();
  const subscriptions = new Map<string, Subscription>();
  return {
    topics,
    subscriptions,
    requireTopic(ctx, arn) {
      checkArn(arn, 'TopicArn');
      if (arn?.split(':')[3] !== ctx.region) throw invalidParameter('TopicArn');
      const topic = topics.get(arn);
      if (!topic) throw topicNotFound();
      return topic;
    },
    requireSubscription(ctx, arn) {
      checkArn(arn, 'SubscriptionArn');
      const subscription = subscriptions.get(arn ?? '');
      if (subscription?.region !== ctx.region) throw subscriptionNotFound();
      return subscription;
    },
    subscriptionsOf: (topic) => [...subscriptions.values()].filter(({ topicArn }) => topicArn === topic.arn),
    reset() {
      topics.clear();
      subscriptions.clear();
    },
  };
}

export function checkArn(arn: string | undefined, parameter: string): void {
  const elements = (arn ?? '').split(':').length;
  if (elements < 6 || !arn?.startsWith('arn:')) {
    throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${elements}`);
  }
}

const PAGE_SIZE = 100;

/** SNS's pages hold 100 items; a token expires after a day. */
export function pageOf<T>(
  env: SandboxEnv,
  operation: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  token: string | undefined,
): { page: T[]; paging: { NextToken?: string } } {
  const now = env.clock.now();
  const after = token === undefined ? undefined : readToken(operation, '', now, token);
  if (token !== undefined && !after) throw invalidParameter('NextToken');
  const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after ? sorted.filter((item) => keyOf(item) > String(after[0])) : sorted;
  const page = rest.slice(0, PAGE_SIZE);
  const last = page.at(-1);
  const hasMore = last !== undefined && rest.length > page.length;
  return { page, paging: hasMore ? { NextToken: writeToken(operation, '', now, [keyOf(last)]) } : {} };
}
