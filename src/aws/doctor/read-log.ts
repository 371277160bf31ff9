/** A bounded look at a function's log: what arrived, what became of it. */
import type { LogNode, LogSeen } from '../../core/doctor/facts.ts';
import { summarizeLog } from '../../core/doctor/log-summary.ts';
import type { Reading } from '../../core/doctor/reading.ts';
import { readLogPage } from '../sources/log-page.ts';
import type { Reader } from './reader.ts';

/** One page of the newest lines, of 1 MB at most (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html). */
const LINES = 10_000;

/** One round trip. `since` is epoch ms. */
export async function readLogNode(reader: Reader, name: string, since: number): Promise<LogNode> {
  const [group, seen] = await Promise.all([readGroup(reader, name), readSeen(reader, name, since)]);
  return { name, group, seen };
}

function readGroup(reader: Reader, name: string): Promise<LogNode['group']> {
  const action = 'logs:DescribeLogGroups';
  return reader.read(action, name, async () => {
    const [logs, { DescribeLogGroupsCommand }] = await Promise.all([
      reader.aws.logs(),
      import('@aws-sdk/client-cloudwatch-logs'),
    ]);
    // Groups come in the order of their names, so the one of this very name is the first with this prefix.
    const command = new DescribeLogGroupsCommand({ logGroupNamePrefix: name, limit: 1 });
    const { logGroups = [] } = await reader.aws.call((options) => logs.send(command, options), {
      action,
      resource: name,
    });
    const [first] = logGroups;
    if (first?.logGroupName !== name) return undefined;
    return {
      createdAt: first.creationTime,
      retentionDays: first.retentionInDays,
      class: first.logGroupClass ?? 'STANDARD',
    };
  });
}

function readSeen(reader: Reader, name: string, since: number): Promise<Reading<LogSeen>> {
  const action = 'logs:FilterLogEvents';
  return reader.read(action, name, async () => {
    const query = { logGroupName: name, startTime: since, startFromHead: false, limit: LINES };
    const { parts, nextToken } = await readLogPage(reader.aws, query);
    const lines = [...parts]
      .flat()
      .map(({ timestamp = 0, logStreamName = '', message = '' }) => ({
        time: timestamp,
        stream: logStreamName,
        message,
      }))
      .sort((a, b) => a.time - b.time);
    return summarizeLog(lines, nextToken !== undefined);
  });
}
