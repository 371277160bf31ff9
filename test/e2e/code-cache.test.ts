import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBinary, type BinaryResult } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';

/** A command that ends well without AWS. */
const MATCH = ['match', 'in/a.jpg', '--pattern', '{"source":["aws.s3"]}', '--bucket', 'b', '--no-input'];

function match(cache: string, env: Readonly<Record<string, string>> = {}): Promise<BinaryResult> {
  return runBinary(MATCH, { env: { XDG_CACHE_HOME: cache, ...env } });
}

/** Files below the cache folder, by their paths in it. */
function entries(cache: string): readonly string[] {
  if (!existsSync(cache)) return [];
  return readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(cache, path)).isFile(),
  );
}

test('a good run leaves compiled code, the next takes it and leaves it as it is', async () => {
  const cache = temporaryFolder();
  const first = await match(cache);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const [path, ...others] = entries(cache);
  expect(path).toMatch(/^s3evt.code-[0-9a-f]{16}-[^/]+.match$/);
  expect(others).toEqual([]);
  const { ino } = statSync(join(cache, path!));
  expect(await match(cache)).toEqual(first);
  expect(statSync(join(cache, path!)).ino).toBe(ino);
});

test('damaged code is not run, and made anew', async () => {
  const cache = temporaryFolder();
  const first = await match(cache);
  const path = join(cache, entries(cache)[0]!);
  const content = readFileSync(path);
  writeFileSync(path, Buffer.from(content).fill(0xa5, Math.floor(content.length / 2)));
  expect(await match(cache)).toEqual(first);
  expect(readFileSync(path).includes(Buffer.alloc(64, 0xa5))).toBe(false);
  expect(await match(cache)).toEqual(first);
});

test('first runs at the same time do not disturb each other', async () => {
  const cache = temporaryFolder();
  const runs = await Promise.all([match(cache), match(cache), match(cache)]);
  for (const run of runs) expect(run).toEqual(runs[0]);
  expect(runs[0].code).toBe(0);
  expect(entries(cache)).toHaveLength(1);
});

test('where nothing can be kept, commands work the same', async () => {
  const cache = temporaryFolder();
  const file = join(cache, 'a-file');
  writeFileSync(file, '');
  const [kept, switchedOff, nowhere] = await Promise.all([
    match(join(cache, 'kept')),
    match(join(cache, 'off'), { S3EVT_NO_CODE_CACHE: '1' }),
    match(file),
  ]);
  expect(kept.code).toBe(0);
  expect([switchedOff, nowhere]).toEqual([kept, kept]);
  expect(entries(join(cache, 'off'))).toEqual([]);
});

test('what ends with a mistake leaves code for all commands, not for the one it names', async () => {
  const cache = temporaryFolder();
  const env = { XDG_CACHE_HOME: cache };
  expect((await runBinary(['ls', '--bogus'], { env })).code).toBe(2);
  expect(entries(cache).map((path) => path.split(/[\\/]/).at(-1))).toEqual(['common']);
});
