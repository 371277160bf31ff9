import { Command, Option } from 'commander';
import { addDemo } from './declarations/demo.ts';
import { addDoctor } from './declarations/doctor.ts';
import { addInit } from './declarations/init.ts';
import { addLs, addStatus, addWhoami } from './declarations/looks.ts';
import { addMatch } from './declarations/match.ts';
import { addDestroy, addUndo } from './declarations/removals.ts';
import { addAdd, addApply, addDiff, addRm } from './declarations/rules.ts';
import { addSandbox } from './declarations/sandbox.ts';
import { addTail } from './declarations/tail.ts';
import { addTestUpload } from './declarations/test-upload.ts';
import { addTrace } from './declarations/trace.ts';
import { addWatch } from './declarations/watch.ts';
import type { Dispatch } from './dispatch.ts';
import type { Host } from './host.ts';

const EXAMPLES = `
Examples:
  $ s3evt demo                                 the whole story on a local AWS, no account needed
  $ s3evt init                                 set up a bucket and a function, step by step
  $ s3evt init my-bucket --function Demo-S3 --event create --prefix in/ --yes
  $ s3evt test-upload beach.jpeg               upload, and watch the event arrive
  $ s3evt tail                                 follow the function's log, events drawn as lines
  $ s3evt doctor my-bucket                     why do events not arrive?
  $ s3evt status --sandbox                     the same commands work on the local AWS

Exit codes: 0 done, 1 failed, 2 the call must change, 3 the answer is no, 4 credentials or access, 5 conflict.`;

type Declare = (program: Command, dispatch: Dispatch, host: Host) => void;

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, Declare>> = {
  init: addInit,
  'test-upload': addTestUpload,
  tail: addTail,
  watch: addWatch,
  status: addStatus,
  ls: addLs,
  whoami: addWhoami,
  add: addAdd,
  rm: addRm,
  diff: addDiff,
  apply: addApply,
  match: addMatch,
  doctor: addDoctor,
  trace: addTrace,
  undo: addUndo,
  destroy: addDestroy,
  sandbox: addSandbox,
  demo: addDemo,
};

/**
 * Declarations only: names, flags, help. Each action imports its command when it runs. `first` is the first word of the command
 * line: when it names a command, nothing can be asked of any other, and only its own declarations are made.
 */
export function createProgram(host: Host, dispatch: Dispatch, first?: string): Command {
  const program = new Command('s3evt');
  program
    .description('Set up, test and debug Amazon S3 bucket notifications.')
    .version(host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      // Mistakes are printed by main, once, in the form that --json asks for.
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(host.stdout.columns ?? 80, 100),
      getErrHelpWidth: () => Math.min(host.stderr.columns ?? 80, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES);
  globalFlags(program);
  const named = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  for (const declare of named ? [named] : Object.values(COMMANDS)) declare(program, dispatch, host);
  return program;
}

function globalFlags(program: Command): void {
  program
    .option('--profile <name>', 'AWS profile (also AWS_PROFILE)')
    .option('--region <region>', 'AWS Region (also AWS_REGION, AWS_DEFAULT_REGION)')
    .option('--endpoint-url <url>', 'an endpoint that speaks AWS (also AWS_ENDPOINT_URL)')
    .option('--sandbox', 'use the local AWS of this package; one is started if none runs')
    .option('--json', 'print JSON on stdout; asks nothing')
    .option('--quiet', 'no progress on stderr')
    .option('--debug', 'show each AWS call, and where an error came from')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .option('--no-input', 'ask nothing: what is missing is an error')
    .option('-y, --yes', 'do it without asking');
}
