import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import {
  cacheRoot,
  openCompiled,
  pruneOthers,
  saveCompiled,
  type CompiledCode,
} from '../../src/launcher/code-cache.ts';
import { temporaryFolder } from '../support/run-cli.ts';

test.each([
  ['linux', { HOME: '/home/ann' }, '/home/ann/.cache/s3evt'],
  ['darwin', { HOME: '/Users/ann' }, '/Users/ann/Library/Caches/s3evt'],
  ['linux', { HOME: '/home/ann', XDG_CACHE_HOME: '/caches' }, '/caches/s3evt'],
  ['linux', { HOME: '/home/ann', XDG_CACHE_HOME: 'relative' }, '/home/ann/.cache/s3evt'],
  ['win32', { HOME: '/home/ann', LOCALAPPDATA: '/local' }, '/local/s3evt'],
  ['win32', { HOME: '/home/ann' }, undefined],
  ['linux', {}, undefined],
  ['linux', { HOME: '/home/ann', S3EVT_NO_CODE_CACHE: '1' }, undefined],
  ['linux', { HOME: '/home/ann', S3EVT_NO_CODE_CACHE: '' }, '/home/ann/.cache/s3evt'],
] as const)('on %s with %j the cache is at %s', (platform, env, root) => {
  expect(cacheRoot(env, platform)).toBe(root);
});

const SOURCES = {
  './a.cjs': 'function twice(x) { return 2 * x } twice(21)',
  './b.cjs': '"b".repeat(3)',
};

function saved(): { path: string; scripts: ReadonlyMap<string, Script> } {
  const path = join(temporaryFolder(), 'build', 'ls');
  const scripts = new Map(Object.entries(SOURCES).map(([name, source]) => [name, new Script(source)]));
  for (const script of scripts.values()) script.runInThisContext();
  expect(saveCompiled(path, scripts)).toBe(true);
  return { path, scripts };
}

/** Closed after the test. */
function opened(path: string): CompiledCode | undefined {
  const compiled = openCompiled(path);
  onTestFinished(() => compiled?.close());
  return compiled;
}

const contentOf = (compiled: CompiledCode) => Object.keys(SOURCES).map((name) => compiled.get(name));

test('what is saved is taken by V8 again, and nothing is left beside it', () => {
  const { path } = saved();
  const compiled = opened(path)!;
  for (const [name, source] of Object.entries(SOURCES)) {
    const script = new Script(source, { cachedData: compiled.get(name)! });
    expect(script.cachedDataRejected).toBe(false);
    expect(script.runInThisContext()).toBe(name === './a.cjs' ? 42 : 'bbb');
  }
  expect(compiled.get('./c.cjs')).toBeUndefined();
  expect(compiled.damaged).toBe(false);
  expect(readdirSync(join(path, '..'))).toEqual(['ls']);
});

test('of a file with any bit flipped, cut off or foreign nothing damaged is given out', () => {
  const { path } = saved();
  const content = readFileSync(path);
  const good = contentOf(opened(path)!);
  for (let at = 0; at < content.length; at += 7) {
    const damaged = Buffer.from(content);
    damaged[at]! ^= 1;
    writeFileSync(path, damaged);
    const compiled = opened(path);
    if (compiled === undefined) continue;
    // The flipped bit lies in the code of one of the two.
    const given = contentOf(compiled);
    expect(
      given.filter((data) => data === undefined),
      `byte ${at}`,
    ).toHaveLength(1);
    for (const [i, data] of given.entries()) if (data !== undefined) expect(data).toEqual(good[i]);
    expect(compiled.damaged).toBe(true);
  }
  for (const length of [0, 3, 9]) {
    writeFileSync(path, content.subarray(0, length));
    expect(opened(path), `${length} bytes`).toBeUndefined();
  }
  writeFileSync(path, content.subarray(0, -1));
  expect(contentOf(opened(path)!)[1]).toBeUndefined();
  expect(opened(join(path, '..'))).toBeUndefined();
  expect(opened(`${path}-absent`)).toBeUndefined();
});

test('what is closed has nothing more to give, and is not damaged', () => {
  const compiled = opened(saved().path)!;
  compiled.close();
  expect(contentOf(compiled)).toEqual([undefined, undefined]);
  expect(compiled.damaged).toBe(false);
});

test('where nothing can be written, saving fails without a word', () => {
  const { scripts } = saved();
  const file = join(temporaryFolder(), 'a-file');
  writeFileSync(file, '');
  expect(saveCompiled(join(file, 'build', 'ls'), scripts)).toBe(false);
});

test('of other builds the latest stays, and what is not compiled code is left alone', () => {
  const root = temporaryFolder();
  for (const [i, name] of ['code-old', 'code-older', 'code-now', 'else'].entries()) {
    mkdirSync(join(root, name));
    utimesSync(join(root, name), 1_000_000 - i, 1_000_000 - i);
  }
  pruneOthers(root, 'code-now');
  expect(readdirSync(root).sort()).toEqual(['code-now', 'code-old', 'else']);
  pruneOthers(join(root, 'absent'), 'code-now');
});
