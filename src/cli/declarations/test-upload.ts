import { type Command, Option } from 'commander';
import { OPERATION_NAMES, type Operation } from '../../core/operation.ts';
import { S3evtError } from '../../core/errors.ts';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, durationFlag, wholeNumber } from '../flags.ts';

export function addTestUpload(program: Command, dispatch: Dispatch): void {
  program
    .command('test-upload [file]')
    .description('upload an object and wait until its event was seen wherever the rules send it')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--key <key>', "the key (default: the file's name, with the prefix of a rule where it needs one)")
    .addOption(
      new Option('--operation <name>', 'what makes the event').choices(OPERATION_NAMES).default('put'),
    )
    .option('--matrix', 'every operation that the rules take, with keys that go wrong easily, as a table')
    .option('--count <n>', 'so many objects', wholeNumber(1, 1000), 1)
    .option('--timeout <duration>', 'how long to wait for the event', durationFlag, 60_000)
    .option('--keep', 'keep a generated object')
    .option('--tap', 'listen in with a temporary queue, even if EventBridge has to be turned on for it')
    .option('--no-tap', 'look at logs and counters only')
    .option('--peek', 'look into queues that no function reads: counts as a receive of their messages')
    .addHelpText(
      'after',
      `
Without FILE a small object is generated, and removed afterwards unless --keep is given. An object
that exists is never replaced, unless --key and --yes are both given. Exit code 3: the event was
not seen in time, or no rule takes it (then nothing is uploaded).

The logs of functions are followed, those behind queues, topics and EventBridge too. Nobody's queue is
received from: the counters of a queue are watched, and where EventBridge is on or a topic is behind the
rule, a temporary queue of our own listens in. It is named before it is made, and removed afterwards.
With --matrix some 20 small objects are uploaded and removed; exit code 3 if one event did not arrive.

Examples:
  $ s3evt test-upload beach.jpeg
  $ s3evt test-upload --bucket photos --key in/beach.jpeg beach.jpeg --timeout 2m
  $ s3evt test-upload --operation multipart --json | jq .data.deliveries
  $ s3evt test-upload --matrix`,
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
          tap?: boolean;
          peek?: boolean;
          matrix?: boolean;
        }
      >();
      const timeoutMs = flags.timeout;
      const tap = flags.tap === undefined ? 'auto' : flags.tap ? 'always' : 'never';
      const [yes, peek] = [flags.yes === true, flags.peek === true];
      if (flags.matrix === true) {
        await dispatch('test-upload', flags, async () => {
          refuseBesideMatrix(file, command);
          const [{ runTestMatrix }, { viewTestMatrix }] = await Promise.all([
            import('../../commands/test-matrix.ts'),
            import('../../ui/views/test-matrix.ts'),
          ]);
          const input = { bucket: flags.bucket, timeoutMs, tap, peek, yes } as const;
          return { run: (ctx) => runTestMatrix(input, ctx), view: viewTestMatrix };
        });
        return;
      }
      await dispatch('test-upload', flags, async () => {
        const [{ runTestUpload }, { viewTestUpload }] = await Promise.all([
          import('../../commands/test-upload.ts'),
          import('../../ui/views/test-upload.ts'),
        ]);
        const { bucket, key, operation, count } = flags;
        const keep = flags.keep === true;
        const input = { file, bucket, key, operation, count, timeoutMs, keep, yes, tap, peek } as const;
        return { run: (ctx) => runTestUpload(input, ctx), view: viewTestUpload };
      });
    });
}

/** The matrix chooses objects and operations itself. */
function refuseBesideMatrix(file: string | undefined, command: Command): void {
  const given = (['key', 'operation', 'count', 'keep'] as const).filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  const [first] = [...(file === undefined ? [] : ['FILE']), ...given.map((name) => `--${name}`)];
  if (first === undefined) return;
  throw new S3evtError('USAGE', `--matrix chooses its objects itself: it cannot be used with ${first}`);
}
