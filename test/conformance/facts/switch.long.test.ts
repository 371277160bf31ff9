/** The switch from a sandbox within the process to something else: the rows themselves stay the same. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { requestsOf } from '../../support/journal.ts';
import { startTestSandbox } from '../../support/sandbox.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FILES = ['02-record', '03-errors', '03-put-notification', '07-policies'];

interface Outcome {
  readonly code: number;
  /** What vitest prints. */
  readonly text: string;
  readonly passed: number;
  readonly skipped: number;
}

/** Runs files of the table in a process of their own. */
function runTable(target: string, files: readonly string[]): Promise<Outcome> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const paths = files.map((file) => `test/conformance/facts/${file}.test.ts`);
  // What this run's own vitest has set would make the other one a worker of it.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const env = { ...Object.fromEntries(inherited), S3EVT_CONFORMANCE: target, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [vitest, 'run', ...paths], { cwd: ROOT, env }, (error, stdout, stderr) => {
      const summary = /^ *Tests .*$/m.exec(stdout)?.[0] ?? '';
      const count = (what: string) => Number(new RegExp(`(\\d+) ${what}`).exec(summary)?.[1] ?? 0);
      resolve({
        code: error ? 1 : 0,
        text: stdout + stderr,
        passed: count('passed'),
        skipped: count('skipped'),
      });
    });
  });
}

test('the same rows hold for a sandbox in another process, which they leave empty', async () => {
  const sandbox = await startTestSandbox();
  const { code, text, passed, skipped } = await runTable(sandbox.url, FILES);
  expect(code, text).toBe(0);
  expect(passed).toBeGreaterThan(100);
  // Those that need the sandbox itself.
  expect(skipped).toBeGreaterThan(0);
  expect(requestsOf(sandbox)).toContain('s3.PutBucketNotificationConfiguration');

  const settings = {
    endpoint: sandbox.url,
    region: sandbox.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const [sqs, sns] = [new SQSClient(settings), new SNSClient(settings)];
  onTestFinished(() => {
    sqs.destroy();
    sns.destroy();
  });
  expect((await sandbox.s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([]);
  expect((await sns.send(new ListTopicsCommand({}))).Topics ?? []).toEqual([]);
  expect((await sandbox.lambda.send(new ListFunctionsCommand({}))).Functions ?? []).toEqual([]);
  expect((await sandbox.iam.send(new ListRolesCommand({}))).Roles ?? []).toEqual([]);
});

test('an address on another machine is refused before anything is sent', async () => {
  const { code, text, passed } = await runTable('http://192.0.2.1:4566', ['03-errors']);
  expect({ code, passed }).toEqual({ code: 1, passed: 0 });
  expect(text).toContain('S3EVT_CONFORMANCE is "aws" or');
});
