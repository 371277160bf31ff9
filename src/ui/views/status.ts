import type { StatusResult, StatusRule } from '../../commands/status.ts';
import { formatDuration } from '../../core/duration.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, filterText, folded } from './parts.ts';

export function viewStatus(result: StatusResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const lines = [
    `${theme.strong(sanitize(result.bucket))}  ${theme.dim(`account ${result.account}, ${result.region}`)}`,
  ];
  if (result.rules.length === 0) lines.push('  no rules for functions, queues or topics');
  for (const rule of result.rules) lines.push(...ruleLines(rule, options));
  if (result.eventBridge)
    lines.push(`${theme.symbols.bullet} EventBridge receives every event of the bucket`);
  return lines;
}

function ruleLines(rule: StatusRule, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const mark =
    rule.problems.length > 0
      ? theme.bad(theme.symbols.failed)
      : rule.function
        ? theme.good(theme.symbols.done)
        : theme.symbols.bullet;
  const owner = rule.owner === 's3evt' ? '' : theme.dim(' (not made by s3evt)');
  const events = rule.events.map(sanitize).join(', ');
  const to = `${theme.symbols.arrow} ${destinationText(rule.destination)}`;
  const lines = [
    `${mark} ${sanitize(rule.id)}${owner}`,
    ...folded(`${events} ${filterText(rule)} ${to}`, 4, options),
  ];
  if (rule.function) {
    const { state, runtime, logGroup } = rule.function;
    const facts = [
      sanitize(state ?? 'state unknown'),
      sanitize(runtime ?? 'container image'),
      `permission ${rule.permission ?? 'unknown'}`,
      sanitize(logGroup),
    ];
    lines.push(...folded(facts.join(', '), 4, options));
  }
  for (const problem of rule.problems) lines.push(...folded(sanitize(problem), 4, options).map(theme.bad));
  return [...lines, ...eventLines(rule, options)];
}

function eventLines(rule: StatusRule, { theme, now }: ViewOptions): readonly string[] {
  if (rule.destination.kind !== 'lambda') return [];
  if (rule.lastEvents === null) return [`    ${theme.dim('last events unknown: the log cannot be read')}`];
  if (rule.lastEvents.length === 0) return [`    ${theme.dim('no event printed in the last 24 hours')}`];
  return rule.lastEvents.map(({ at, eventName, key }) => {
    const age = Math.max(0, Math.round((now - Date.parse(at)) / 1_000)) * 1_000;
    return `    ${theme.dim(`${formatDuration(age)} ago`)}  ${sanitize(eventName)}  ${theme.key(sanitize(key))}`;
  });
}
