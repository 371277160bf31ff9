import { type Command, Option } from 'commander';
import type { Shell } from '../../commands/sandbox-env.ts';
import type { EventVersion } from '../../sandbox/delivery/object-event.ts';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { accountFlag, repeatedFlag, wholeNumber } from '../flags.ts';
import type { Host } from '../host.ts';
import { addFaults, addJournal, addLifecycle, FAULT_HELP } from './sandbox-look.ts';

export function addSandbox(program: Command, dispatch: Dispatch, host: Host): void {
  const sandbox = program
    .command('sandbox')
    .description(
      'the local AWS on 127.0.0.1: S3, Lambda, CloudWatch Logs, IAM, STS, SQS, SNS, EventBridge, KMS',
    );
  const load = () => Promise.all([import('../../commands/sandbox.ts'), import('../../ui/views/sandbox.ts')]);
  sandbox
    .command('start')
    .description('run it until Ctrl-C, or in the background with --detach')
    .option('--port <n>', 'the port (default: a free one)', wholeNumber(1, 65_535))
    .option('--account <id>', 'the account (default: 000000000000)', accountFlag)
    .option('--detach', 'run in the background')
    .option('--fault <spec>', 'something that goes wrong on purpose; repeatable', repeatedFlag)
    .option('--seed <n>', 'draw other faults and identifiers', wholeNumber(0, 999_999_999))
    .addOption(
      new Option('--event-version <version>', 'of the records of S3 events (default: 2.6)').choices([
        '2.6',
        '2.5',
        '2.4',
        'legacy',
      ]),
    )
    .addOption(
      new Option('--idle-minutes <n>', 'end after so many minutes without a request').argParser(
        wholeNumber(1, 100_000),
      ),
    )
    .addHelpText(
      'after',
      `
Uploaded functions run with your rights, as child processes of the sandbox: run only code that
you would run yourself.
${FAULT_HELP}

Examples:
  $ s3evt sandbox start --port 4599
  $ s3evt sandbox start --fault throttle:logs.FilterLogEvents,times=3 --fault late-logs:30s
  $ s3evt sandbox start --detach && eval "$(s3evt sandbox env)" && aws s3 ls`,
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<
        GlobalFlags & {
          port?: number;
          account?: string;
          detach?: boolean;
          idleMinutes?: number;
          fault?: readonly string[];
          seed?: number;
          eventVersion?: EventVersion;
        }
      >();
      await dispatch('sandbox start', flags, async () => {
        const [{ runSandboxStart }, view] = await load();
        const input = {
          detach: flags.detach === true,
          command: host.self,
          ...(flags.port === undefined ? {} : { port: flags.port }),
          ...(flags.region === undefined ? {} : { region: flags.region }),
          ...(flags.account === undefined ? {} : { account: flags.account }),
          ...(flags.fault === undefined ? {} : { faults: flags.fault }),
          ...(flags.seed === undefined ? {} : { seed: flags.seed }),
          ...(flags.eventVersion === undefined ? {} : { eventVersion: flags.eventVersion }),
          ...(flags.idleMinutes === undefined ? {} : { idleMs: flags.idleMinutes * 60_000 }),
        };
        return {
          run: (ctx) => runSandboxStart(input, ctx),
          view: view.viewSandboxStart,
          viewItem: view.viewSandboxItem,
          streams: flags.detach !== true,
          endsWithInterrupt: true,
        };
      });
    });
  sandbox
    .command('stop')
    .description('end the background sandbox')
    .action(async (_options, command: Command) => {
      await dispatch('sandbox stop', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxStop }, { viewSandboxStop }] = await load();
        return { run: runSandboxStop, view: viewSandboxStop };
      });
    });
  sandbox
    .command('status')
    .description('whether one runs, and where; exit code 3 when none does')
    .action(async (_options, command: Command) => {
      await dispatch('sandbox status', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxStatus }, { viewSandboxStatus }] = await load();
        return { run: runSandboxStatus, view: viewSandboxStatus };
      });
    });
  sandbox
    .command('reset')
    .description('forget all buckets, functions and logs')
    .action(async (_options, command: Command) => {
      await dispatch('sandbox reset', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxReset }, { viewSandboxReset }] = await load();
        return { run: runSandboxReset, view: viewSandboxReset };
      });
    });
  sandbox
    .command('env')
    .description('print the variables that lead other tools to it')
    .addOption(
      new Option('--shell <name>', 'whose syntax').choices(['posix', 'fish', 'powershell']).default('posix'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ eval "$(s3evt sandbox env)"\n  $ s3evt sandbox env --shell fish | source',
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & { shell: Shell }>();
      await dispatch('sandbox env', flags, async () => {
        const [{ runSandboxEnv }, { viewSandboxEnv }] = await load();
        return { run: (ctx) => runSandboxEnv({ shell: flags.shell }, ctx), view: viewSandboxEnv };
      });
    });
  addJournal(sandbox, host, dispatch);
  addFaults(sandbox, dispatch);
  addLifecycle(sandbox, dispatch);
}
