import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, eventFlag, oneBucket } from '../flags.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from '../init-input.ts';
import { readText, textName } from '../read-text.ts';

interface FileFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly removeDeadRules?: boolean;
}

export function addAdd(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('add [bucket]')
    .description('add a rule to a bucket that exists, with the permission that it needs')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--function <name|arn>', 'the function; NAME:ALIAS for an alias or a version')
    .option('--queue <name|arn>', 'a queue')
    .option('--topic <name|arn>', 'a topic')
    .option('--destination-arn <arn>', 'a function, a queue or a topic by its ARN')
    .option('--event-rule <name>', 'EventBridge: a rule on the default bus')
    .option('--target <arn>', 'the function, queue or topic that receives what the event rule takes')
    .option('--dead-letter [name|arn]', 'a queue for failures, as for init')
    .option('--versioning', 'turn versioning of the bucket on, as for init')
    .option(
      '--allow-key',
      "let S3 use the customer managed key of a queue or a topic: changes the key's policy",
    )
    .option('--event <name>', 'event or family, as for init. Repeatable (default: create)', eventFlag)
    .option('--prefix <text>', 'only keys that begin so')
    .option('--suffix <text>', 'only keys that end so; .jpg,.png makes one rule for each')
    .option('--id <name>', 'id of the rule (default: a free one)')
    .option('--dry-run', 'show the plan and do nothing')
    .option('--remove-dead-rules', 'remove rules that make S3 refuse every write, in the same write')
    .option('--no-save', 'write no s3evt.json')
    .addHelpText(
      'after',
      `
Rules that are there already stay as they are, whoever wrote them. A destination given by its name
is created when it does not exist.

Examples:
  $ s3evt add photos --queue jobs --event create --suffix .jpg
  $ s3evt add photos --function thumbs:live --event create,remove --prefix 'in/2026 summer/' --id thumbs
  $ s3evt add --topic alerts --event remove --yes`,
    )
    .action(async (argument: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & InitFlags>();
      await dispatch('add', flags, async () => {
        const [{ runAdd }, { viewInit }, { initInput }] = await Promise.all([
          import('../../commands/add.ts'),
          import('../../ui/views/init.ts'),
          import('../init-input.ts'),
        ]);
        const input = await initInput({ ...flags, ...(argument === undefined ? {} : { argument }) }, host);
        return { run: (ctx) => runAdd(input, ctx), view: viewInit };
      });
    });
}

export function addRm(program: Command, dispatch: Dispatch): void {
  program
    .command('rm <id...>')
    .description('remove rules by id, and the permission that no other rule needs')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--dry-run', 'show the plan and do nothing')
    .option('--remove-dead-rules', 'remove rules that make S3 refuse every write, in the same write')
    .addHelpText(
      'after',
      '\nExamples:\n  $ s3evt rm thumbs\n  $ s3evt rm thumbs-jpg thumbs-png --bucket photos --yes',
    )
    .action(async (ids: string[], _options, command: Command) => {
      const flags = command.optsWithGlobals<FileFlags>();
      await dispatch('rm', flags, async () => {
        const [{ runRm }, { viewRm }] = await Promise.all([
          import('../../commands/rm.ts'),
          import('../../ui/views/rm.ts'),
        ]);
        const input = {
          ids: [...new Set(ids)],
          bucket: flags.bucket,
          removeDeadRules: flags.removeDeadRules === true,
          yes: flags.yes === true,
          dryRun: flags.dryRun === true,
        };
        return { run: (ctx) => runRm(input, ctx), view: viewRm };
      });
    });
}

const FILE_HELP = `
FILE is what "s3evt ls --json" prints, or AWS's own document; - is stdin. What FILE does not name stays,
unless --prune is given.`;

export function addDiff(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('diff <file>')
    .description('what "apply" would change; exit code 3 when there is something')
    .option('--bucket <name>', 'the bucket (default: the one that the file or s3evt.json names)', bucketFlag)
    .option('--prune', 'count rules that the file does not name as removed')
    .addHelpText(
      'after',
      `${FILE_HELP}\n\nExamples:\n  $ s3evt ls photos --json > photos.json\n  $ s3evt diff photos.json`,
    )
    .action(async (file: string, _options, command: Command) => {
      const flags = command.optsWithGlobals<FileFlags>();
      await dispatch('diff', flags, async () => {
        const [{ runDiff }, { viewDiff }, text] = await Promise.all([
          import('../../commands/apply.ts'),
          import('../../ui/views/apply.ts'),
          readText(file, host),
        ]);
        const input = {
          bucket: flags.bucket,
          file: { name: textName(file), text },
          prune: flags.prune === true,
        };
        return { run: (ctx) => runDiff(input, ctx), view: viewDiff };
      });
    });
}

export function addApply(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('apply <file>')
    .description('make the configuration what a file says')
    .option('--bucket <name>', 'the bucket (default: the one that the file or s3evt.json names)', bucketFlag)
    .option('--prune', 'remove rules that the file does not name, and EventBridge when it says so')
    .option('--dry-run', 'show the difference and do nothing')
    .option('--remove-dead-rules', 'remove rules that make S3 refuse every write, in the same write')
    .addHelpText(
      'after',
      `${FILE_HELP}
Permissions are not changed: "s3evt add" gives them.

Examples:
  $ s3evt ls photos --json > photos.json
  $ s3evt apply photos.json --prune
  $ s3evt ls photos --json | s3evt apply - --bucket photos-copy --yes`,
    )
    .action(async (file: string, _options, command: Command) => {
      const flags = command.optsWithGlobals<FileFlags>();
      await dispatch('apply', flags, async () => {
        const [{ runApply }, { viewApply }, text] = await Promise.all([
          import('../../commands/apply.ts'),
          import('../../ui/views/apply.ts'),
          readText(file, host),
        ]);
        const input = {
          bucket: oneBucket(undefined, flags.bucket),
          file: { name: textName(file), text },
          prune: flags.prune === true,
          removeDeadRules: flags.removeDeadRules === true,
          yes: flags.yes === true,
          dryRun: flags.dryRun === true,
        };
        return { run: (ctx) => runApply(input, ctx), view: viewApply };
      });
    });
}
