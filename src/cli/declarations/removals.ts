import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, oneBucket } from '../flags.ts';

interface RemovalFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly dryRun?: boolean;
  readonly removeDeadRules?: boolean;
}

export function addUndo(program: Command, dispatch: Dispatch): void {
  program
    .command('undo [bucket]')
    .description('put back the notification configuration that the last change replaced')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--dry-run', 'show the difference and do nothing')
    .option('--remove-dead-rules', 'remove rules that make S3 refuse every write, in the same write')
    .addHelpText(
      'after',
      `
Restores the whole former document. When somebody changed the bucket since, nothing is written
(exit code 5). Functions and permissions stay; "s3evt destroy" removes those.

Examples:
  $ s3evt undo --dry-run
  $ s3evt undo photos --yes`,
    )
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<RemovalFlags>();
      await dispatch('undo', flags, async () => {
        const [{ runUndo }, { viewUndo }] = await Promise.all([
          import('../../commands/undo.ts'),
          import('../../ui/views/undo.ts'),
        ]);
        const input = {
          bucket: oneBucket(argument, flags.bucket),
          removeDeadRules: flags.removeDeadRules === true,
          yes: flags.yes === true,
          dryRun: flags.dryRun === true,
        };
        return { run: (ctx) => runUndo(input, ctx), view: viewUndo };
      });
    });
}

export function addDestroy(program: Command, dispatch: Dispatch): void {
  program
    .command('destroy [bucket]')
    .description('remove what s3evt made, and only that')
    .option('--bucket <name>', 'only what was made for this bucket', bucketFlag)
    .option('--dry-run', 'show what would be removed and do nothing')
    .addHelpText(
      'after',
      `
Removes what s3evt.json remembers and what still carries the tag "created-by: s3evt". A bucket that
holds objects which s3evt did not upload stays, and so does a function that somebody else's rule
sends to.

Examples:
  $ s3evt destroy
  $ s3evt destroy --yes`,
    )
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<RemovalFlags>();
      await dispatch('destroy', flags, async () => {
        const [{ runDestroy }, { viewDestroy }] = await Promise.all([
          import('../../commands/destroy.ts'),
          import('../../ui/views/destroy.ts'),
        ]);
        const bucket = oneBucket(argument, flags.bucket);
        const input = { bucket, yes: flags.yes === true, dryRun: flags.dryRun === true };
        return { run: (ctx) => runDestroy(input, ctx), view: viewDestroy };
      });
    });
}
