import { parseFunctionReference } from '../core/arn.ts';
import type { Rule } from '../core/notification.ts';
import type { Aws } from './clients.ts';
import { readQueue, readTopic } from './read-destinations.ts';
import { readFunctionPolicy } from './read-facts.ts';

/**
 * Texts of the resource-based policies behind rules, by the destination's ARN, each read once: undefined where there is none,
 * no entry where it may not be read.
 */
export async function readPolicies(
  rules: readonly Rule[],
  aws: Aws,
): Promise<ReadonlyMap<string, string | undefined>> {
  const destinations = new Map(rules.map(({ destination }) => [destination.arn, destination.kind]));
  const policies = new Map<string, string | undefined>();
  await Promise.all(
    [...destinations].map(async ([arn, kind]) => {
      if (kind === 'lambda') {
        const reference = parseFunctionReference(arn);
        const fact = reference && (await readFunctionPolicy(aws, reference.name, reference.qualifier));
        if (fact?.state === 'known') policies.set(arn, fact.value);
        // Lambda answers the same for a function that is not there: then the permission's own error says so.
        else if (fact?.state === 'absent') policies.set(arn, undefined);
        return;
      }
      const fact = kind === 'sqs' ? await readQueue(aws, arn) : await readTopic(aws, arn);
      if (fact.state === 'known') policies.set(arn, fact.value.policy);
    }),
  );
  return policies;
}
