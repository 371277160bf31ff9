import { join } from 'node:path';
import type { Command } from 'commander';
import type { GlobalFlags } from '../context.ts';
import type { Dispatch } from '../dispatch.ts';
import { runtimeFlag } from '../flags.ts';
import type { Host } from '../host.ts';

export function addDemo(program: Command, dispatch: Dispatch, host: Host): void {
  program
    .command('demo [file]')
    .description('the whole story on a private local AWS: no account, and nothing is left behind')
    .option(
      '--runtime <runtime>',
      'runtime of the function (default: python3.13, nodejs24.x without python3)',
      runtimeFlag,
    )
    .addHelpText('after', '\nExamples:\n  $ s3evt demo\n  $ s3evt demo photo.jpeg --runtime nodejs24.x')
    .action(async (file: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & { runtime?: string }>();
      await dispatch('demo', flags, async () => {
        const [{ runDemo }, { viewDemo, viewDemoItem }] = await Promise.all([
          import('../../commands/demo.ts'),
          import('../../ui/views/demo.ts'),
        ]);
        const input = { file: file ?? join(host.packageRoot, 'beach.jpeg'), runtime: flags.runtime };
        return { run: (ctx) => runDemo(input, ctx), view: viewDemo, viewItem: viewDemoItem, streams: true };
      });
    });
}
