import type { Fact, FunctionFacts, KeyFacts, QueueFacts, TopicFacts } from './facts.ts';
import type { Destination } from './notification.ts';

/** What AWS says today of one destination of a rule. */
export type DestinationState = FunctionDestination | QueueDestination | TopicDestination;

export interface FunctionDestination {
  readonly kind: 'lambda';
  readonly function: Fact<FunctionFacts>;
  /** The version or alias that the rule names; undefined when it names none. */
  readonly qualified: Fact<FunctionFacts> | undefined;
  /** Text of the resource-based policy of that version or alias, else of the function. */
  readonly policy: Fact<string>;
}

export interface QueueDestination {
  readonly kind: 'sqs';
  readonly queue: Fact<QueueState>;
  /** The key that encrypts it; undefined without one. */
  readonly key: Fact<KeyFacts> | undefined;
}

export interface TopicDestination {
  readonly kind: 'sns';
  readonly topic: Fact<TopicState>;
  readonly key: Fact<KeyFacts> | undefined;
}

export interface QueueState extends Omit<QueueFacts, 'tags'> {
  /** About how many messages wait, and how many were handed out and are not deleted yet. */
  readonly waiting: number;
  readonly inFlight: number;
}

export type TopicState = Omit<TopicFacts, 'tags'>;

/** By the ARNs of rules. What was not looked at is not in it. */
export type DestinationStates = ReadonlyMap<Destination['arn'], DestinationState>;
