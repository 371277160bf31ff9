import { InvalidArgumentError, type Command } from 'commander';
import { S3evtError } from '../../core/errors.ts';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, durationFlag, eventFlag, oneBucket, wholeNumber } from '../flags.ts';

interface WatchFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly key?: string;
  readonly event?: readonly string[];
  readonly forwardTo?: string;
  readonly limit?: number;
  readonly timeout?: number;
  readonly ttl?: number;
}

const HOUR_MS = 3_600_000;
const TTL_MS = { least: 60_000, most: 24 * HOUR_MS };

export function addWatch(program: Command, dispatch: Dispatch): void {
  program
    .command('watch [bucket] [command...]')
    .usage('[options] [bucket] [-- command...]')
    .description("live events of a bucket, without touching anyone's queue")
    .option('--bucket <name>', 'the bucket, in place of the argument', bucketFlag)
    .option('--key <glob>', 'only events of keys like this: * is any text, ? one character')
    .option('--event <name>', 'only these events; repeatable', eventFlag)
    .option('--forward-to <url>', 'post each record there, as S3 would send it; no retries')
    .option('--limit <n>', 'end after so many events', wholeNumber(1, 1_000_000))
    .option('--timeout <duration>', 'end after this long', durationFlag)
    .option('--ttl <duration>', 'lifetime of what is made for it: 1m to 24h (default: 1h)', ttlFlag)
    .addHelpText(
      'after',
      `
Makes a temporary queue, tagged, to which a rule on the default event bus (or, where EventBridge is
off and one topic gets the events, a subscription) sends a copy of each event; shows it first, and
removes it at the end. The queue takes nothing after --ttl, whatever happens, and what a killed run
left is removed by the next one. Where neither way is open, EventBridge is turned on for the bucket
meanwhile, when you agree or pass --yes.

COMMAND is run for each event, one after the other, with {"Records":[...]} on its stdin; the exit
code of the last one that failed is that of watch. Duplicates, and events older than one before, are
marked by their sequencers. Ctrl-C ends it with 0.

Examples:
  $ s3evt watch my-bucket
  $ s3evt watch my-bucket --key 'in/*.jpeg' --json | jq -r 'select(.type=="event").record.key'
  $ s3evt watch my-bucket --forward-to http://127.0.0.1:9000/events
  $ s3evt watch my-bucket --limit 1 -- python3 handler.py`,
    )
    .action(async (first: string | undefined, rest: readonly string[], _options, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      const operands = [...(first === undefined ? [] : [first]), ...rest];
      const { before, after } = atDashes(program, operands);
      await dispatch('watch', flags, async () => {
        const [{ runWatch }, { viewWatch, viewWatchItem }] = await Promise.all([
          import('../../commands/watch.ts'),
          import('../../ui/views/watch.ts'),
        ]);
        const input = {
          bucket: oneBucket(before, flags.bucket),
          key: flags.key,
          events: flags.event ?? [],
          forwardTo: flags.forwardTo,
          command: after,
          limit: flags.limit,
          timeoutMs: flags.timeout,
          ttlMs: flags.ttl ?? HOUR_MS,
          yes: flags.yes === true,
        };
        return {
          run: (ctx) => runWatch(input, ctx),
          view: viewWatch,
          viewItem: viewWatchItem,
          streams: true,
          endsWithInterrupt: true,
        };
      });
    });
}

/**
 * The operand before `--` and those after it. Commander drops the `--` itself; how many words follow it stands in the words of the
 * whole line, which its types leave out. Throws USAGE for a second operand before it.
 */
function atDashes(
  program: Command,
  operands: readonly string[],
): { readonly before: string | undefined; readonly after: readonly string[] } {
  const { rawArgs } = program as Command & { readonly rawArgs: readonly string[] };
  const dashes = rawArgs.indexOf('--');
  const count = dashes < 0 ? 0 : rawArgs.length - dashes - 1;
  const before = operands.slice(0, operands.length - count);
  if (before.length > 1) {
    throw new S3evtError('USAGE', `"${before[1] ?? ''}" is one argument too many`, {
      hint: 'A command stands after two dashes: s3evt watch BUCKET -- COMMAND.',
    });
  }
  if (dashes >= 0 && count === 0) throw new S3evtError('USAGE', 'no command stands after the two dashes');
  return { before: before[0], after: operands.slice(operands.length - count) };
}

function ttlFlag(text: string): number {
  const ms = durationFlag(text);
  if (ms >= TTL_MS.least && ms <= TTL_MS.most) return ms;
  throw new InvalidArgumentError('Write a duration from 1m to 24h.');
}
