import type { Look } from '../../doctor/check.ts';
import type { QueueNode } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';
import type { Reached } from './runs.ts';

/** The queues that hand their messages to the function. */
export function queuesBefore(look: Look, { hops }: Reached): readonly QueueNode[] {
  const mappings = new Set(hops.flatMap(({ mapping }) => mapping?.uuid ?? []));
  const arns = new Set(look.hops.filter(({ kind }) => kind === 'sqs').map(({ arn }) => arn));
  return [...arns].flatMap((arn) => {
    const node = look.facts.queues[arn];
    const leads = (valueOf(node?.mappings) ?? []).some(({ uuid }) => mappings.has(uuid));
    return node && leads ? [node] : [];
  });
}
