import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
  type CloudWatchLogsClient,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/sandbox/clock.ts';

export const STREAM = '2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef';

export interface WrittenLine {
  readonly message: string;
  /** Epoch ms; now by default. */
  readonly at?: number;
  readonly stream?: string;
}

/** Puts lines into a log group as Lambda would, and makes the group and its streams where there are none. */
export async function writeLines(
  logs: CloudWatchLogsClient,
  group: string,
  lines: readonly (string | WrittenLine)[],
): Promise<void> {
  const byStream = new Map<string, { message: string; timestamp: number }[]>();
  const now = Date.now();
  for (const line of lines) {
    const { message, at = now, stream = STREAM } = typeof line === 'string' ? { message: line } : line;
    byStream.set(stream, [...(byStream.get(stream) ?? []), { message, timestamp: at }]);
  }
  await createGroup(logs, group);
  for (const [logStreamName, logEvents] of byStream) {
    await ifNew(logs.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName })));
    await logs.send(new PutLogEventsCommand({ logGroupName: group, logStreamName, logEvents }));
  }
}

export async function createGroup(logs: CloudWatchLogsClient, group: string): Promise<void> {
  await ifNew(logs.send(new CreateLogGroupCommand({ logGroupName: group })));
}

async function ifNew(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof ResourceAlreadyExistsException)) throw error;
  }
}

/** Real time, but nobody waits: each sleep is over at once, and its length is written down. */
export function hurriedClock(): Clock & { readonly sleeps: number[] } {
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => systemClock.now(),
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return systemClock.sleep(Math.min(ms, 2), signal);
    },
  };
}

/** An S3 event as a handler gets it, with one record. */
export function s3Event(
  given: {
    readonly key?: string;
    readonly eventName?: string;
    readonly bucket?: string;
    readonly size?: number;
    readonly eventTime?: string;
  } = {},
): { Records: unknown[] } {
  const key = given.key ?? 'beach.jpeg';
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: given.eventTime ?? '2026-01-02T03:04:05.678Z',
        eventName: given.eventName ?? 'ObjectCreated:Put',
        responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' },
        s3: {
          configurationId: 'rule',
          bucket: { name: given.bucket ?? 'demo', arn: `arn:aws:s3:::${given.bucket ?? 'demo'}` },
          object: {
            key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'),
            size: given.size ?? 1024,
            eTag: 'd41d8cd98f00b204e9800998ecf8427e',
            sequencer: '0055AED6DCD90281E5',
          },
        },
      },
    ],
  };
}
