import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, oneBucket } from '../flags.ts';

interface LookFlags extends GlobalFlags {
  readonly bucket?: string;
}

export function addStatus(program: Command, dispatch: Dispatch): void {
  program
    .command('status [bucket]')
    .description('rules, destinations, their state and the last deliveries')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .addHelpText(
      'after',
      '\nExamples:\n  $ s3evt status\n  $ s3evt status photos --json | jq .data.rules[].problems',
    )
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<LookFlags>();
      await dispatch('status', flags, async () => {
        const [{ runStatus }, { viewStatus }] = await Promise.all([
          import('../../commands/status.ts'),
          import('../../ui/views/status.ts'),
        ]);
        const bucket = oneBucket(argument, flags.bucket);
        return { run: (ctx) => runStatus({ bucket }, ctx), view: viewStatus };
      });
    });
}

export function addLs(program: Command, dispatch: Dispatch): void {
  program
    .command('ls [bucket]')
    .description('every rule of the bucket, whoever wrote it')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .addHelpText('after', '\nExamples:\n  $ s3evt ls photos\n  $ s3evt ls s3://photos --json')
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<LookFlags>();
      await dispatch('ls', flags, async () => {
        const [{ runLs }, { viewLs }] = await Promise.all([
          import('../../commands/ls.ts'),
          import('../../ui/views/ls.ts'),
        ]);
        const bucket = oneBucket(argument, flags.bucket);
        return { run: (ctx) => runLs({ bucket }, ctx), view: viewLs };
      });
    });
}

export function addWhoami(program: Command, dispatch: Dispatch): void {
  program
    .command('whoami')
    .description('account, region, profile and endpoint, and where each of them comes from')
    .addHelpText('after', '\nExamples:\n  $ s3evt whoami\n  $ s3evt whoami --profile dev --json')
    .action(async (_options, command: Command) => {
      await dispatch('whoami', command.optsWithGlobals<LookFlags>(), async () => {
        const [{ runWhoami }, { viewWhoami }] = await Promise.all([
          import('../../commands/whoami.ts'),
          import('../../ui/views/whoami.ts'),
        ]);
        return { run: (ctx) => runWhoami({}, ctx), view: viewWhoami };
      });
    });
}
