import { type Command, Option } from 'commander';
import type { Operation } from '../../commands/test-upload.ts';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, durationFlag, wholeNumber } from '../flags.ts';

export function addTestUpload(program: Command, dispatch: Dispatch): void {
  program
    .command('test-upload [file]')
    .description('upload an object and wait until its event was seen in the log of every function behind it')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--key <key>', "the key (default: the file's name, with the prefix of a rule where it needs one)")
    .addOption(
      new Option('--operation <name>', 'what makes the event')
        .choices(['put', 'copy', 'multipart', 'delete', 'tag'])
        .default('put'),
    )
    .option('--count <n>', 'so many objects', wholeNumber(1, 1000), 1)
    .option('--timeout <duration>', 'how long to wait for the event', durationFlag, 60_000)
    .option('--keep', 'keep a generated object')
    .addHelpText(
      'after',
      `
Without FILE a small object is generated, and removed afterwards unless --keep is given. An object
that exists is never replaced, unless --key and --yes are both given. Exit code 3: the event was
not seen in time, or no rule takes it (then nothing is uploaded).

Examples:
  $ s3evt test-upload beach.jpeg
  $ s3evt test-upload --bucket photos --key in/beach.jpeg beach.jpeg --timeout 2m
  $ s3evt test-upload --operation multipart --json | jq .data.deliveries`,
    )
    .action(async (file: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<
        GlobalFlags & {
          bucket?: string;
          key?: string;
          operation: Operation;
          count: number;
          timeout: number;
          keep?: boolean;
        }
      >();
      await dispatch('test-upload', flags, async () => {
        const [{ runTestUpload }, { viewTestUpload }] = await Promise.all([
          import('../../commands/test-upload.ts'),
          import('../../ui/views/test-upload.ts'),
        ]);
        const { bucket, key, operation, count } = flags;
        const input = {
          file,
          bucket,
          key,
          operation,
          count,
          timeoutMs: flags.timeout,
          keep: flags.keep === true,
          yes: flags.yes === true,
        };
        return { run: (ctx) => runTestUpload(input, ctx), view: viewTestUpload };
      });
    });
}
