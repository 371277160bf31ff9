import { parseFunctionReference, type FunctionReference } from './arn.ts';
import type { Destination } from './notification.ts';

export const DESTINATION_NOUNS = { lambda: 'function', sqs: 'queue', sns: 'topic' } as const;

/** `function thumbs:live`, `queue jobs`: how messages call a destination; the whole ARN stands beside it. */
export function shortName({ kind, arn }: Destination): string {
  if (kind !== 'lambda') return `${DESTINATION_NOUNS[kind]} ${arn.split(':').at(-1) ?? arn}`;
  const { name, qualifier } = readFunctionArn(arn);
  return `function ${qualifier === undefined ? name : `${name}:${qualifier}`}`;
}

/** The parts of a function's ARN. `$LATEST` counts as no qualifier: it has neither a policy nor a version of its own. */
export function readFunctionArn(arn: string): Pick<FunctionReference, 'name' | 'qualifier'> {
  const reference = parseFunctionReference(arn);
  if (!reference) return { name: arn, qualifier: undefined };
  const { name, qualifier } = reference;
  return { name, qualifier: qualifier === '$LATEST' ? undefined : qualifier };
}
