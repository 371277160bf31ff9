import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutRetentionPolicyCommand,
  type InputLogEvent,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { logGroup, logStream, write } from './log-groups.ts';
import { refused } from './refused.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const theGroup = shared(async (t: Target) => {
  const group = await logGroup(t);
  await logStream(t, group, 's');
  return group;
});
const put = async (t: Target, events: readonly (readonly [ageMs: number, message?: string])[]) => {
  const now = Date.now();
  const logEvents = events.map(([age, message = 'x']): InputLogEvent => ({ timestamp: now - age, message }));
  return write(t, await theGroup(t), 's', logEvents);
};

const INVALID = { status: 400, code: 'InvalidParameterException' };

const writing: readonly Fact[] = [
  {
    id: '6.4-token',
    source: 'model',
    expectation: 'a sequence token is returned and ignored',
    async run(t) {
      const { nextSequenceToken, rejectedLogEventsInfo } = await put(t, [[0]]);
      expect(nextSequenceToken).toBeDefined();
      expect(rejectedLogEventsInfo).toBeUndefined();
    },
  },
  refused(
    { id: '6.4-batch-events', source: 'model', expectation: 'a batch has at most 10,000 events' },
    (t) => put(t, Array<[number]>(10_001).fill([0])),
    INVALID,
  ),
  refused(
    {
      id: '6.4-batch-bytes',
      source: 'model',
      expectation: 'a batch has at most 1,048,576 bytes with 26 for each event',
    },
    (t) =>
      put(t, [
        [0, 'x'.repeat(524_288 - 26)],
        [0, 'x'.repeat(524_288 - 25)],
      ]),
    INVALID,
  ),
  {
    id: '6.4-batch-bytes-full',
    source: 'model',
    expectation: 'a batch may have just as many',
    async run(t) {
      const half = 'x'.repeat(524_288 - 26);
      const answer = await put(t, [
        [0, half],
        [0, half],
      ]);
      expect(answer.rejectedLogEventsInfo).toBeUndefined();
    },
  },
  refused(
    { id: '6.4-batch-span', source: 'model', expectation: 'a batch spans at most 24 hours' },
    (t) => put(t, [[25 * HOUR], [0]]),
    INVALID,
  ),
  {
    id: '6.4-too-old',
    source: 'AWS-recorded',
    expectation: 'events older than 14 days are rejected with a 200 that says where they end',
    async run(t) {
      const { $metadata, rejectedLogEventsInfo } = await put(t, [[14 * DAY + HOUR], [14 * DAY - HOUR]]);
      expect($metadata.httpStatusCode).toBe(200);
      expect(rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
    },
  },
  {
    id: '6.4-too-new',
    source: 'AWS-recorded',
    expectation: 'events more than 2 hours ahead are rejected with a 200 that says where they begin',
    async run(t) {
      const { $metadata, rejectedLogEventsInfo } = await put(t, [[0], [-2 * HOUR - 60_000]]);
      expect($metadata.httpStatusCode).toBe(200);
      expect(rejectedLogEventsInfo).toEqual({ tooNewLogEventStartIndex: 1 });
    },
  },
  {
    id: '6.4-expired',
    source: 'model',
    expectation: 'events older than the retention are rejected as expired',
    async run(t) {
      const group = await logGroup(t);
      await logStream(t, group, 's');
      await t.logs.send(new PutRetentionPolicyCommand({ logGroupName: group.name, retentionInDays: 1 }));
      const now = Date.now();
      const { rejectedLogEventsInfo } = await write(t, group, 's', [
        { timestamp: now - DAY - HOUR, message: 'x' },
        { timestamp: now - DAY + HOUR, message: 'x' },
      ]);
      expect(rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
    },
  },
];

const get = async (t: Target, input: object = {}) =>
  t.logs.send(
    new GetLogEventsCommand({ logGroupName: (await theGroup(t)).name, logStreamName: 's', ...input }),
  );
const filter = async (t: Target, input: object = {}) =>
  t.logs.send(new FilterLogEventsCommand({ logGroupName: (await theGroup(t)).name, ...input }));

const MISSING = { status: 400, code: 'ResourceNotFoundException' };
const GROUP_MISSING = { ...MISSING, message: 'The specified log group does not exist.' };
const EXISTS = { status: 400, code: 'ResourceAlreadyExistsException' };

const refusals: readonly Fact[] = [
  refused(
    {
      id: '6.5-group-missing',
      source: 'AWS-recorded',
      expectation: 'a group that is not there is not found',
    },
    (t) => filter(t, { logGroupName: 'nowhere' }),
    GROUP_MISSING,
  ),
  refused(
    { id: '6.5-group-missing-get', source: 'AWS-recorded', expectation: 'nor by GetLogEvents' },
    (t) => get(t, { logGroupName: 'nowhere' }),
    GROUP_MISSING,
  ),
  refused(
    {
      id: '6.5-stream-missing',
      source: 'AWS-recorded',
      expectation: 'a stream that is not there is not found',
    },
    (t) => get(t, { logStreamName: 'nowhere' }),
    { ...MISSING, message: 'The specified log stream does not exist.' },
  ),
  refused(
    { id: '6.5-bad-token', source: 'AWS-recorded', expectation: 'a token is one that was given out' },
    (t) => get(t, { nextToken: 'wrong' }),
    { ...INVALID, message: 'The specified nextToken is invalid.' },
  ),
  refused(
    { id: '6.5-bad-token-filter', source: 'AWS-recorded', expectation: 'of FilterLogEvents too' },
    (t) => filter(t, { nextToken: 'wrong' }),
    { ...INVALID, message: 'The specified nextToken is invalid.' },
  ),
  refused(
    { id: '6.5-limit', source: 'AWS-recorded', expectation: 'a limit is at most 10,000' },
    (t) => filter(t, { limit: 10_001 }),
    {
      ...INVALID,
      message:
        "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
    },
  ),
  refused(
    { id: '6.5-group-exists', source: 'AWS-recorded', expectation: 'a group is made once' },
    async (t) => t.logs.send(new CreateLogGroupCommand({ logGroupName: (await theGroup(t)).name })),
    { ...EXISTS, message: 'The specified log group already exists' },
  ),
  refused(
    { id: '6.5-stream-exists', source: 'AWS-recorded', expectation: 'a stream is made once' },
    async (t) =>
      t.logs.send(new CreateLogStreamCommand({ logGroupName: (await theGroup(t)).name, logStreamName: 's' })),
    { ...EXISTS, message: 'The specified log stream already exists' },
  ),
  refused(
    { id: '6.5-name-too-long', source: 'AWS-recorded', expectation: 'a name has at most 512 characters' },
    (t) => t.logs.send(new CreateLogGroupCommand({ logGroupName: 'x'.repeat(513) })),
    {
      ...INVALID,
      message: 'Invalid LogGroup or LogStream, both must have length less than or equal to 512.',
    },
  ),
  refused(
    { id: '6.5-unordered', source: 'AWS-recorded', expectation: 'a batch is in chronological order' },
    (t) => put(t, [[0], [1_000]]),
    { ...INVALID, message: 'Log events in a single PutLogEvents request must be in chronological order.' },
  ),
  refused(
    {
      id: '6.5-name-and-identifier',
      source: 'AWS-recorded',
      expectation: 'name and identifier exclude each other',
    },
    async (t) => filter(t, { logGroupIdentifier: (await theGroup(t)).arn }),
    {
      status: 400,
      code: 'ValidationException',
      message: 'LogGroup name and LogGroup ARN are mutually exclusive parameters.',
    },
  ),
  refused(
    {
      id: '6.5-prefix-and-pattern',
      source: 'AWS-recorded',
      expectation: 'prefix and pattern exclude each other',
    },
    (t) => t.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: 'a', logGroupNamePattern: 'b' })),
    {
      ...INVALID,
      message: 'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    },
  ),
  {
    id: '6.5-error-json',
    source: 'model',
    expectation: 'an error is 400 with __type, without a namespace, and message',
    async run(t) {
      const { status, headers, body } = await exchange(
        t.logs,
        new GetLogEventsCommand({ logGroupName: 'nowhere', logStreamName: 's' }),
      );
      expect(status).toBe(400);
      expect(headers['content-type']).toBe('application/x-amz-json-1.1');
      expect(JSON.parse(body)).toEqual({
        __type: 'ResourceNotFoundException',
        message: 'The specified log group does not exist.',
      });
    },
  },
];

describeFacts('6 writing logs and errors', [...writing, ...refusals]);
