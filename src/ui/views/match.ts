import type { MatchResult } from '../../commands/match.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, folded } from './parts.ts';

/** In a pipe one line for each rule: `match` or the reason, the rule, and where it leads or why not. */
export function viewMatch(result: MatchResult, options: ViewOptions): readonly string[] {
  const { theme, plain } = options;
  if (plain) {
    return [
      ...result.matches.map(({ ruleId, destination }) =>
        ['match', sanitize(ruleId), sanitize(destination?.arn ?? '')].join('\t'),
      ),
      ...result.misses.map(({ ruleId, reason, detail }) =>
        [reason, sanitize(ruleId), sanitize(detail)].join('\t'),
      ),
    ];
  }
  const what = `${theme.key(sanitize(result.key))}${result.event === null ? '' : ` ${sanitize(result.event)}`}`;
  const count = result.matches.length;
  const verdict =
    count === 0
      ? theme.bad('no rule takes it')
      : theme.good(count === 1 ? 'one rule takes it' : `${count} rules take it`);
  const lines = [`${what}: ${verdict}`];
  for (const { ruleId, destination, events } of result.matches) {
    const to = destination === null ? '' : ` ${theme.symbols.arrow} ${destinationText(destination)}`;
    const on = result.event === null ? ` (${events.map(sanitize).join(', ')})` : '';
    lines.push(...folded(`${theme.symbols.done} ${sanitize(ruleId)}${to}${on}`, 2, options));
  }
  for (const { ruleId, detail } of result.misses) {
    lines.push(...folded(`${theme.symbols.failed} ${sanitize(ruleId)}: ${sanitize(detail)}`, 2, options));
  }
  if (result.eventBridge === true) {
    lines.push(
      ...folded(
        `${theme.symbols.bullet} EventBridge gets every event of the bucket, whatever the rules say`,
        2,
        options,
      ),
    );
  }
  return lines;
}
