import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, eventFlag } from '../flags.ts';
import type { Host } from '../host.ts';
import { readText, textName } from '../read-text.ts';

interface MatchFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly event?: readonly string[];
  readonly config?: string;
  readonly pattern?: string;
}

export function addMatch(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('match <key>')
    .description('which rules take an event of this key, and why the others do not')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--event <name>', 'the event, as for init (default: compare keys alone)', eventFlag)
    .option('--config <file>', 'look at a file of "ls --json" or of the AWS CLI instead; - is stdin')
    .option('--pattern <json|file>', 'try an EventBridge pattern instead; - is stdin')
    .addHelpText(
      'after',
      `
KEY is the plain key, not encoded. Exit code 3: no rule takes it.

Examples:
  $ s3evt match 'in/summer trip.jpg'
  $ s3evt match in/a.jpg --event create --bucket photos --json
  $ aws s3api get-bucket-notification-configuration --bucket photos | s3evt match in/a.jpg --config -
  $ s3evt match in/a.jpg --pattern '{"source":["aws.s3"],"detail":{"object":{"key":[{"prefix":"in/"}]}}}'`,
    )
    .action(async (key: string, _options, command: Command) => {
      const flags = command.optsWithGlobals<MatchFlags>();
      await dispatch('match', flags, async () => {
        const [{ runMatch }, { viewMatch }, { S3evtError }] = await Promise.all([
          import('../../commands/match.ts'),
          import('../../ui/views/match.ts'),
          import('../../core/errors.ts'),
        ]);
        if (flags.config !== undefined && flags.pattern !== undefined) {
          throw new S3evtError('USAGE', 'give either --config or --pattern');
        }
        const text = async (from: string) => ({ name: textName(from), text: await readText(from, host) });
        const { bucket, event: events, config, pattern } = flags;
        const input = {
          key,
          bucket,
          events,
          ...(config === undefined ? {} : { config: await text(config) }),
          ...(pattern === undefined
            ? {}
            : {
                pattern: pattern.trimStart().startsWith('{')
                  ? { name: '--pattern', text: pattern }
                  : await text(pattern),
              }),
        };
        return { run: (ctx) => runMatch(input, ctx), view: viewMatch };
      });
    });
}
