import type { DesiredRules } from '../core/init-plan.ts';
import type { InitAnswers, InitInput } from './init.ts';
import { ruleFlags } from './init-rules.ts';

const DESTINATION_FLAGS = { lambda: '--function', sqs: '--queue', sns: '--topic' } as const;

/** The flags of the call that says without questions what was asked or given. */
export function equivalentFlags(
  input: InitInput,
  answers: InitAnswers,
  rules: DesiredRules['rules'],
): readonly string[] {
  const { kind, reference } = answers.destination;
  const flags: string[] =
    kind === 'eventbridge' ? [...eventBridgeFlags(answers)] : [DESTINATION_FLAGS[kind], reference];
  if (input.runtime !== undefined) flags.push('--runtime', input.runtime);
  flags.push(...ruleFlags(rules));
  if (input.roleArn !== undefined) flags.push('--role-arn', input.roleArn);
  if (input.allowKey) flags.push('--allow-key');
  if (input.deadLetter === true) flags.push('--dead-letter');
  else if (input.deadLetter !== undefined) flags.push('--dead-letter', input.deadLetter);
  if (input.versioning === true) flags.push('--versioning');
  if (!input.save) flags.push('--no-save');
  return flags;
}

function eventBridgeFlags({
  destination,
  eventTarget,
  events,
  prefix,
  suffixes,
}: InitAnswers): readonly string[] {
  const flags = ['--destination', 'eventbridge'];
  if (destination.reference === '') return flags;
  flags.push('--event-rule', destination.reference);
  if (eventTarget !== undefined) flags.push('--target', eventTarget);
  flags.push(...events.flatMap((event) => ['--event', event]));
  if (prefix !== '') flags.push('--prefix', prefix);
  if (suffixes.length > 0) flags.push('--suffix', suffixes.join(','));
  return flags;
}
