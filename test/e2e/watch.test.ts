/** `watch` as a process: killed with SIGKILL, the next start on this machine removes all that it left; and a closed pipe. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { runBinary, startBinary } from '../support/binary.ts';
import { foreignQueue, notificationOf, putNotification } from '../support/foreign.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { NOTHING, remains } from '../support/taps.ts';

const settings = (url: string) => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

/** Reads what the child prints until it watches. */
async function untilWatching(child: ChildProcess): Promise<void> {
  let text = '';
  await new Promise<void>((done, fail) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('"state":"watching"')) done();
    });
    child.once('exit', (code) => fail(new Error(`ended with ${String(code)}: ${text}`)));
  });
}

test.each([
  ['with EventBridge on', { EventBridgeConfiguration: {} }],
  ['that turned EventBridge on', {}],
])('a watch %s', async (_name, document) => {
  const sandbox = await startTestSandbox();
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await putNotification(sandbox, 'photos', document);
  const cwd = temporaryFolder();
  const env = settings(sandbox.url);
  const args = ['watch', 'photos', '--yes', '--json'];
  const child = startBinary(args, { cwd, env });
  await untilWatching(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = await remains(sandbox);
  expect([left.queues.length, left.rules.length]).toEqual([1, 1]);
  expect(await notificationOf(sandbox, 'photos')).toEqual({ EventBridgeConfiguration: {} });

  const next = await runBinary([...args, '--timeout', '1ms'], { cwd, env });
  expect(next).toMatchObject({ code: 0 });
  expect(await remains(sandbox)).toEqual(NOTHING);
  expect(await notificationOf(sandbox, 'photos')).toEqual(document);
  expect(readdirSync(join(cwd, 'state', 's3evt', 'taps'))).toEqual([]);
});

test('a watch that was killed after somebody added a rule: the rule stays, EventBridge is off', async () => {
  const sandbox = await startTestSandbox();
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const options = { cwd: temporaryFolder(), env: settings(sandbox.url) };
  const args = ['watch', 'photos', '--yes', '--json'];
  const child = startBinary(args, options);
  await untilWatching(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const QueueArn = await foreignQueue(sandbox, 'jobs');
  const rules = { QueueConfigurations: [{ Id: 'jobs', QueueArn, Events: ['s3:ObjectCreated:*' as const] }] };
  await putNotification(sandbox, 'photos', { ...rules, EventBridgeConfiguration: {} });

  expect(await runBinary([...args, '--timeout', '1ms'], options)).toMatchObject({ code: 0 });
  expect(await notificationOf(sandbox, 'photos')).toEqual(rules);
  expect(await remains(sandbox)).toMatchObject({ queues: ['jobs'], rules: [] });
  expect(readdirSync(join(options.cwd, 'state', 's3evt', 'taps'))).toEqual([]);
});

test('a reader that goes away ends a watch with 0, and nothing is left', async () => {
  const sandbox = await startTestSandbox();
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await putNotification(sandbox, 'photos', { EventBridgeConfiguration: {} });
  const child = startBinary(['watch', 'photos', '--json'], { env: settings(sandbox.url) });
  await untilWatching(child);
  child.stdout?.destroy();
  await sandbox.s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a.txt', Body: 'x' }));
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await remains(sandbox)).toEqual(NOTHING);
});
