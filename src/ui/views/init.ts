import type { InitResult } from '../../commands/init.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { countSteps, destinationText, filterText, folded } from './parts.ts';
import { viewUpload } from './test-upload.ts';
import { viewVerdict } from './verdict.ts';

export function viewInit(result: InitResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { applied, planned } = countSteps(result.steps);
  const outcome = applied > 0 ? 'set up' : planned > 0 ? 'planned' : 'unchanged';
  const mark = planned > 0 ? theme.symbols.bullet : theme.good(theme.symbols.done);
  const lines = [`${mark} ${theme.strong(sanitize(result.bucket))} ${outcome}`];
  for (const rule of result.rules) {
    const events = rule.events.map(sanitize).join(', ');
    const to = `${theme.symbols.arrow} ${destinationText(rule.destination)}`;
    lines.push(...folded(`${sanitize(rule.id)}: ${events} ${filterText(rule)} ${to}`, 2, options));
  }
  if (result.eventBridge) lines.push(...folded(eventBridgeText(result.eventBridge, options), 2, options));
  if (planned > 0) return lines;
  if (result.function) lines.push(`  log group ${sanitize(result.function.logGroup)}`);
  if (result.doctor) lines.push(...viewVerdict(result.doctor, options, 'Still in the way'));
  if (result.testUpload)
    return [...lines, '', ...viewUpload(result.testUpload, options), '', ...same(result, options)];
  return [...lines, '', ...next(result, options), ...same(result, options)];
}

function eventBridgeText(
  { rule, target }: NonNullable<InitResult['eventBridge']>,
  { theme }: ViewOptions,
): string {
  const { arrow } = theme.symbols;
  const parts = [
    'EventBridge on',
    ...(rule === null ? [] : [`event rule ${rule}`]),
    ...(target === null ? [] : [target]),
  ];
  return parts.map(sanitize).join(` ${arrow} `);
}

/** Without a project file they would need flags that lead to the same place. */
function next({ projectFile }: InitResult, { theme }: ViewOptions): readonly string[] {
  if (projectFile === null) return [];
  return [`Try it:     ${theme.accent('s3evt test-upload')}`, `Follow it:  ${theme.accent('s3evt tail')}`];
}

function same(
  { equivalentCommand, undoCommand, projectFile }: InitResult,
  { theme }: ViewOptions,
): readonly string[] {
  return [
    `${projectFile === null ? 'Take the rules back' : 'Remove what was made'}:  ${theme.accent(sanitize(undoCommand))}`,
    'The same without questions:',
    `  ${theme.accent(sanitize(equivalentCommand))}`,
  ];
}
