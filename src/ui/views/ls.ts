import type { LsResult, ListedRule } from '../../commands/ls.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, filterText, folded, tableOrStack } from './parts.ts';

const COLUMNS = [
  { header: 'RULE' },
  { header: 'BY' },
  { header: 'EVENTS' },
  { header: 'KEYS' },
  { header: 'TO' },
  { header: 'STATE' },
];

export function viewLs(result: LsResult, options: ViewOptions): readonly string[] {
  const { theme, plain } = options;
  if (result.rules.length === 0 && !result.eventBridge)
    return plain ? [] : [`${sanitize(result.bucket)} has no rules.`];
  const rows = result.rules.map((rule) => [
    rule.id,
    rule.owner,
    rule.events.map((event) => event.replace(/^s3:/, '')).join(','),
    filterText(rule),
    plain ? rule.destination.arn : destinationText(rule.destination),
    stateText(rule),
  ]);
  if (result.eventBridge) rows.push(['(EventBridge)', 'bucket', 'all', '*', 'the default event bus', 'ok']);
  const lines = tableOrStack(rows, COLUMNS, options, () =>
    rows.flatMap(([id = '', owner = '', events = '', keys = '', to = '', state = '']) => [
      ...folded(`${sanitize(id)} (${owner}) ${state}`, 0, options),
      ...folded(sanitize(`${events.replaceAll(',', ', ')} ${keys} ${theme.symbols.arrow} ${to}`), 4, options),
    ]),
  );
  return plain ? lines : [...lines, ...result.rules.flatMap((rule) => problemLines(rule, options))];
}

function stateText({ state }: ListedRule): string {
  return state === 'denied' ? 'denied to S3' : state;
}

/** Below the table, where there is room for sentences. */
function problemLines(rule: ListedRule, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const bad = rule.state !== 'ok' && rule.state !== 'unknown';
  return rule.problems
    .flatMap((problem) => folded(sanitize(`${rule.id}: ${problem}`), 0, options))
    .map((line) => (bad ? theme.bad(line) : line));
}
