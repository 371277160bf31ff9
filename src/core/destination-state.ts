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

/**
 * Texts of the resource-based policies by the destination's ARN: undefined where there is none, no entry where it may not be read. Lambda
 * answers the same for a function that is not there.
 */
export function policiesOf(states: DestinationStates): ReadonlyMap<string, string | undefined> {
  const policies = new Map<string, string | undefined>();
  for (const [arn, state] of states) {
    if (state.kind === 'lambda') {
      if (state.policy.state === 'known') policies.set(arn, state.policy.value);
      else if (state.policy.state === 'absent') policies.set(arn, undefined);
      continue;
    }
    const facts: Fact<Pick<QueueState | TopicState, 'policy'>> =
      state.kind === 'sqs' ? state.queue : state.topic;
    if (facts.state === 'known') policies.set(arn, facts.value.policy);
  }
  return policies;
}
