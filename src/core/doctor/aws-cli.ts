/** An SDK call as a command of the AWS CLI: complete, to be copied as it is. */
import { shellCommand } from '../shell.ts';
import type { FixAction, FixService } from './finding.ts';

const COMMANDS: Readonly<Record<FixService, string>> = {
  lambda: 'lambda',
  sqs: 'sqs',
  sns: 'sns',
  events: 'events',
  kms: 'kms',
  iam: 'iam',
  s3: 's3api',
  logs: 'logs',
};

/** `flags`: those of the AWS CLI that lead it to the same place. */
export function awsCliCommand(
  { service, operation, input }: Extract<FixAction, { readonly kind: 'call' }>,
  flags: readonly string[],
): string {
  const words = Object.entries(input).flatMap(([member, value]) => option(member, value));
  return shellCommand(['aws', COMMANDS[service], kebab(operation), ...words, ...flags]);
}

function option(member: string, value: unknown): readonly string[] {
  const name = kebab(member);
  if (value === undefined) return [];
  if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
  return [`--${name}`, typeof value === 'string' ? value : JSON.stringify(value)];
}

/** `UpdateEventSourceMapping` -> `update-event-source-mapping`, `KMSKeyArn` -> `kms-key-arn`, `UUID` -> `uuid`. */
function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}
