import type { Command } from 'commander';
import { Option } from 'commander';
import { OPERATION_NAMES } from '../../core/operation.ts';
import { S3evtError } from '../../core/errors.ts';
import { parseBucketArgument } from '../../core/names.ts';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, instantFlag, oneBucket } from '../flags.ts';
import type { Host } from '../host.ts';
import { readText, textName } from '../read-text.ts';

interface DoctorFlags extends GlobalFlags {
  readonly bucket?: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly operation?: string;
  readonly function?: string;
  readonly rule?: string;
  readonly since?: number;
  readonly config?: string;
  readonly fix?: boolean;
  readonly facts?: string;
  readonly saveFacts?: string;
  readonly keepAccounts?: boolean;
}

export function addDoctor(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('doctor [bucket]')
    .description('why events do not arrive: the one cause, the evidence, and the fix')
    .option('--bucket <name>', 'the bucket (default: the one of s3evt.json)', bucketFlag)
    .option('--function <name|arn>', 'the function (or ARN of a queue or topic) that should get the events')
    .option('--rule <id>', 'look at this rule only')
    .option('--key <key>', 'the object whose event did not arrive')
    .option('--version-id <id>', 'the version of that object')
    .addOption(new Option('--operation <name>', 'what was done to it').choices(OPERATION_NAMES))
    .option(
      '--since <time>',
      'how far back logs and metrics are looked at (default: 1h)',
      instantFlag(() => host.clock.now()),
    )
    .option('--config <file>', 'judge also a configuration that is to be put; - is stdin')
    .option('--fix', 'do what is safe, ask before the rest, look again; with --yes without asking')
    .option('--save-facts <file>', 'write what was read, account ids masked, for a bug report')
    .option('--keep-accounts', 'with --save-facts: leave account ids as they are')
    .option('--facts <file>', 'judge saved facts instead of asking AWS; - is stdin')
    .addHelpText(
      'after',
      `
Reads only, unless --fix is given. Exit codes: 0 healthy (or risks only), 3 something is broken or suspected,
4 nothing wrong was seen but not everything could be looked at.

Examples:
  $ s3evt doctor photos
  $ s3evt doctor photos --key 'in/summer trip.jpg'
  $ s3evt doctor photos --function thumbs --fix
  $ s3evt doctor photos --json | jq -r .data.rootCause
  $ s3evt doctor photos --save-facts facts.json    # attach it to a bug report
  $ s3evt doctor --facts facts.json`,
    )
    .action(async (bucket: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<DoctorFlags>();
      await dispatch('doctor', flags, async () => {
        const [{ runDoctor }, { viewDoctor }] = await Promise.all([
          import('../../commands/doctor.ts'),
          import('../../ui/views/doctor.ts'),
        ]);
        const text = async (from: string) => ({ name: textName(from), text: await readText(from, host) });
        refuseBesideFacts(flags, bucket);
        // `s3://bucket/key`, as it is copied from elsewhere.
        const pasted = bucket === undefined ? undefined : parseBucketArgument(bucket)?.key;
        const input = {
          bucket: oneBucket(bucket, flags.bucket),
          key: flags.key ?? pasted,
          versionId: flags.versionId,
          operation: flags.operation,
          expected: flags.function,
          ruleId: flags.rule,
          since: flags.since,
          intended: flags.config === undefined ? undefined : await text(flags.config),
          fix: flags.fix === true,
          yes: flags.yes === true,
          facts: flags.facts === undefined ? undefined : await text(flags.facts),
          saveFacts: flags.saveFacts,
          keepAccounts: flags.keepAccounts === true,
        };
        return { run: (ctx) => runDoctor(input, ctx), view: viewDoctor };
      });
    });
}

/** Saved facts are the answer to a question that was asked then: another one cannot be put to them. */
function refuseBesideFacts(flags: DoctorFlags, bucket: string | undefined): void {
  if (flags.facts === undefined) return;
  const asked = [
    'bucket',
    'key',
    'versionId',
    'operation',
    'function',
    'rule',
    'since',
    'config',
    'saveFacts',
  ] as const;
  const beside = asked.find((name) => flags[name] !== undefined);
  if (bucket === undefined && beside === undefined) return;
  const name =
    beside === undefined
      ? 'a bucket'
      : `--${beside.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new S3evtError(
    'USAGE',
    `--facts answers the question that was asked when they were saved: leave out ${name}`,
  );
}
