import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, durationFlag, eventFlag, instantFlag, wholeNumber } from '../flags.ts';
import type { Host } from '../host.ts';

interface TailFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly key?: string;
  readonly event?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly untilMatch?: boolean;
  readonly timeout?: number;
  readonly follow: boolean;
  readonly raw?: boolean;
  readonly requestId?: string;
  readonly errorsOnly?: boolean;
  readonly live?: boolean;
}

export function addTail(program: Command, dispatch: Dispatch, host: Host): void {
  const instant = instantFlag(() => host.clock.now());
  program
    .command('tail [function]')
    .description("follow a function's log; S3 events are drawn as one line each")
    .option('--bucket <name>', 'only events of this bucket', bucketFlag)
    .option('--key <glob>', 'only events of keys like this: * is any text, ? one character')
    .option('--event <name>', 'only these events; repeatable', eventFlag)
    .option(
      '--since <time>',
      'begin there: 10m, 1h30m, 2d ago, or ISO 8601 (default: 10s, 1h with --no-follow)',
      instant,
    )
    .option('--until <time>', 'end there', instant)
    .option('--limit <n>', 'end after so many lines', wholeNumber(1, 1_000_000))
    .option('--until-match', 'end with the first line that passes')
    .option(
      '--timeout <duration>',
      'end after this long; with --until-match that is exit code 3',
      durationFlag,
    )
    .option('--no-follow', 'print what is there and end')
    .option('--raw', 'print log lines as they are')
    .option('--request-id <id>', 'only lines of this invocation')
    .option('--errors-only', 'only errors, timeouts and failed invocations')
    .option('--live', 'read CloudWatch Logs Live Tail instead of polling (AWS charges by the minute)')
    .addHelpText(
      'after',
      `
FUNCTION is a name or an ARN, or a log group that begins with "/" (default: the function of
s3evt.json, or the functions that get the events of the bucket, behind queues, topics and EventBridge
too; each line then begins with its function's name if there are several). A log group that does not exist yet is waited for. Ctrl-C ends it with 0.

Examples:
  $ s3evt tail
  $ s3evt tail Demo-S3 --since 10m --key 'in/*.jpeg'
  $ s3evt tail --no-follow --since 1d --json | jq -r 'select(.type=="record").record.key'
  $ s3evt tail --until-match --key report.csv --timeout 5m`,
    )
    .action(async (functionName: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<TailFlags>();
      await dispatch('tail', flags, async () => {
        const [{ runTail }, { viewTail, viewTailItem }] = await Promise.all([
          import('../../commands/tail.ts'),
          import('../../ui/views/tail.ts'),
        ]);
        const input = {
          function: functionName,
          bucket: flags.bucket,
          key: flags.key,
          events: flags.event ?? [],
          since: flags.since,
          until: flags.until,
          limit: flags.limit,
          untilMatch: flags.untilMatch === true,
          timeoutMs: flags.timeout,
          follow: flags.follow,
          raw: flags.raw === true,
          requestId: flags.requestId,
          errorsOnly: flags.errorsOnly === true,
          live: flags.live === true,
        };
        return {
          run: (ctx) => runTail(input, ctx),
          view: viewTail,
          viewItem: viewTailItem,
          streams: true,
          endsWithInterrupt: true,
        };
      });
    });
}
