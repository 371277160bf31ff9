import type { WatchItem, WatchResult } from '../../commands/watch.ts';
import { sanitize } from '../sanitize.ts';
import type { ShownItem, ViewOptions } from '../view-options.ts';
import { clock, recordLine } from './tail.ts';

const MARKS = { duplicate: 'duplicate', 'out-of-order': 'older than one before' } as const;

const ENDS = {
  limit: 'that many events were seen',
  timeout: 'the time is up',
  expired: 'its lifetime is over; --ttl gives it more',
  interrupted: 'interrupted',
} as const;

export function viewWatchItem(item: WatchItem, options: ViewOptions): ShownItem {
  const { theme } = options;
  switch (item.type) {
    case 'event': {
      const mark = item.mark === null ? '' : `  ${theme.warn(MARKS[item.mark])}`;
      return { stdout: [`${recordLine(item, options)}${mark}`] };
    }
    case 'forwarded': {
      const good = item.status !== null && item.status >= 200 && item.status < 300;
      const text =
        item.status === null ? `not forwarded: ${sanitize(item.error ?? '')}` : `forwarded: ${item.status}`;
      return { stdout: [`${theme.dim(clock(item.time))}  ${good ? theme.dim(text) : theme.bad(text)}`] };
    }
    case 'output': {
      const text = sanitize(item.text);
      return item.stream === 'stdout' ? { stdout: [text] } : { stderr: [text] };
    }
    case 'command': {
      const text = `exit code ${item.exitCode}`;
      return {
        stdout: [
          `${theme.dim(clock(item.time))}  ${item.exitCode === 0 ? theme.dim(text) : theme.bad(text)}`,
        ],
      };
    }
    case 'state':
      return { stderr: stateLines(item) };
  }
}

function stateLines(item: Extract<WatchItem, { type: 'state' }>): readonly string[] {
  const bucket = sanitize(item.bucket);
  switch (item.state) {
    case 'opening':
      // The plan stands there already.
      return [];
    case 'watching':
      return [`watching ${bucket} until ${(item.expiresAt ?? '').slice(0, 19)}Z; Ctrl-C ends`];
    case 'ended':
      return [`watching ${bucket} has ended: ${ENDS[item.reason ?? 'interrupted']}`];
  }
}

/** A stream ends without a summary. */
export function viewWatch(_result: WatchResult): readonly string[] {
  return [];
}
