/** What `destroy` does with redrive policies and failure destinations that s3evt set. */
import { parseFunctionReference } from './arn.ts';
import type { MadeFact } from './made-fact.ts';
import type { Step } from './plan.ts';

/** `gone` are the ids of the steps that delete functions and queues: what is theirs goes with them. */
export function planDeadLetter(
  fact: MadeFact,
  gone: ReadonlySet<string>,
  after: readonly string[],
): readonly Step[] {
  if ((fact.kind !== 'redrive' && fact.kind !== 'on-failure') || fact.now !== 'ours') return [];
  const { deadLetter: deadLetterArn, name } = fact;
  const base = { id: `${fact.kind}-${name}`, change: 'delete', after } as const;
  if (fact.kind === 'redrive') {
    if (gone.has(`queue-${name}`)) return [];
    return [
      {
        ...base,
        title: `Take the redrive policy from queue ${name}`,
        action: { kind: 'remove-redrive', queue: name, deadLetterArn },
      },
    ];
  }
  const { name: functionName = name, qualifier } = parseFunctionReference(name) ?? {};
  if (gone.has(`function-${functionName}`)) return [];
  return [
    {
      ...base,
      title: `Take the failure destination from function ${name}`,
      action: { kind: 'remove-on-failure', destination: { functionName, qualifier, deadLetterArn } },
    },
  ];
}
