import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
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

/** Of a file's compiled code: where it begins behind the index, its bytes, its checksum. */
type Place = readonly [number, number, number];
type Index = Readonly<Record<string, Place>>;

export interface CompiledCode extends CompiledFiles {
  /** Something that was asked for was not what had been saved. */
  readonly damaged: boolean;
  /** There is nothing more to be had then. Windows replaces no open file. */
  close(): void;
}

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
export function openCompiled(path: string): CompiledCode | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { uid, size } = fstatSync(file);
    if (process.getuid !== undefined && uid !== process.getuid()) throw new Error('of somebody else');
    const header = piece(file, 0, HEADER_BYTES);
    const length = header.readUInt32LE(4);
    if (length > size) throw new Error('damaged');
    const text = piece(file, HEADER_BYTES, length);
    if (checksum(text) !== header.readUInt32LE(0)) throw new Error('damaged');
    return compiledCode(file, HEADER_BYTES + length, JSON.parse(text.toString('latin1')) as Index);
  } catch {
    if (file !== undefined) closeSync(file);
    return undefined;
  }
}

/** Read piece by piece, as it is asked for: a mistake in the command line needs a tenth of what the command does. */
function compiledCode(file: number, start: number, index: Index): CompiledCode {
  let damaged = false;
  let open = true;
  return {
    get(name) {
      const place = open ? index[name] : undefined;
      if (place === undefined) return undefined;
      const [from, length, sum] = place;
      try {
        const data = piece(file, start + from, length);
        if (checksum(data) === sum) return data;
      } catch {
        // As good as damaged.
      }
      damaged = true;
      return undefined;
    },
    get damaged() {
      return damaged;
    },
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}

/** Memory of its own, since V8 copies compiled code that does not begin at a multiple of eight. */
function piece(file: number, from: number, length: number): Buffer {
  const content = Buffer.allocUnsafeSlow(length);
  // What is not read would be whatever was in that memory before.
  if (readSync(file, content, 0, length, from) < length) throw new Error('cut off');
  return content;
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
  const index: Record<string, Place> = {};
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, script] of scripts) {
    const data = script.createCachedData();
    index[name] = [end, data.length, checksum(data)];
    end += data.length;
    parts.push(data);
  }
  const text = Buffer.from(JSON.stringify(index), 'latin1');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(checksum(text), 0);
  header.writeUInt32LE(text.length, 4);
  return Buffer.concat([header, text, ...parts]);
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

/** Loaded here: `--version` does not need it. */
function checksum(content: Buffer): number {
  return process.getBuiltinModule('node:zlib').crc32(content);
}
