import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/sandbox/journal.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

async function ask(sandbox: TestSandbox, method: string, path: string, signal?: AbortSignal) {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, { method, ...(signal && { signal }) });
  return { status: response.status, body: (await response.json()) as never };
}

describe('GET journal', () => {
  const page = async (sandbox: TestSandbox, query: string, signal?: AbortSignal) =>
    (await ask(sandbox, 'GET', `journal${query}`, signal)).body as readonly JournalEntry[];

  it('answers page by page', async () => {
    const sandbox = await startTestSandbox();
    for (let i = 0; i < 3; i++) await sandbox.s3.send(new ListBucketsCommand({}));
    expect((await page(sandbox, '')).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect((await page(sandbox, '?after=1&limit=1')).map(({ seq }) => seq)).toEqual([2]);
    expect(await page(sandbox, '?after=3')).toEqual([]);
  });

  it('waits for the next entry, but not for ever', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    const next = page(sandbox, '?after=0&wait=20000');
    await clock.waitForSleeper();
    await sandbox.s3.send(new ListBucketsCommand({}));
    expect(await next).toMatchObject([{ seq: 1, operation: 'ListBuckets', at: clock.now() }]);
    const none = page(sandbox, '?after=1&wait=20000');
    await clock.waitForSleeper();
    await clock.advance(20_000);
    expect(await none).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });

  it('forgets who went away', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    const abort = new AbortController();
    const gone = page(sandbox, '?after=0&wait=20000', abort.signal);
    await clock.waitForSleeper();
    abort.abort();
    await expect(gone).rejects.toThrow();
    while (clock.sleepers > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(sandbox.errors).toEqual([]);
  });
});

describe('faults', () => {
  it('are added, listed and cleared while the sandbox runs', async () => {
    const sandbox = await startTestSandbox();
    const added = await ask(
      sandbox,
      'POST',
      'faults?spec=throttle%3As3.ListBuckets%2Ctimes%3D1&spec=reorder:3s',
    );
    expect(added).toEqual({ status: 200, body: ['throttle:s3.ListBuckets,times=1', 'reorder:3s'] });
    await expect(sandbox.s3.send(new ListBucketsCommand({}))).rejects.toThrow('reduce your request rate');
    expect(await ask(sandbox, 'GET', 'faults')).toEqual({ status: 200, body: ['reorder:3s'] });
    expect(await ask(sandbox, 'DELETE', 'faults')).toEqual({ status: 200, body: [] });
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('are added all or none', async () => {
    const sandbox = await startTestSandbox();
    expect(await ask(sandbox, 'POST', 'faults?spec=deny:s3&spec=deny:s3.Nothing')).toEqual({
      status: 400,
      body: {
        code: 'USAGE',
        message: 'fault "deny:s3.Nothing": s3 has no operation "Nothing"',
        hint: expect.any(String),
      },
    });
    expect(sandbox.faults.list()).toEqual([]);
  });
});

describe('POST lifecycle', () => {
  it('does what is due, as if days had passed', async () => {
    const sandbox = await startTestSandbox();
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'aging' }));
    await sandbox.s3.send(new PutObjectCommand({ Bucket: 'aging', Key: 'a', Body: 'x' }));
    const { PutBucketLifecycleConfigurationCommand } = await import('@aws-sdk/client-s3');
    await sandbox.s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: 'aging',
        LifecycleConfiguration: {
          Rules: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 3 } }],
        },
      }),
    );
    expect(await ask(sandbox, 'POST', 'lifecycle?bucket=aging')).toMatchObject({
      status: 200,
      body: { expired: 0 },
    });
    expect(await ask(sandbox, 'POST', 'lifecycle?days=5')).toMatchObject({
      status: 200,
      body: { expired: 1 },
    });
    expect(await ask(sandbox, 'POST', 'lifecycle?bucket=nobody')).toMatchObject({
      status: 400,
      body: { code: 'NOT_FOUND', message: 'the sandbox has no bucket nobody' },
    });
  });
});

it('an unknown route is told so', async () => {
  const sandbox = await startTestSandbox();
  expect((await ask(sandbox, 'GET', 'toString')).status).toBe(404);
  expect((await ask(sandbox, 'POST', 'journal')).status).toBe(404);
});
