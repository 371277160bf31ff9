import type { EventRecord } from '../core/event-record.ts';
import { hasCode } from '../core/errors.ts';
import { readLogMessage } from '../core/log-record.ts';
import type { Aws } from './clients.ts';
import { readLogPage } from './sources/log-page.ts';

export interface LastRecord {
  /** Epoch ms of the log line. */
  readonly at: number;
  readonly record: EventRecord;
}

/** A glance, not a search: one page, newest first. */
const LINES = 200;

/**
 * The newest S3 events that a function printed, newest first; undefined when its log group does not exist yet. One
 * FilterLogEvents call in descending order, which AWS takes since 2026 (`startFromHead`).
 */
export async function lastRecords(
  aws: Aws,
  group: string,
  since: number,
  most: number,
): Promise<readonly LastRecord[] | undefined> {
  const query = {
    logGroupName: group,
    startTime: since,
    startFromHead: false,
    limit: LINES,
    filterPattern: '"aws:s3"',
  };
  try {
    const { parts } = await readLogPage(aws, query);
    const found = [...parts].flat().flatMap((event) => {
      const message = readLogMessage(event.message ?? '');
      const records = message.kind === 'app' ? message.records : [];
      return records.map((record): LastRecord => ({ at: event.timestamp ?? 0, record }));
    });
    return found.sort((a, b) => b.at - a.at).slice(0, most);
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
