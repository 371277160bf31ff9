/** What looks into the running sandbox, and what upsets it. */
import { type Command, Option } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { bucketFlag, instantFlag, wholeNumber } from '../flags.ts';
import type { Host } from '../host.ts';

type Kind = 'request' | 'delivery' | 'invocation';

export function addJournal(sandbox: Command, host: Host, dispatch: Dispatch): void {
  sandbox
    .command('journal')
    .description('what was asked of it, what it delivered where, what it refused and why')
    .option('--follow', 'go on with what happens from now; Ctrl-C ends it with 0')
    .option(
      '--since <time>',
      'begin there: 10m, 1h30m, 2d ago, or ISO 8601',
      instantFlag(() => host.clock.now()),
    )
    .addOption(new Option('--type <kind>', 'only these').choices(['request', 'delivery', 'invocation']))
    .option('--failed', 'only what was refused, lost or went wrong')
    .addHelpText(
      'after',
      `
The newest is last. The sandbox keeps the last 20,000 entries; a follower keeps it from ending by
itself.

Examples:
  $ s3evt sandbox journal --since 5m
  $ s3evt sandbox journal --follow --failed
  $ s3evt sandbox journal --type delivery --json | jq -r 'select(.outcome!="delivered").reason'`,
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<
        GlobalFlags & { follow?: boolean; since?: number; type?: Kind; failed?: boolean }
      >();
      await dispatch('sandbox journal', flags, async () => {
        const [{ runSandboxJournal }, view] = await Promise.all([
          import('../../commands/sandbox-journal.ts'),
          import('../../ui/views/sandbox-journal.ts'),
        ]);
        const input = {
          follow: flags.follow === true,
          since: flags.since,
          type: flags.type,
          failed: flags.failed === true,
        };
        return {
          run: (ctx) => runSandboxJournal(input, ctx),
          view: view.viewSandboxJournal,
          viewItem: view.viewSandboxJournalItem,
          streams: true,
          endsWithInterrupt: true,
        };
      });
    });
}

export const FAULT_HELP = `
A fault is KIND[:PART,PART...]. Requests: * (all), a service (s3) or service.Operation.
  deny:lambda.GetPolicy                 as a missing permission
  throttle:logs.FilterLogEvents         too many requests
  error:s3.PutObject,status=503         status and code=NAME (default: 500, an internal error)
  latency:*,50ms                        slower answers
  reset:s3,times=1                      the connection is cut
  drop:key=in/*                         events of S3 that never arrive,
  duplicate:to=sqs                      arrive twice,
  late-events:1m,bucket=photos          arrive late,
  reorder:3s                            or up to so late that others overtake them
  late-logs:30s                         log lines appear late with older timestamps,
  log-disorder:2s,group=/aws/lambda/*   or up to so late, in another order
  iam-propagation:10s                   until Lambda can assume a new role
  function-activation:2s                until a function is active
  notification-propagation:5m           until a bucket's new configuration acts
All but the last three take times=N (so many hits) and rate=0.1 (a probability).`;

export function addFaults(sandbox: Command, dispatch: Dispatch): void {
  const fault = sandbox.command('fault').description('make it slow, forgetful or unfriendly on purpose');
  const load = () =>
    Promise.all([import('../../commands/sandbox-faults.ts'), import('../../ui/views/sandbox-faults.ts')]);
  fault
    .command('add <spec...>')
    .description('add faults; they stay until they are spent or cleared')
    .addHelpText(
      'after',
      `${FAULT_HELP}

Examples:
  $ s3evt sandbox fault add throttle:logs.FilterLogEvents,times=3
  $ s3evt sandbox fault add 'drop:key=in/*,rate=0.2' reorder:3s`,
    )
    .action(async (specs: readonly string[], _options, command: Command) => {
      await dispatch('sandbox fault add', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxFaultAdd }, { viewSandboxFaults }] = await load();
        return { run: (ctx) => runSandboxFaultAdd({ specs }, ctx), view: viewSandboxFaults };
      });
    });
  fault
    .command('ls')
    .description('list the faults that act now')
    .action(async (_options, command: Command) => {
      await dispatch('sandbox fault ls', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxFaultList }, { viewSandboxFaults }] = await load();
        return { run: runSandboxFaultList, view: viewSandboxFaults };
      });
    });
  fault
    .command('clear')
    .description('take all faults away')
    .action(async (_options, command: Command) => {
      await dispatch('sandbox fault clear', command.optsWithGlobals<GlobalFlags>(), async () => {
        const [{ runSandboxFaultClear }, { viewSandboxFaults }] = await load();
        return { run: runSandboxFaultClear, view: viewSandboxFaults };
      });
    });
}

export function addLifecycle(sandbox: Command, dispatch: Dispatch): void {
  sandbox
    .command('lifecycle [bucket]')
    .description('do at once what S3 does once a day: lifecycle rules, restores that are due')
    .option('--after-days <n>', 'as if so many days had passed', wholeNumber(0, 100_000))
    .addHelpText(
      'after',
      `
Without BUCKET it is all buckets. Nobody's clock is moved: events carry the time of now.

Examples:
  $ s3evt sandbox lifecycle photos --after-days 30`,
    )
    .action(async (bucket: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & { afterDays?: number }>();
      await dispatch('sandbox lifecycle', flags, async () => {
        const [{ runSandboxLifecycle }, { viewSandboxLifecycle }] = await Promise.all([
          import('../../commands/sandbox-lifecycle.ts'),
          import('../../ui/views/sandbox-lifecycle.ts'),
        ]);
        const input = {
          afterDays: flags.afterDays ?? 0,
          ...(bucket === undefined ? {} : { bucket: bucketFlag(bucket) }),
        };
        return { run: (ctx) => runSandboxLifecycle(input, ctx), view: viewSandboxLifecycle };
      });
    });
}
