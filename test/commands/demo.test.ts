import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULT_RUNTIME } from '../../src/commands/init-function.ts';
import type { DemoItem } from '../../src/commands/demo.ts';
import { runCli, startCli, temporaryFolder } from '../support/run-cli.ts';

/** A temporary folder of this file's own: other tests make theirs at the same time. */
let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'demo-test-'));
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

/** Folders and listening servers that the demo must have taken away again. */
function leftovers(): { folders: string[]; servers: number } {
  const servers = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;
  return { folders: readdirSync(temporary).filter((name) => name.startsWith('s3evt-')), servers };
}

function itemsOf(stdout: string): DemoItem[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DemoItem);
}

/** The test's own folder does not count: it is removed later. */
function folder(): string {
  const path = join(temporary, 'work');
  mkdirSync(path);
  return path;
}

it.each([
  [DEFAULT_RUNTIME, []],
  ['nodejs24.x', ['--runtime', 'nodejs24.x']],
] as const)('shows the event of the picture on %s, and leaves nothing behind', async (_runtime, flags) => {
  const cwd = folder();
  const before = leftovers();
  const result = await runCli(['demo', ...flags], { cwd });
  expect(result.code).toBe(0);
  expect(result.stdout).toContain('s3://demo-01-events-lambda/beach.jpeg');
  expect(result.stdout).toContain('ObjectCreated:Put arrived');
  expect(result.stdout).toContain('"eventName": "ObjectCreated:Put"');
  expect(result.stdout).toContain('"key": "beach.jpeg"');
  expect(leftovers()).toEqual({ folders: [], servers: before.servers });
  expect(readdirSync(cwd)).toEqual([]);
});

it('prints JSON lines, each with its type', async () => {
  const result = await runCli(['demo', '--json'], { cwd: folder() });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const items = itemsOf(result.stdout);
  expect(items.slice(0, -1).every(({ type }) => type === 'step')).toBe(true);
  for (const item of items.slice(0, -1)) {
    expect(item).toEqual({
      type: 'step',
      id: expect.any(String) as string,
      title: expect.any(String) as string,
    });
  }
  expect(items.at(-1)).toMatchObject({
    type: 'event',
    bucket: 'demo-01-events-lambda',
    key: 'beach.jpeg',
    deliveries: [
      {
        status: 'delivered',
        destination: { kind: 'lambda' },
        record: { eventName: 'ObjectCreated:Put', bucket: 'demo-01-events-lambda', key: 'beach.jpeg' },
        invocation: 'ok',
      },
    ],
  });
});

it('uploads a file of the caller', async () => {
  const path = join(temporaryFolder(), 'my photo.png');
  writeFileSync(path, 'pixels');
  const items = itemsOf((await runCli(['demo', path, '--json'], { cwd: folder() })).stdout);
  expect(items.at(-1)).toMatchObject({ key: 'my photo.png', size: 6 });
});

it('takes another runtime on a machine without python3, and says so', async () => {
  vi.stubEnv('PATH', temporary);
  const result = await runCli(['demo'], { cwd: folder() });
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('no python3 on this machine: the function runs on nodejs24.x');
  expect(result.stdout).toContain('ObjectCreated:Put arrived');
});

it('takes no notice of project files and of AWS settings', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 's3evt.json'), 'this is not JSON');
  const above = join(temporary, 's3evt.json');
  writeFileSync(above, JSON.stringify({ version: 1, bucket: 'another', function: 'another' }));
  const result = await runCli(['demo', '--json'], {
    cwd,
    env: { AWS_PROFILE: 'no-such-profile', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
  });
  expect(result.code).toBe(0);
  expect(itemsOf(result.stdout).at(-1)).toMatchObject({ bucket: 'demo-01-events-lambda' });
  expect(readdirSync(cwd)).toEqual(['s3evt.json']);
  expect(readdirSync(temporary).sort()).toEqual(['s3evt.json', 'work']);
});

it('leaves nothing behind after Ctrl-C either', async () => {
  const before = leftovers();
  const run = startCli(['demo', '--json'], { cwd: folder() });
  onTestFinished(() => {
    run.interrupt();
  });
  await run.stdout.until(({ text }) => text.includes('"step"'));
  run.interrupt();
  expect(await run.code).toBe(130);
  expect(leftovers()).toEqual({ folders: [], servers: before.servers });
});

it('names a file that is not there', async () => {
  const result = await runCli(['demo', '/no/such/file.jpeg'], { cwd: folder() });
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('/no/such/file.jpeg cannot be read');
  expect(leftovers().folders).toEqual([]);
});
