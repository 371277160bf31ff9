import { readFileSync } from 'node:fs';
import type { Script } from 'node:vm';

/** Of a file: the code that V8 compiled it to, as `createCachedData` gave it. */
export interface CompiledFiles {
  get(name: string): Uint8Array | undefined;
}

export interface Loader {
  /** Runs `./name.cjs` of the folder, once, and returns its exports. Names without `./` are Node's own modules. */
  load(name: string): unknown;
  /** What was run so far; what of it is compiled by then can be saved. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** V8 did not take what was compiled: other flags or another version than when it was saved. */
  readonly rejected: boolean;
}

type Wrapper = (
  exports: unknown,
  require: (name: string) => unknown,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

/**
 * `require` for the files of the bundle. Node's own takes no compiled code before Node 22.1, and after that reads it from one
 * file for each module, half a hundred for a command: slower than from the one file of code-cache.ts.
 */
export function createLoader(folder: string, compiled: CompiledFiles | undefined): Loader {
  const modules = new Map<string, { exports: unknown }>();
  const scripts = new Map<string, Script>();
  let rejected = false;
  // Not an import: `--version` would load it too.
  const vm = process.getBuiltinModule('node:vm');

  function load(name: string): unknown {
    if (!name.startsWith('./')) return process.getBuiltinModule(name);
    const known = modules.get(name);
    if (known) return known.exports;
    const file = folder + name.slice(1);
    const cachedData = compiled?.get(name);
    // The bundler writes ASCII only, and as latin1 it is read without a look at each byte.
    const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${read(file)}\n})`, {
      filename: file,
      cachedData,
    });
    rejected ||= script.cachedDataRejected === true;
    const module = { exports: {} };
    modules.set(name, module);
    scripts.set(name, script);
    (script.runInThisContext() as Wrapper)(module.exports, load, module, file, folder);
    return module.exports;
  }

  return {
    load,
    scripts,
    get rejected() {
      return rejected;
    },
  };
}

function read(file: string): string {
  return readFileSync(file, 'latin1');
}
