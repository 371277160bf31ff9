import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startLambda } from './harness.ts';

const tellsFilesApart = (() => {
  try {
    return readFileSync('/proc/self/status', 'latin1').includes('RssFile:');
  } catch {
    return false;
  }
})();

describe.runIf(tellsFilesApart)('memory', () => {
  test('a function that takes more than it has is killed; its next environment starts anew', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `
export const handler = async ({ megabytes, wait }) => {
  const block = Buffer.alloc(megabytes << 20, 1);
  if (wait) await new Promise(() => setInterval(() => block, 1000));
  return process.pid;
};`,
      },
      { MemorySize: 192, Timeout: 60 },
    );
    const first = await invoke('fn', { megabytes: 16 });
    expect(first.error).toBeUndefined();
    for (const wait of [true, false]) {
      const { error, value, requestId } = await invoke('fn', { megabytes: 512, wait });
      expect(error).toBe('Unhandled');
      expect(value).toEqual({
        errorType: 'Runtime.OutOfMemory',
        errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
      });
      const report = messages().find((m) => m.startsWith(`REPORT RequestId: ${requestId}`));
      expect(report).toMatch(
        /\tMemory Size: 192 MB\tMax Memory Used: 192 MB\t.*Status: error\tError Type: Runtime\.OutOfMemory\n$/,
      );
    }
    const next = await invoke('fn', { megabytes: 16 });
    expect(next.text).not.toBe(first.text);
    expect(next.error).toBeUndefined();
  });

  test('at the start too', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs':
          'const block = Buffer.alloc(512 << 20, 1); export const handler = async () => block.length;',
      },
      { Timeout: 60 },
    );
    expect((await invoke('fn')).value).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
    const reports = messages().filter((m) => m.startsWith('INIT_REPORT'));
    expect(reports.map((m) => m.split('\t').slice(1).join(' ').trim())).toEqual([
      'Phase: init Status: error Error Type: Runtime.OutOfMemory',
      'Phase: invoke Status: error Error Type: Runtime.OutOfMemory',
    ]);
  });

  test('a heap that grows without end is killed before the runtime gives up by itself', async () => {
    const { create, invoke } = await startLambda();
    const code = `export const handler = async () => { for (const list = []; ; ) list.push(new Array(1000).fill({})); };`;
    await create('fn', { 'app.mjs': code }, { Timeout: 60 });
    expect((await invoke('fn')).value).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
  });
});
