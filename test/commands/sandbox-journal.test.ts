import {
  CreateBucketCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerSandbox } from '../../src/sandbox/background.ts';
import { envelopeOf, runCli, startCli, temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** A sandbox that the command lines run in `cwd` take for the shared one. */
async function shared() {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  await registerSandbox({ HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') }, sandbox.identity);
  const run = (...argv: string[]) => runCli(['sandbox', ...argv], { cwd });
  return { sandbox, cwd, run };
}

const itemsOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

describe('sandbox journal', () => {
  it('prints what happened, one object a line with --json', async () => {
    const { sandbox, run } = await shared();
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await expect(sandbox.s3.send(new HeadBucketCommand({ Bucket: 'other' }))).rejects.toThrow();
    sandbox.journal.record({
      type: 'delivery',
      via: 's3',
      bucket: 'photos',
      key: 'a\u001b[2J.jpg',
      eventName: 'ObjectCreated:Put',
      configurationId: 'rule',
      destination: 'arn:aws:sqs:us-east-1:000000000000:inbox',
      outcome: 'refused',
      reason: 'Access denied',
    });
    const { code, stdout, stderr } = await run('journal', '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(itemsOf(stdout)).toMatchObject([
      {
        type: 'request',
        seq: 1,
        service: 's3',
        operation: 'CreateBucket',
        status: 200,
        errorCode: null,
        fault: null,
      },
      { type: 'request', seq: 2, operation: 'HeadBucket', status: 404 },
      {
        type: 'delivery',
        seq: 3,
        key: 'a\u001b[2J.jpg',
        outcome: 'refused',
        reason: 'Access denied',
        fault: null,
      },
    ]);
    expect(itemsOf(stdout)[0]).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/));
    expect(Object.keys(itemsOf(stdout)[0]!).filter((name) => /key|secret/i.test(name))).toEqual([]);

    const failed = await run('journal', '--failed');
    expect(failed.stdout).toMatch(
      /^\S+\trequest\t404\ts3\.HeadBucket .*\n\S+\tdelivery\trefused\tS3 ObjectCreated:Put photos\/a\.jpg → sqs inbox: Access denied\n$/,
    );
    expect((await run('journal', '--type', 'delivery', '--json')).stdout.trim().split('\n')).toHaveLength(1);
    expect((await run('journal', '--since', '2999-01-01')).stdout).toBe('');
  });

  it('follows until it is interrupted, which is no failure', async () => {
    const { sandbox, cwd } = await shared();
    await sandbox.s3.send(new ListBucketsCommand({}));
    const run = startCli(['sandbox', 'journal', '--follow', '--type', 'request', '--json'], { cwd });
    await run.stdout.until(({ text }) => text.includes('ListBuckets'));
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await sandbox.s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'k', Body: 'x' }));
    await run.stdout.until(({ text }) => text.includes('PutObject'));
    run.interrupt();
    expect(await run.code).toBe(0);
    expect(itemsOf(run.stdout.text).map(({ operation }) => operation)).toEqual([
      'ListBuckets',
      'CreateBucket',
      'PutObject',
    ]);
    expect(run.stderr.text).toBe('');
  });

  it('ends with the sandbox that it follows', async () => {
    const { sandbox, cwd } = await shared();
    await sandbox.s3.send(new ListBucketsCommand({}));
    const run = startCli(['sandbox', 'journal', '--follow'], { cwd });
    await run.stdout.until(({ text }) => text.includes('ListBuckets'));
    await sandbox.close();
    expect(await run.code).toBe(0);
    expect(run.stdout.text).toContain('The local AWS has ended.');
  });
});

describe('sandbox fault', () => {
  it('adds, lists and clears', async () => {
    const { sandbox, run } = await shared();
    const added = await run('fault', 'add', 'throttle:s3.ListBuckets,times=1', 'drop:key=in/*');
    expect(added).toMatchObject({ code: 0, stdout: 'throttle:s3.ListBuckets,times=1\ndrop:key=in/*\n' });
    await expect(sandbox.s3.send(new ListBucketsCommand({}))).rejects.toThrow('reduce your request rate');
    expect(envelopeOf(await run('fault', 'ls', '--json'))).toMatchObject({
      command: 'sandbox fault ls',
      status: 'ok',
      data: { faults: ['drop:key=in/*'] },
    });
    expect((await run('fault', 'clear')).stdout).toContain('No faults');
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('names the mistake, as start does before it starts anything', async () => {
    const { run } = await shared();
    for (const argv of [
      ['fault', 'add', 'deny:s3', 'throttel:s3'],
      ['start', '--fault', 'deny:s3', '--fault', 'throttel:s3'],
    ]) {
      const { code, stderr } = await run(...argv);
      expect(code).toBe(2);
      expect(stderr).toContain('fault "throttel:s3": there is no kind "throttel"; did you mean throttle?');
      expect(stderr).toContain('Kinds: deny, throttle');
    }
    expect((await run('fault', 'ls')).stdout).toContain('No faults');
  });
});

describe('sandbox lifecycle', () => {
  it('says what was done', async () => {
    const { sandbox, run } = await shared();
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    expect((await run('lifecycle', 'photos', '--after-days', '1')).stdout).toBe(
      'Lifecycle of photos, as if 1 day had passed: nothing was due.\n',
    );
    expect(envelopeOf(await run('lifecycle', '--json')).data).toMatchObject({
      bucket: null,
      afterDays: 0,
      done: { expired: 0, transitioned: 0 },
    });
    const missing = await run('lifecycle', 'nobody', '--json');
    expect(missing.code).toBe(1);
    expect(envelopeOf(missing).error).toMatchObject({ code: 'NOT_FOUND' });
  });
});

it.each([['journal'], ['journal', '--follow'], ['fault', 'ls'], ['fault', 'add', 'drop'], ['lifecycle']])(
  'sandbox %s %s %s: without a sandbox it says how to start one',
  async (...argv) => {
    const { code, stderr } = await runCli(['sandbox', ...argv]);
    expect(code).toBe(1);
    expect(stderr).toContain('no sandbox is running');
    expect(stderr).toContain('s3evt sandbox start --detach');
  },
);
