import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { CompiledFiles } from './loader.ts';

/** Folders of other builds, Node versions and architectures that stay beside the one in use. */
const OTHERS_KEPT = 1;

/** Ahead of the index: its checksum's and its length's 32 bits. */
const HEADER_BYTES = 8;

/** V8 copies compiled code that does not begin at a multiple of this. */
const ALIGNMENT = 8;

/** The user's cache folder for this program; undefined where there is none or S3EVT_NO_CODE_CACHE says not to use it. */
export function cacheRoot(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  const off = env['S3EVT_NO_CODE_CACHE'];
  if (off !== undefined && off !== '' && off !== '0') return undefined;
  const within = (folder: string | undefined, ...rest: readonly string[]) =>
    // https://specifications.freedesktop.org/basedir-spec/latest/: relative paths are invalid and to be ignored.
    folder !== undefined && isAbsolute(folder) ? join(folder, ...rest, 's3evt') : undefined;
  const xdg = within(env['XDG_CACHE_HOME']);
  if (xdg !== undefined) return xdg;
  if (platform === 'win32') return within(env['LOCALAPPDATA']);
  return platform === 'darwin' ? within(env['HOME'], 'Library', 'Caches') : within(env['HOME'], '.cache');
}

/**
 * What was saved; undefined when there is nothing, it is damaged, or it belongs to somebody else, whose code must not run
 * here. V8 itself checks versions and flags, but not the content: a flipped bit would crash or worse.
 */
export function readCompiled(path: string): CompiledFiles | undefined {
  try {
    const content = readOwn(path);
    if (content === undefined || content.readUInt32LE(0) !== checksum(content.subarray(4))) return undefined;
    const start = HEADER_BYTES + content.readUInt32LE(4);
    const index = JSON.parse(content.toString('latin1', HEADER_BYTES, start)) as Record<
      string,
      [number, number]
    >;
    const first = aligned(start);
    return new Map(
      Object.entries(index).map(([name, [from, to]]) => [name, content.subarray(first + from, first + to)]),
    );
  } catch {
    return undefined;
  }
}

function readOwn(path: string): Buffer | undefined {
  const file = openSync(path, 'r');
  try {
    const { uid } = fstatSync(file);
    return process.getuid === undefined || uid === process.getuid() ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

/**
 * Saves what is compiled of the scripts, as one file that appears whole or not at all. Never throws: a cache is no reason
 * for a command to fail.
 */
export function saveCompiled(
  path: string,
  scripts: ReadonlyMap<string, { createCachedData(): Buffer }>,
): boolean {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, pack(scripts), { mode: 0o600 });
    renameSync(temporary, path);
    return true;
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Where nothing can be written, nothing can be removed.
    }
    return false;
  }
}

function pack(scripts: ReadonlyMap<string, { createCachedData(): Buffer }>): Buffer {
  const index: Record<string, readonly [number, number]> = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, script] of scripts) {
    const data = script.createCachedData();
    index[name] = [end, end + data.length];
    end = aligned(end + data.length);
    parts.push(data, Buffer.alloc(aligned(data.length) - data.length));
  }
  const text = Buffer.from(JSON.stringify(index), 'latin1');
  const header = Buffer.alloc(aligned(HEADER_BYTES + text.length));
  header.writeUInt32LE(text.length, 4);
  text.copy(header, HEADER_BYTES);
  const content = Buffer.concat([header, ...parts]);
  content.writeUInt32LE(checksum(content.subarray(4)), 0);
  return content;
}

/** Removes what other builds and Node versions left, but for the latest: two Node versions in turn would undo each other's. */
export function pruneOthers(root: string, inUse: string): void {
  try {
    const others = readdirSync(root).filter((name) => name.startsWith('code-') && name !== inUse);
    const age = (name: string) => statSync(join(root, name)).mtimeMs;
    const oldest = others.sort((a, b) => age(b) - age(a)).slice(OTHERS_KEPT);
    for (const name of oldest) rmSync(join(root, name), { recursive: true, force: true });
  } catch {
    // Somebody else removes them at the same time, or nobody may.
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Loaded here: a call to AWS needs zlib too, `--version` does not. */
function checksum(content: Buffer): number {
  return process.getBuiltinModule('node:zlib').crc32(content);
}
