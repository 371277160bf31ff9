/** How often each command waits for AWS: its round trips in a row, and its calls, in its usual situations. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../support/function-code.ts';
import { words } from '../support/init.ts';
import type { Request } from '../support/journal.ts';
import { createFunction } from '../support/pipeline.ts';
import { levelsOf, roundTrips, type Measured } from '../support/round-trips.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();

const FUNCTION = 'init photos --function thumbs --yes';
const QUEUE = 'init photos --queue jobs --yes';
const TOPIC = 'init photos --topic alerts --yes';
const BUS = 'init photos --event-rule uploads --target arn:aws:sqs:us-east-1:000000000000:jobs --yes';
const DEAD_LETTER = ' --dead-letter';
const REMOVALS = ' --event remove';

/** A command line, or what somebody else makes. */
type Making = string | ((cwd: string) => Promise<unknown>);

const bucket: Making = () => sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
const queue: Making = () => sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
const lambda: Making = () => createFunction(sandbox(), 'thumbs', PRINTING_HANDLERS.node);
const object: Making = () =>
  sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a.jpg', Body: 'x' }));
const encryptedQueue: Making = async () => {
  const { KeyMetadata } = await sandbox().kms.send(new CreateKeyCommand());
  const Attributes = { KmsMasterKeyId: KeyMetadata?.KeyId ?? '' };
  await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes }));
};
/** The rules of the bucket as a file. */
const rulesFile: Making = async (cwd) => {
  const { stdout } = await runCli(words('ls photos --json'), { endpoint: sandbox().url, cwd });
  writeFileSync(join(cwd, 'rules.json'), stdout);
};
const changedFile: Making = async (cwd) => {
  await rulesFile(cwd);
  const path = join(cwd, 'rules.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"prefix": ?null/, '"prefix":"in/"'));
};

/** A world made anew, and the folder where it was made. */
async function make(makings: readonly Making[]): Promise<string> {
  await sandbox().reset();
  const cwd = temporaryFolder();
  for (const making of makings) {
    if (typeof making !== 'string') await making(cwd);
    else {
      const made = await runCli(words(making), { endpoint: sandbox().url, cwd });
      expect(made.code, `${making}: ${made.stderr}`).toBe(0);
    }
  }
  return cwd;
}

interface Row extends Pick<Measured, 'part' | 'env'> {
  /** The situation, or what it waits for. */
  readonly when: string;
  readonly line: string;
  readonly levels: number;
  readonly calls: number;
  /** In another folder, where no project file remembers anything. */
  readonly elsewhere?: boolean;
}

async function check(
  { when, line, levels, calls, part, env }: Row,
  prepare: () => Promise<string>,
): Promise<void> {
  const found = await roundTrips(sandbox(), { part, env, argv: words(line), prepare }, levels);
  const shown = `${when}: s3evt ${line}\n${found.levels.map((level) => level.join(' ')).join('\n')}`;
  expect({ levels: found.levels.length, calls: found.calls }, shown).toEqual({ levels, calls });
}

/** Until the function is Active AWS has to be asked again and again, beside all else. */
const untilActive = (requests: readonly Request[]) =>
  requests.filter(({ operation }) => operation !== 'GetFunctionConfiguration');

/** Until the new configuration was read back: what the doctor looks at then is counted by itself. */
const untilReadBack = (requests: readonly Request[]) => {
  const put = requests.findIndex(({ operation }) => operation === 'PutBucketNotificationConfiguration');
  const back = requests.findIndex(
    ({ operation }, index) => index > put && operation === 'GetBucketNotificationConfiguration',
  );
  return untilActive(requests.slice(0, back + 1));
};
const afterReadBack = (requests: readonly Request[]) =>
  untilActive(requests).slice(untilReadBack(requests).length);

/** Until the object is there. */
const uploading = (requests: readonly Request[]) => {
  const end = requests.find(({ operation }) => operation === 'PutObject')?.endedAt ?? 0;
  return requests.filter(({ startedAt }) => startedAt < end);
};
/** Until the first event may come: the wait for it, or the end. */
const opening = (requests: readonly Request[]) => {
  const later = requests.filter(({ operation }) => /^(?:ReceiveMessage|RemoveTargets)$/.test(operation));
  const end = Math.min(...later.map(({ startedAt }) => startedAt));
  return requests.filter(({ startedAt }) => startedAt < end);
};
/** What is asked for again and again until the event is there counts once. */
const afterUpload = (requests: readonly Request[]) => {
  const upload = requests.findIndex(({ operation }) => operation === 'PutObject');
  const later = requests.slice(upload + 1);
  return later.filter(
    ({ operation }, index) => later.findIndex((one) => one.operation === operation) === index,
  );
};

test('levelsOf counts what cannot overlap', () => {
  const request = (operation: string, startedAt: number, endedAt: number) =>
    ({ operation, startedAt, endedAt }) as Request;
  expect(levelsOf([])).toEqual([]);
  expect(levelsOf([request('a', 0, 10), request('b', 1, 11), request('c', 2, 12)])).toEqual([
    ['a', 'b', 'c'],
  ]);
  expect(
    levelsOf([request('c', 20, 30), request('slow', 0, 29), request('a', 0, 10), request('b', 10, 20)]),
  ).toEqual([['slow', 'a'], ['b'], ['c']]);
});

const LOOKS: readonly {
  readonly world: string;
  readonly makings: readonly Making[];
  readonly rows: readonly Row[];
}[] = [
  {
    world: 'a bucket without rules',
    makings: [bucket],
    rows: [
      { when: 'who calls', line: 'whoami', levels: 1, calls: 1 },
      { when: 'no rules', line: 'ls photos', levels: 1, calls: 2 },
    ],
  },
  {
    world: 'a rule for a function',
    makings: [FUNCTION, object, rulesFile],
    rows: [
      { when: 'the document, the function', line: 'ls', levels: 2, calls: 4 },
      { when: 'with its log', line: 'status', levels: 2, calls: 5 },
      { when: 'the document', line: 'match a.jpg', levels: 1, calls: 1 },
      { when: 'the document', line: 'diff rules.json', levels: 1, calls: 1 },
      { when: 'unchanged', line: 'apply rules.json --yes', levels: 1, calls: 2 },
      { when: 'unchanged', line: FUNCTION, levels: 1, calls: 8 },
      { when: 'unchanged', line: 'add --function thumbs --yes', levels: 1, calls: 8 },
      { when: 'the function, its log', line: 'tail thumbs --no-follow', levels: 2, calls: 2 },
      { when: 'the function, its log', line: 'tail --bucket photos --no-follow', levels: 2, calls: 2 },
      {
        when: 'the document, the function, its log',
        line: 'tail --bucket photos --no-follow',
        elsewhere: true,
        levels: 3,
        calls: 3,
      },
      { when: 'the bucket, the function, its role and log', line: 'doctor', levels: 3, calls: 19 },
      { when: 'the same, and the object with the bucket', line: 'trace a.jpg', levels: 3, calls: 22 },
    ],
  },
  {
    world: 'a rule for a queue with a dead-letter queue',
    makings: [QUEUE + DEAD_LETTER],
    rows: [
      { when: 'the document, the queue', line: 'ls', levels: 2, calls: 3 },
      { when: 'the document, the queue, its dead letters', line: 'status', levels: 3, calls: 5 },
      { when: 'unchanged', line: QUEUE, levels: 1, calls: 5 },
      { when: 'the account, the queue', line: QUEUE, elsewhere: true, levels: 2, calls: 5 },
      { when: 'unchanged', line: QUEUE + DEAD_LETTER, levels: 1, calls: 9 },
    ],
  },
  {
    world: 'a rule for a topic',
    makings: [TOPIC],
    rows: [
      { when: 'the document, the topic', line: 'status', levels: 2, calls: 4 },
      { when: 'unchanged', line: TOPIC, levels: 1, calls: 5 },
    ],
  },
  {
    world: 'an event rule',
    makings: [queue, BUS],
    rows: [{ when: 'unchanged', line: BUS, levels: 1, calls: 8 }],
  },
];

describe.each(LOOKS)('$world', ({ makings, rows }) => {
  test('takes no more than its data needs', { timeout: 60_000 }, async () => {
    const cwd = await make(makings);
    for (const row of rows) await check(row, () => Promise.resolve(row.elsewhere ? temporaryFolder() : cwd));
  });
});

/** Situation, command, the world before it, levels, calls. */
type Change = readonly [
  when: string,
  line: string,
  makings: readonly Making[],
  levels: number,
  calls: number,
];

function changes(part: Row['part'], rows: readonly Change[]): void {
  test.each(rows)('%s: %s', { timeout: 60_000 }, async (when, line, makings, levels, calls) => {
    await check({ when, line, levels, calls, part }, () => make(makings));
  });
}

const ADD_FUNCTION = 'add --function thumbs --event remove --yes';
const ADD_QUEUE = 'add --queue jobs --event remove --yes';
const ADD_TOPIC = 'add --topic alerts --event remove --yes';
const REMOVE = 'rm Invoke-Lambda-NewObjects --yes';

describe('a change', () => {
  changes(untilReadBack, [
    // The read, role, function, permission, write, read back. Until the function is Active, AWS makes everybody wait longer.
    ['function new', FUNCTION, [], 6, 18],
    // The account, the queue, both made, look, write, read back: the ARN of a name has the account in it.
    ['queue new', QUEUE, [], 6, 10],
    ['topic new', TOPIC, [], 6, 10],
    // The read, the rule looked for again, made, the queue's policy read and written, the target, write, read back.
    ['event rule new', BUS, [queue], 8, 17],
    // As above, and the rules that are there are looked at before anything is made.
    ['function new', ADD_FUNCTION, [QUEUE], 7, 18],
    ['function there', ADD_FUNCTION, [lambda, QUEUE], 5, 13],
    ['queue new', ADD_QUEUE, [FUNCTION], 5, 11],
    // The queue, its key, the other rules, both policies read and written, look, write, read back.
    ['queue encrypted', ADD_QUEUE + ' --allow-key', [FUNCTION, encryptedQueue], 8, 16],
    ['topic new', ADD_TOPIC, [QUEUE], 5, 10],
    ['event rule new', BUS.replace('init', 'add'), [QUEUE + REMOVALS], 9, 18],
  ]);
  changes(afterReadBack, [['what the doctor looks at', FUNCTION, [], 3, 18]]);
  changes(undefined, [
    // The document, its destinations, look, write, read back.
    ['one rule', 'apply rules.json --yes', [QUEUE, changedFile], 5, 6],
    ['and the permission', REMOVE, [FUNCTION], 6, 7],
    ['of init', 'undo --yes', [FUNCTION], 4, 5],
    ['of rm, with the permission', 'undo --yes', [FUNCTION, REMOVE], 5, 8],
    // The read, look, write, read back, then what rules lead to: permission, function, its role's policies, the role.
    ['a function', 'destroy --yes', [FUNCTION], 8, 21],
    ['a queue', 'destroy --yes', [QUEUE], 5, 11],
    ['an event rule', 'destroy --yes', [queue, BUS], 8, 18],
  ]);
  changes(uploading, [
    ['a function, up to the upload', 'test-upload', [FUNCTION], 2, 3],
    // The document, who reads the queue, how much is in it, the upload.
    ['a queue, up to the upload', 'test-upload', [QUEUE], 4, 7],
  ]);
  changes(afterUpload, [
    // The function's log group, its log, and the object is removed again.
    ['a function, after the upload', 'test-upload', [FUNCTION], 3, 3],
    ['a queue, after the upload', 'test-upload', [QUEUE], 2, 2],
  ]);
  // The bucket, old taps, the document, what is made, its target and the write of the document, read back.
  changes(opening, [['EventBridge off', 'watch --timeout 1ms --yes', [QUEUE], 6, 11]]);

  test('an account that the credentials name saves the wait for it', { timeout: 60_000 }, async () => {
    const env = { AWS_ACCOUNT_ID: '000000000000' };
    const row = { when: 'queue new', line: QUEUE, levels: 5, calls: 10, part: untilReadBack };
    await check({ ...row, env }, () => make([]));
  });
});
