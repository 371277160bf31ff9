import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type * as Program from '../cli/index.ts';
import { cacheRoot, openCompiled, pruneOthers, saveCompiled, type CompiledCode } from './code-cache.ts';
import { helpPage, terminalColumns } from './help-page.ts';
import { createLoader } from './loader.ts';

/** Put in by the build. */
declare const BUILD: {
  readonly version: string;
  /** Of the content of all code. */
  readonly id: string;
  /** The file that exports the program. */
  readonly entry: string;
  /** Paths of all commands: `sandbox start`. */
  readonly commands: readonly string[];
};

/** Compiled code of runs that ended before any command: what every command can begin with. */
const COMMON = 'common';

/** What runs on is compiled by then; it may end by a signal that leaves no time. */
const SAVE_AFTER_MS = 2_000;

/**
 * Starts what the command line asks for. The version and help are printed without the program; the rest runs with the code
 * that V8 compiled in an earlier run of the same command.
 */
export function launch(script: string): void {
  const args = process.argv.slice(2);
  const isVersion = args.length === 1 && (args[0] === '--version' || args[0] === '-V');
  const text = isVersion ? `${BUILD.version}\n` : helpPage(args, __dirname, terminalColumns);
  if (text === undefined) runProgram(script, args);
  else print(text);
}

function runProgram(script: string, args: readonly string[]): void {
  const root = cacheRoot(process.env, process.platform);
  const build = `code-${BUILD.id}-${process.versions.v8}-${process.arch}`;
  const compiledFile = (name: string) => join(root ?? '', build, name);
  const command = commandOf(args);
  const own = root === undefined ? undefined : openCompiled(compiledFile(command));
  const compiled = own ?? (root === undefined ? undefined : openCompiled(compiledFile(COMMON)));
  const loader = createLoader(__dirname, compiled);

  const save = (name: string, present: CompiledCode | undefined) => {
    // V8 rejects what was compiled under other flags: who starts Node with flags once must not spoil it for the others.
    const mayReplace = process.execArgv.length === 0 && process.env['NODE_OPTIONS'] === undefined;
    const isGood = present !== undefined && !present.damaged && !(loader.rejected && mayReplace);
    if (root === undefined || isGood) return;
    clearTimeout(timer);
    compiled?.close();
    if (saveCompiled(compiledFile(name), loader.scripts)) pruneOthers(root, build);
  };
  const timer = setTimeout(() => save(command, own), SAVE_AFTER_MS).unref();

  const { main, processHost } = loader.load(BUILD.entry) as typeof Program;
  const host = processHost({ script, packageRoot: join(__dirname, '..'), version: BUILD.version });
  void main(args, host).then((code) => {
    process.exitCode = code;
    if (code === 2) save(COMMON, compiled);
    else if (code === 0 || code === 3) save(command, own);
  });
}

/** The command that is named, as a file name; only of known ones, so that their number is bounded. */
function commandOf(args: readonly string[]): string {
  const [first = '', second = ''] = args.filter((word) => !word.startsWith('-'));
  const named = [`${first} ${second}`, first].find((path) => BUILD.commands.includes(path));
  return named?.replaceAll(' ', '-') ?? COMMON;
}

/** At once and without `process.stdout`, whose streams take as long to load as all the rest of such a run. */
function print(text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(1, bytes, done);
  } catch (error) {
    // A reader that went away is no failure.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    // EAGAIN: a pipe that is full and that somebody else has made non-blocking.
    process.stdout.on('error', () => undefined).write(bytes.subarray(done));
  }
}
