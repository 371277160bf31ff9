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
      : rule.state === 'ok'
        ? theme.good(theme.symbols.done)
        : theme.symbols.bullet;
  const events = rule.events.map(sanitize).join(', ');
  const to = `${theme.symbols.arrow} ${destinationText(rule.destination)}`;
  return [
    `${mark} ${sanitize(rule.id)}${theme.dim(ownerText(rule))}`,
    ...folded(`${events} ${filterText(rule)} ${to}`, 4, options),
    ...factLines(rule, options),
    ...rule.problems.flatMap((problem) => folded(sanitize(problem), 4, options).map(theme.bad)),
    // Whole, so that they can be copied: a folded command is none.
    ...rule.fixes.map((command) => `    ${theme.accent(sanitize(command))}`),
    ...eventLines(rule, options),
  ];
}

function ownerText({ owner }: StatusRule): string {
  if (owner === 's3evt') return '';
  return owner === 'others' ? ' (not made by s3evt)' : ` (made by ${owner})`;
}

function factLines(rule: StatusRule, options: ViewOptions): readonly string[] {
  const { function: fn, queue, topic } = rule;
  const permission = `permission ${rule.permission}`;
  if (fn) {
    const facts = [fn.state ?? 'state unknown', fn.runtime ?? 'container image', permission, fn.logGroup];
    return folded(facts.map(sanitize).join(', '), 4, options);
  }
  if (queue) {
    const { waiting, inFlight, deadLetters, readBy } = queue;
    const facts = [permission, `${waiting} waiting`, `${inFlight} in flight`];
    if (deadLetters)
      facts.push(`${deadLetters.waiting ?? 'unknown'} dead letters in ${last(deadLetters.arn)}`);
    const readers = readBy?.map((one) => `read by function ${last(one.function)} (${one.state})`);
    return [facts, ...(readers ?? ['readers unknown']).map((line) => [line])].flatMap((line) =>
      folded(sanitize(line.join(', ')), 4, options),
    );
  }
  if (topic) {
    const lines = topic.subscriptions?.map(
      ({ protocol, endpoint, confirmed }) =>
        `${options.theme.symbols.arrow} ${protocol} ${endpoint} (${confirmed ? 'confirmed' : 'pending'})`,
    ) ?? ['subscriptions unknown'];
    return [permission, ...lines].flatMap((line) => folded(sanitize(line), 4, options));
  }
  return [];
}

/** The name within an ARN. */
function last(arn: string): string {
  return arn.replace(/^arn:[^:]+:lambda:[^:]*:[^:]*:function:/, '').replace(/^arn:.*:/, '');
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
