import { createHash } from 'node:crypto';
import { mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import type { CodePackage } from './execution.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_ZIPPED_BYTES = 52_428_800;
const MAX_UNZIPPED_BYTES = 262_144_000;

export type PackageProblem = 'unreadable' | 'empty' | 'too-large-zipped' | 'too-large-unzipped';

/** A path that stays below the root and that every platform reads alike. */
function isSafe(name: string): boolean {
  if (name === '' || name.startsWith('/') || /[\\\0]/.test(name) || /^[A-Za-z]:/.test(name)) return false;
  return !name.split('/').includes('..');
}

/** Sizes are judged from the directory, before anything is inflated: a 300 kB bomb can hold gigabytes. */
function unzip(zip: Uint8Array): Record<string, Uint8Array> | PackageProblem {
  const seen = { bytes: 0, safe: true };
  try {
    const entries = unzipSync(zip, {
      filter(file) {
        seen.bytes += file.originalSize;
        seen.safe &&= isSafe(file.name);
        return seen.safe && seen.bytes < MAX_UNZIPPED_BYTES && !file.name.endsWith('/');
      },
    });
    if (seen.bytes >= MAX_UNZIPPED_BYTES) return 'too-large-unzipped';
    if (!seen.safe) return 'unreadable';
    return Object.keys(entries).length === 0 ? 'empty' : entries;
  } catch {
    return 'unreadable';
  }
}

/** Checks an uploaded deployment package as CreateFunction does: by unpacking it. */
export function readPackage(zip: Uint8Array): CodePackage | PackageProblem {
  if (zip.byteLength >= MAX_ZIPPED_BYTES) return 'too-large-zipped';
  const entries = unzip(zip);
  if (typeof entries === 'string') return entries;
  return { zip, sha256: createHash('sha256').update(zip).digest('base64') };
}

/** Extracted packages below one folder. A package is extracted when it is first needed and again after `remove`. */
export class CodeStore {
  readonly #root: string;
  readonly #folders = new Map<CodePackage, Promise<string>>();
  #count = 0;

  constructor(root: string) {
    this.#root = root;
  }

  folder(code: CodePackage): Promise<string> {
    let folder = this.#folders.get(code);
    if (!folder) {
      folder = this.#extract(code, join(this.#root, String(++this.#count)));
      this.#folders.set(code, folder);
    }
    return folder;
  }

  async remove(code: CodePackage): Promise<void> {
    const folder = this.#folders.get(code);
    if (!folder) return;
    this.#folders.delete(code);
    await folder.then((path) => rm(path, { recursive: true, force: true })).catch(() => undefined);
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#folders.keys()].map((code) => this.remove(code)));
    await rm(this.#root, { recursive: true, force: true });
  }

  async #extract(code: CodePackage, path: string): Promise<string> {
    const entries = unzip(code.zip);
    if (typeof entries === 'string') throw new Error(`the deployment package is ${entries}`);
    await mkdir(path, { recursive: true });
    for (const [name, data] of Object.entries(entries)) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      // Modes are not read from the zip; all files executable is what lets a bundled binary run.
      await writeFile(file, data, { mode: 0o755 });
    }
    // Tracebacks name the real path: it has to be the one that the bootstraps replace by /var/task.
    return realpath(path);
  }
}
