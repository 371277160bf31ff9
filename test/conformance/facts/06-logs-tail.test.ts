import {
  StartLiveTailCommand,
  type LiveTailSessionUpdate,
  type StartLiveTailCommandInput,
  type StartLiveTailResponseStream,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { logGroup, logStream, write, type GroupRef } from './log-groups.ts';
import { refused } from './refused.ts';

const clock = createJumpingClock();
const HOUR = 3_600_000;

const theGroup = shared(async (t: Target) => {
  const group = await logGroup(t);
  await logStream(t, group, 's');
  await logStream(t, group, 'other');
  return group;
});

interface Session {
  readonly start: StartLiveTailResponseStream;
  /** The next update, a second later. */
  update(): Promise<LiveTailSessionUpdate>;
  end(): Promise<void>;
}

async function open(t: Target, input: Partial<StartLiveTailCommandInput> = {}): Promise<Session> {
  const { arn } = await theGroup(t);
  const command = new StartLiveTailCommand({ logGroupIdentifiers: [arn], ...input });
  const { responseStream } = await t.logs.send(command);
  const events = responseStream?.[Symbol.asyncIterator]();
  if (!events) throw new Error('no stream');
  const next = async () => {
    // A sandbox need not be waited for.
    if (t.sandbox) clock.jump(1_000);
    const { value } = (await events.next()) as { value: StartLiveTailResponseStream | undefined };
    if (!value) throw new Error('the session ended');
    return value;
  };
  return {
    start: await next(),
    async update() {
      const { sessionUpdate } = await next();
      if (!sessionUpdate) throw new Error('no update');
      return sessionUpdate;
    },
    async end() {
      await events.return?.();
    },
  };
}

/** The first `count` messages of the session. */
async function received(session: Session, count: number): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (let updates = 0; found.length < count && updates < 20; updates++) {
    const { sessionResults = [] } = await session.update();
    found.push(...sessionResults.map(({ message }) => message));
  }
  return found;
}

async function during(
  t: Target,
  input: Partial<StartLiveTailCommandInput>,
  what: (session: Session, group: GroupRef) => Promise<void>,
): Promise<void> {
  const session = await open(t, input);
  try {
    await what(session, await theGroup(t));
  } finally {
    await session.end();
  }
}

const line = (message: string) => [{ timestamp: Date.now(), message }];

const session: readonly Fact[] = [
  {
    id: '6.6-session-start',
    source: 'model',
    expectation: 'the first event says what the session was asked for',
    async run(t) {
      await during(t, { logEventFilterPattern: 'x', logStreamNames: ['s'] }, async ({ start }, { arn }) => {
        expect(start.sessionStart).toEqual({
          requestId: expect.any(String) as string,
          sessionId: expect.any(String) as string,
          logGroupIdentifiers: [arn],
          logStreamNames: ['s'],
          logStreamNamePrefixes: [],
          logEventFilterPattern: 'x',
        });
      });
    },
  },
  {
    id: '6.6-empty-updates',
    source: 'model',
    expectation: 'an update comes every second, empty when nothing happened',
    async run(t) {
      await during(t, { logEventFilterPattern: 'never' }, async (live) => {
        for (let i = 0; i < 2; i++) {
          expect(await live.update()).toEqual({ sessionMetadata: { sampled: false }, sessionResults: [] });
        }
      });
    },
  },
  {
    id: '6.6-results',
    source: 'model',
    expectation: 'an event has stream, group, message and times, and no id',
    async run(t) {
      await during(t, { logEventFilterPattern: 'results' }, async (live, group) => {
        await write(t, group, 's', line('results'));
        let result;
        for (let i = 0; i < 20 && !result; i++) result = (await live.update()).sessionResults?.[0];
        expect(result).toEqual({
          logStreamName: 's',
          logGroupIdentifier: expect.stringContaining(group.name) as string,
          message: 'results',
          timestamp: expect.any(Number) as number,
          ingestionTime: expect.any(Number) as number,
        });
      });
    },
  },
  {
    id: '6.6-no-history',
    source: 'model',
    expectation: 'only what is ingested after the start is shown',
    async run(t) {
      await write(t, await theGroup(t), 's', line('history before'));
      await during(t, { logEventFilterPattern: 'history' }, async (live, group) => {
        await write(t, group, 's', line('history after'));
        expect(await received(live, 1)).toEqual(['history after']);
      });
    },
  },
  {
    id: '6.6-streams',
    source: 'model',
    expectation: 'streams can be named, or be told by prefixes',
    async run(t) {
      const chosen = { logEventFilterPattern: 'chosen' };
      for (const input of [{ logStreamNames: ['other'] }, { logStreamNamePrefixes: ['oth'] }]) {
        await during(t, { ...chosen, ...input }, async (live, group) => {
          await write(t, group, 's', line('chosen of s'));
          await write(t, group, 'other', line('chosen of other'));
          expect(await received(live, 1)).toEqual(['chosen of other']);
        });
      }
    },
  },
  {
    id: '6.6-regex',
    source: 'model',
    expectation: 'the pattern may be a regular expression',
    async run(t) {
      await during(t, { logEventFilterPattern: '%re[gx]{2}%' }, async (live, group) => {
        await write(t, group, 's', line('rex'));
        await write(t, group, 's', line('regx'));
        expect(await received(live, 1)).toEqual(['regx']);
      });
    },
  },
  {
    id: '6.6-sampled',
    source: 'model',
    expectation: 'of more than 500 events in a second an update has 500, and says so',
    async run(t) {
      await during(t, { logEventFilterPattern: 'burst' }, async (live, group) => {
        const timestamp = Date.now();
        const burst = Array.from({ length: 2_000 }, () => ({ timestamp, message: 'burst' }));
        await write(t, group, 's', burst);
        let update;
        for (let i = 0; i < 20 && !update?.sessionResults?.length; i++) update = await live.update();
        expect([update?.sessionResults?.length, update?.sessionMetadata]).toEqual([500, { sampled: true }]);
      });
    },
  },
  {
    id: '6.6-timeout',
    source: 'model',
    expectation: 'after three hours the stream ends with SessionTimeoutException',
    needs: 'time that passes',
    async run(t) {
      await during(t, {}, async (live) => {
        clock.jump(3 * HOUR);
        const error = await (async () => {
          for (;;) await live.update();
        })().catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: 'SessionTimeoutException' });
      });
    },
  },
];

const INVALID = { status: 400, code: 'InvalidParameterException' };

const refusals: readonly Fact[] = [
  refused(
    { id: '6.6-star', source: 'model', expectation: 'a group is named by its ARN without a trailing star' },
    async (t) => open(t, { logGroupIdentifiers: [`${(await theGroup(t)).arn}:*`] }),
    INVALID,
  ),
  refused(
    { id: '6.6-eleven-groups', source: 'model', expectation: 'a session has at most ten groups' },
    async (t) => open(t, { logGroupIdentifiers: Array<string>(11).fill((await theGroup(t)).arn) }),
    INVALID,
  ),
  refused(
    { id: '6.6-names-and-prefixes', source: 'model', expectation: 'names and prefixes exclude each other' },
    (t) => open(t, { logStreamNames: ['s'], logStreamNamePrefixes: ['s'] }),
    INVALID,
  ),
  refused(
    { id: '6.6-streams-of-two', source: 'model', expectation: 'streams are chosen of one group only' },
    async (t) => {
      const other = await logGroup(t);
      return open(t, { logGroupIdentifiers: [(await theGroup(t)).arn, other.arn], logStreamNames: ['s'] });
    },
    INVALID,
  ),
  refused(
    { id: '6.6-pattern-length', source: 'model', expectation: 'a pattern has at most 1,024 characters' },
    (t) => open(t, { logEventFilterPattern: 'x'.repeat(1_025) }),
    INVALID,
  ),
  refused(
    { id: '6.6-group-missing', source: 'AWS-doc', expectation: 'the group has to be there' },
    async (t) => open(t, { logGroupIdentifiers: [`${(await theGroup(t)).arn}-nowhere`] }),
    { status: 400, code: 'ResourceNotFoundException' },
  ),
];

const quota: readonly Fact[] = [
  {
    id: '6.9-live-tail-sessions',
    source: 'AWS-doc',
    expectation: 'fifteen sessions at a time are the limit',
    async run(t) {
      const sessions: Session[] = [];
      try {
        for (let i = 0; i < 15; i++) sessions.push(await open(t));
        await expect(open(t)).rejects.toMatchObject({ name: 'LimitExceededException' });
      } finally {
        for (const each of sessions) await each.end();
      }
    },
  },
];

describeFacts('6.6 Live Tail', [...session, ...refusals, ...quota], { clock });
