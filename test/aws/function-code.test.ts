import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { functionCode, isNodeRuntime } from '../../src/aws/function-code.ts';

const EVENT = { Records: [{ s3: { object: { key: 'summer+trip/beach+1.jpeg' } } }] };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The package's only file, unpacked into a folder of its own. */
function unpack(runtime: string): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-test-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const entries = Object.entries(unzipSync(functionCode(runtime).zip));
  expect(entries).toHaveLength(1);
  const [[file, bytes] = ['', new Uint8Array()]] = entries;
  writeFileSync(join(folder, file), bytes);
  return { folder, file };
}

test.each([
  ['python3.13', 'app.handler', 'app.py'],
  ['nodejs22.x', 'index.handler', 'index.mjs'],
])('%s: the handler is in the package, readable for everybody', (runtime, handler, file) => {
  const code = functionCode(runtime);
  expect(code.handler).toBe(handler);
  expect(Object.keys(unzipSync(code.zip))).toEqual([file]);
  expect(strFromU8(code.zip.slice(0, 2))).toBe('PK');
  // External attributes of the central directory: rw-r--r--.
  const at = Buffer.from(code.zip).indexOf('PK\x01\x02');
  expect((Buffer.from(code.zip).readUInt32LE(at + 38) >>> 16) & 0o777).toBe(0o644);
  expect(isNodeRuntime(runtime)).toBe(runtime.startsWith('nodejs'));
});

describe('the same code gives the same bytes', () => {
  test.each(['python3.13', 'nodejs22.x'])('%s, in every time zone', (runtime) => {
    const bytes = ['UTC', 'America/Los_Angeles', 'Pacific/Kiritimati'].map((zone) => {
      vi.stubEnv('TZ', zone);
      return Buffer.from(functionCode(runtime).zip).toString('base64');
    });
    expect(new Set(bytes).size).toBe(1);
  });
});

test('the Python handler prints the event as one line of JSON', () => {
  const { folder } = unpack('python3.13');
  const call = `import app, json; print(json.dumps(app.handler(json.loads(${JSON.stringify(JSON.stringify(EVENT))}), None))); app.handler({}, None)`;
  const lines = execFileSync('python3', ['-B', '-c', call], { cwd: folder, encoding: 'utf8' })
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([EVENT, { records: 1 }, {}]);
});

test('the Node handler prints the event as one line of JSON', async () => {
  const { folder, file } = unpack('nodejs22.x');
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => {
    log.mockRestore();
  });
  const { handler } = (await import(pathToFileURL(join(folder, file)).href)) as {
    handler: (event: unknown) => Promise<unknown>;
  };
  expect(await handler(EVENT)).toEqual({ records: 1 });
  expect(await handler({})).toEqual({ records: 0 });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([EVENT, {}]);
});
