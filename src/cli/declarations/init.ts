import { type Command, Option } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, eventFlag, runtimeFlag } from '../flags.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from '../init-input.ts';

export function addInit(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('init [bucket]')
    .description('set up a bucket, a function, its permission and the notification rule')
    .option('--bucket <name>', 'the bucket; created if it does not exist', bucketFlag)
    .option(
      '--function <name|arn>',
      'the function; created if it does not exist. NAME:ALIAS for an alias or a version',
    )
    .option('--queue <name|arn>', 'a queue instead; created if it does not exist')
    .option('--topic <name|arn>', 'a topic instead; created if it does not exist')
    .addOption(
      new Option('--destination <kind>', 'what receives the events').choices([
        'lambda',
        'sqs',
        'sns',
        'eventbridge',
      ]),
    )
    .option('--destination-arn <arn>', 'a function, a queue or a topic by its ARN')
    .option(
      '--allow-key',
      "let S3 use the customer managed key of a queue or a topic: changes the key's policy",
    )
    .option('--runtime <runtime>', 'runtime of a new function (default: python3.13)', runtimeFlag)
    .addOption(
      new Option('--template <name>', 'what a new function does: "log" prints every event (default)')
        // Without a default value, so that it is known whether it was given.
        .choices(['log']),
    )
    .option('--role-arn <arn>', 'execution role of a new function, instead of one that is made for it')
    .option(
      '--event <name>',
      'event, with or without "s3:", or a family: create, remove, restore, replication, lifecycle, tagging, all. Repeatable (default: create)',
      eventFlag,
    )
    .option('--prefix <text>', 'only keys that begin so')
    .option('--suffix <text>', 'only keys that end so; .jpg,.png makes one rule for each')
    .option('--id <name>', 'id of the rule (default: Invoke-Lambda-NewObjects)')
    .option('--event-rule <name>', "with EventBridge: a rule on the default bus for the bucket's events")
    .option('--target <arn>', 'the function, queue or topic that receives what the event rule takes')
    .option(
      '--dead-letter [name|arn]',
      'a queue for what the queue\'s consumer or the function fails on (default: "<destination>-dead-letter")',
    )
    .option('--versioning', 'turn versioning of the bucket on, so that no write goes without its event')
    .option('--dry-run', 'show the plan and do nothing')
    .option('--remove-dead-rules', 'remove rules that make S3 refuse every write, in the same write')
    .option('--from <file>', 'read these flags from a JSON file, or from stdin with -')
    .option('--no-save', 'write no s3evt.json')
    .addHelpText(
      'after',
      `
What exists is used and never changed without standing in the plan; rules of others are kept as
they are. Running it again converges and says "unchanged".

AWS replaces the whole configuration with each write and has no version check. s3evt reads it
again just before it writes, keeps the old one under .s3evt/backups, and reads back what it wrote;
a write of somebody else between those two moments would still be lost.

Examples:
  $ s3evt init                                 asks for everything
  $ s3evt init demo-01-events-lambda --function Demo-S3 --event 's3:ObjectCreated:*' \\
      --id Invoke-Lambda-NewObjects --yes      asks nothing
  $ s3evt init photos --function thumbs:live --prefix in/ --suffix .jpg,.png --dry-run
  $ s3evt init photos --destination eventbridge --event-rule images --suffix .jpg,.png
  $ s3evt init photos --queue jobs --dead-letter --versioning`,
    )
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & InitFlags>();
      await dispatch('init', flags, async () => {
        const [{ runInit }, { viewInit }, { initInput }] = await Promise.all([
          import('../../commands/init.ts'),
          import('../../ui/views/init.ts'),
          import('../init-input.ts'),
        ]);
        const input = await initInput({ ...flags, ...(argument === undefined ? {} : { argument }) }, host);
        return { run: (ctx) => runInit(input, ctx), view: viewInit };
      });
    });
}
