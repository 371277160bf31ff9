import type { ApplyResult, DiffResult, FileChanges } from '../../commands/apply.ts';
import type { RuleReport } from '../../core/plan.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { countSteps, destinationText, filterText, folded } from './parts.ts';

/** One line for each difference, marked as in a unified diff: the file is the right side. */
export function viewDiff(result: DiffResult, options: ViewOptions): readonly string[] {
  const { theme, plain } = options;
  const lines = changeLines(result, options);
  if (plain) return lines;
  const bucket = theme.strong(sanitize(result.bucket));
  if (lines.length === 0)
    return [`${theme.good(theme.symbols.done)} ${bucket} is as the file says`, ...beside(result, options)];
  return [
    `${bucket} differs from the file:`,
    ...lines.map((line) => `  ${line}`),
    ...beside(result, options),
  ];
}

export function viewApply(result: ApplyResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { applied, planned } = countSteps(result.steps);
  const outcome = applied > 0 ? 'is as the file says' : planned > 0 ? 'would change' : 'unchanged';
  const mark = planned > 0 ? theme.symbols.bullet : theme.good(theme.symbols.done);
  return [`${mark} ${theme.strong(sanitize(result.bucket))} ${outcome}`, ...beside(result, options)];
}

function changeLines(changes: FileChanges, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const minus = (rule: RuleReport) => theme.bad(`- ${ruleText(rule, options)}`);
  const plus = (rule: RuleReport) => theme.good(`+ ${ruleText(rule, options)}`);
  return [
    ...changes.removed.map(minus),
    ...changes.changed.flatMap(({ before, after }) => [minus(before), plus(after)]),
    ...changes.added.map(plus),
    ...(changes.eventBridge === 'enabled' ? [theme.good('+ EventBridge')] : []),
    ...(changes.eventBridge === 'disabled' ? [theme.bad('- EventBridge')] : []),
  ];
}

function ruleText(rule: RuleReport, { theme, plain }: ViewOptions): string {
  const to = plain ? sanitize(rule.destination.arn) : destinationText(rule.destination);
  const events = rule.events.map(sanitize).join(', ');
  return `${sanitize(rule.id)}: ${events} ${filterText(rule)} ${plain ? '->' : theme.symbols.arrow} ${to}`;
}

function beside({ beside: ids }: FileChanges, options: ViewOptions): readonly string[] {
  if (ids.length === 0 || options.plain) return [];
  return folded(
    `${ids.length === 1 ? 'One rule' : `${ids.length} rules`} that the file does not name stay${ids.length === 1 ? 's' : ''}: ${ids.map(sanitize).join(', ')} (--prune removes)`,
    2,
    options,
  );
}
