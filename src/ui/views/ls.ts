import type { LsResult } from '../../commands/ls.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, filterText, folded, tableOrStack } from './parts.ts';

const COLUMNS = [
  { header: 'RULE' },
  { header: 'BY' },
  { header: 'EVENTS' },
  { header: 'KEYS' },
  { header: 'TO' },
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
  ]);
  if (result.eventBridge) rows.push(['(EventBridge)', 'bucket', 'all', '*', 'the default event bus']);
  return tableOrStack(rows, COLUMNS, options, () =>
    rows.flatMap(([id = '', owner = '', events = '', keys = '', to = '']) => [
      ...folded(`${sanitize(id)} (${owner})`, 0, options),
      ...folded(sanitize(`${events.replaceAll(',', ', ')} ${keys} ${theme.symbols.arrow} ${to}`), 4, options),
    ]),
  );
}
