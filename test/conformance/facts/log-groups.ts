/** Log groups of rows, and what they write. */
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
  type FilteredLogEvent,
  type FilterLogEventsCommandInput,
  type InputLogEvent,
  type LogGroupClass,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Target } from './harness.ts';
import { eventually } from './target.ts';

export interface GroupRef {
  readonly name: string;
  /** Without the trailing `:*`. */
  readonly arn: string;
}

export async function logGroup(t: Target, logGroupClass: LogGroupClass = 'STANDARD'): Promise<GroupRef> {
  const logGroupName = t.name('log');
  await t.logs.send(new CreateLogGroupCommand({ logGroupName, logGroupClass }));
  t.cleanUp(() => t.logs.send(new DeleteLogGroupCommand({ logGroupName })));
  return {
    name: logGroupName,
    arn: `arn:${t.partition}:logs:${t.region}:${t.account}:log-group:${logGroupName}`,
  };
}

export const logStream = (t: Target, { name }: GroupRef, logStreamName: string) =>
  t.logs.send(new CreateLogStreamCommand({ logGroupName: name, logStreamName }));

export const write = (t: Target, { name }: GroupRef, logStreamName: string, logEvents: InputLogEvent[]) =>
  t.logs.send(new PutLogEventsCommand({ logGroupName: name, logStreamName, logEvents }));

/** A group with one stream, `s`, and these messages, one millisecond apart. */
export async function written(
  t: Target,
  messages: readonly string[],
  logGroupClass?: LogGroupClass,
): Promise<GroupRef & { readonly start: number }> {
  const group = await logGroup(t, logGroupClass);
  await logStream(t, group, 's');
  const start = Date.now() - 10_000;
  await write(
    t,
    group,
    's',
    messages.map((message, i) => ({ timestamp: start + i, message })),
  );
  return { ...group, start };
}

/** All events of all pages, once there are `count`. */
export async function filtered(
  t: Target,
  input: FilterLogEventsCommandInput,
  count: number,
): Promise<readonly FilteredLogEvent[]> {
  return eventually(async () => {
    const events: FilteredLogEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await t.logs.send(new FilterLogEventsCommand({ ...input, nextToken }));
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    if (events.length < count) throw new Error(`${events.length} of ${count} events are there`);
    return events;
  });
}
