import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, instantFlag } from '../flags.ts';
import type { Host } from '../host.ts';

interface TraceFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly versionId?: string;
  readonly since?: number;
}

export function addTrace(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('trace <key>')
    .description("one object's way: rule, permission, delivery, invocations, outcome, logs")
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--version-id <id>', 'this version (default: the newest write)')
    .option(
      '--since <time>',
      'how far back logs are looked at (default: to when the object was written, 14d at most)',
      instantFlag(() => host.clock.now()),
    )
    .addHelpText(
      'after',
      `
KEY is the plain key, not encoded. Reads only. Each hop is ok, broken, unknown (not seen, which does not mean that it did
not happen) or skipped. A function's log shows an event only when the function prints it.

Exit codes: 0 the event was seen at the end of every way, and came right there; 3 a hop is broken, no rule takes it, or it
was not seen; 4 it was not seen, and not everything could be looked at.

Examples:
  $ s3evt trace 'in/summer trip.jpg'
  $ s3evt trace in/a.jpg --bucket photos --since 2d
  $ s3evt trace in/a.jpg --version-id 3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY
  $ s3evt trace in/a.jpg --json | jq '.data.ways[].hops[] | select(.state != "ok")'`,
    )
    .action(async (key: string, _options, command: Command) => {
      const flags = command.optsWithGlobals<TraceFlags>();
      await dispatch('trace', flags, async () => {
        const [{ runTrace }, { viewTrace }] = await Promise.all([
          import('../../commands/trace.ts'),
          import('../../ui/views/trace.ts'),
        ]);
        const { bucket, versionId, since } = flags;
        const input = { key, bucket, versionId, since };
        return { run: (ctx) => runTrace(input, ctx), view: viewTrace };
      });
    });
}
