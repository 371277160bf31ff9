/** What guards a destination: its resource-based policy, and the action that a delivery needs. */
import { DELIVERY_ACTIONS } from '../s3-access.ts';
import type { Look } from './check.ts';
import { isAbsent, valueOf, type Reading } from './reading.ts';
import type { Hop } from './routes.ts';

export interface Gate {
  readonly reading: Reading<unknown>;
  /** JSON text; undefined without one, and when it was not read. */
  readonly policy: string | undefined;
  readonly action: string;
}

/** The facts that `gateOf` looks at. */
export const GATE_FACTS = ['functions.policy', 'queues.attributes', 'topics.attributes'] as const;

/** Whether it was read or not: nothing is noted as unread. Undefined for what has none, and for what was not looked at. */
export function gateOf(
  { facts }: Pick<Look, 'facts'>,
  { kind, arn }: Pick<Hop, 'kind' | 'arn'>,
): Gate | undefined {
  if (kind === 'event-rule' || kind === 'other') return undefined;
  const action = DELIVERY_ACTIONS[kind];
  if (kind === 'lambda') {
    const reading = facts.functions[arn]?.policy;
    return reading && { reading, policy: valueOf(reading), action };
  }
  const reading: Reading<{ readonly policy?: string | undefined }> | undefined =
    kind === 'sqs' ? facts.queues[arn]?.attributes : facts.topics[arn]?.attributes;
  return reading && { reading, policy: valueOf(reading)?.policy, action };
}

/** Only one that is known to be as it says, its absence included; `value` notes what could not be read. */
export function knownGate(
  { facts }: Pick<Look, 'facts'>,
  hop: Pick<Hop, 'kind' | 'arn'>,
  value: Look['value'],
): Gate | undefined {
  const gate = gateOf({ facts }, hop);
  if (!gate) return undefined;
  if (hop.kind !== 'lambda') return value(gate.reading) === undefined ? undefined : gate;
  const node = facts.functions[hop.arn];
  // What is not there needs no permission, and GetPolicy answers the same for both.
  if (!node || isAbsent(node.configuration) || isAbsent(node.qualified)) return undefined;
  if (value(gate.reading) !== undefined) return gate;
  // Without a look at the function itself an absent policy proves nothing.
  return isAbsent(gate.reading) && value(node.configuration) !== undefined ? gate : undefined;
}
