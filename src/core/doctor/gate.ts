import type { Look } from './check.ts';
import { valueOf, type Reading } from './reading.ts';
import type { Hop } from './routes.ts';

/** What guards a destination: its resource-based policy, and the action that a delivery needs. Nothing is noted as unread. */
export interface Gate {
  readonly reading: Reading<unknown>;
  /** JSON text; undefined without one, and when it was not read. */
  readonly policy: string | undefined;
  readonly action: string;
}

/** The facts that it looks at. */
export const GATE_FACTS = ['functions.policy', 'queues.attributes', 'topics.attributes'] as const;

export function gateOf({ facts }: Pick<Look, 'facts'>, { kind, arn }: Hop): Gate | undefined {
  if (kind === 'lambda') {
    const reading = facts.functions[arn]?.policy;
    return reading && { reading, policy: valueOf(reading), action: 'lambda:InvokeFunction' };
  }
  if (kind !== 'sqs' && kind !== 'sns') return undefined;
  const reading: Reading<{ readonly policy?: string | undefined }> | undefined =
    kind === 'sqs' ? facts.queues[arn]?.attributes : facts.topics[arn]?.attributes;
  const action = kind === 'sqs' ? 'sqs:SendMessage' : 'sns:Publish';
  return reading && { reading, policy: valueOf(reading)?.policy, action };
}
