import type { TailItem, TailResult } from '../../commands/tail.ts';
import { formatBytes, formatDuration } from '../../core/duration.ts';
import { sanitize, sanitizeBlock } from '../sanitize.ts';
import type { ShownItem, ViewOptions } from '../view-options.ts';

const STATES = {
  'waiting-for-group': 'does not exist yet; waiting: Lambda makes it when the function first runs',
  'no-group': 'does not exist: Lambda makes it when the function first runs',
  following: 'following; Ctrl-C ends',
  throttled: 'AWS throttles the reading of logs; going on more slowly',
} as const;

export function viewTailItem(item: TailItem, options: ViewOptions): ShownItem {
  switch (item.type) {
    case 'record':
      return { stdout: marked([recordLine(item, options)], item, options) };
    case 'log':
      return { stdout: marked(logLines(item, options), item, options) };
    case 'report':
      return { stdout: marked([reportLine(item, options)], item, options) };
    case 'state':
      return { stderr: [`${sanitize(item.logGroup)}: ${STATES[item.state]}`] };
    case 'warning':
      return { stderr: [`warning: ${sanitize(item.message)}`] };
  }
}

/** With the function's name before each line, where several logs are followed. */
function marked(
  lines: readonly string[],
  item: { readonly function?: string },
  { theme }: ViewOptions,
): readonly string[] {
  const { function: name } = item;
  return name === undefined ? lines : lines.map((line) => `${theme.accent(sanitize(name))}  ${line}`);
}

/** A stream ends without a summary. */
export function viewTail(_result: TailResult): readonly string[] {
  return [];
}

/** `15:04:05.123  ObjectCreated:Put  bucket/key  1.2 KB  2 s old`. */
export function recordLine(
  { time, record }: Pick<Extract<TailItem, { type: 'record' }>, 'time' | 'record'>,
  { theme, now }: ViewOptions,
): string {
  const size = record.size === null ? '' : `  ${formatBytes(record.size)}`;
  const event = record.eventTime === null ? Number.NaN : Date.parse(record.eventTime);
  const age =
    Number.isNaN(event) || now < event ? '' : `  ${theme.dim(`${formatDuration(rounded(now - event))} old`)}`;
  const name = theme.key(sanitize(`${record.bucket}/${record.key}`));
  return `${theme.dim(clock(time))}  ${theme.good(sanitize(record.eventName))}  ${name}${size}${age}`;
}

/** An age is read at a glance: nobody wants its milliseconds after the first second. */
function rounded(ms: number): number {
  return ms < 1_000 ? ms : Math.round(ms / 1_000) * 1_000;
}

function logLines(item: Extract<TailItem, { type: 'log' }>, { theme }: ViewOptions): readonly string[] {
  const style = item.error === null ? plain : theme.bad;
  const text = sanitizeBlock(item.message);
  const time = theme.dim(clock(item.time));
  if (!text.includes('\n')) return [`${time}  ${style(text)}`];
  const [first = '', ...more] = text.split('\n');
  return [`${time}  ${style(first)}`, ...more.map((line) => `              ${style(line)}`)];
}

const plain = (text: string): string => text;

function reportLine(
  { time, requestId, report }: Extract<TailItem, { type: 'report' }>,
  { theme }: ViewOptions,
): string {
  const init = report.initMs === null ? '' : `, init ${report.initMs} ms`;
  const facts = `${report.durationMs} ms${init}, ${report.maxMemoryMb} of ${report.memoryMb} MB`;
  const text = `invocation ${sanitize(requestId ?? '')} ${report.status}: ${facts}`;
  return `${theme.dim(clock(time))}  ${report.status === 'ok' ? theme.dim(text) : theme.bad(text)}`;
}

/** Time of day, UTC, to the millisecond: what log lines are compared by. */
export function clock(iso: string): string {
  return iso.slice(11, 23);
}
