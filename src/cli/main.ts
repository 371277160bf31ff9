import { CommanderError, type Command } from 'commander';
import { S3evtError } from '../core/errors.ts';
import { createIo } from '../ui/io.ts';
import type { Dispatch } from './dispatch.ts';
import { failWith } from './fail-with.ts';
import type { Host } from './host.ts';
import { createProgram } from './program.ts';

/** Runs one command line. Returns the exit code; never throws and never ends the process. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const wantsJson = argv.includes('--json');
  let code = 0;
  const dispatch: Dispatch = async (name, flags, load) => {
    // Loaded here: a mistake in the command line is told without terminal, project and AWS.
    const { runCommand } = await import('./run-command.ts');
    code = await runCommand(name, flags, load, host);
  };
  const program = createProgram(host, dispatch, argv[0]);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return reportUsage(
      error,
      commandOf(argv, program),
      { json: wantsJson, debug: argv.includes('--debug') },
      host,
    );
  }
}

/** What stands on the command line before any command could run: help, version, and mistakes. */
async function reportUsage(
  error: unknown,
  command: string,
  options: { readonly json: boolean; readonly debug: boolean },
  host: Host,
): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const io = createIo(host, { env: host.env, color: 'auto' });
  // Bare `s3evt` shows the help, as gh and git do; it is no mistake that needs a sentence.
  if (error instanceof CommanderError && error.code === 'commander.help') return 2;
  const help = ['s3evt', command, '--help'].filter((word) => word !== '').join(' ');
  const failure =
    error instanceof CommanderError
      ? new S3evtError('USAGE', error.message.replace(/^error: /, ''), {
          hint: `Run "${help}" to see what it takes.`,
        })
      : error;
  return failWith(failure, { name: command === '' ? 's3evt' : command, ...options }, io);
}

/** The command that a mistaken line names, as `sandbox start`; empty when it names none. */
function commandOf(argv: readonly string[], program: Command): string {
  const path: string[] = [];
  let level = program;
  for (const word of argv) {
    const next = level.commands.find((command) => command.name() === word);
    if (!next) continue;
    path.push(word);
    level = next;
  }
  return path.join(' ');
}
