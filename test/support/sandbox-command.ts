/** `sandbox start` in the foreground without the command line around it; run through ts-loader.mjs with its arguments. */
import { parseArgs } from 'node:util';
import { runSandboxStart, type SandboxStartItem } from '../../src/commands/sandbox.ts';
import type { Context } from '../../src/commands/context.ts';
import { systemClock } from '../../src/sandbox/clock.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    'idle-minutes': { type: 'string' },
    port: { type: 'string' },
    region: { type: 'string' },
    account: { type: 'string' },
  },
});
const abort = new AbortController();
process.once('SIGTERM', () => abort.abort());
const ctx = {
  clock: systemClock,
  signal: abort.signal,
  cwd: process.cwd(),
  env: process.env,
  item: async (item: SandboxStartItem) => void process.stdout.write(`${JSON.stringify(item)}\n`),
} as Context<SandboxStartItem>;
try {
  await runSandboxStart(
    {
      detach: false,
      idleMs: Number(values['idle-minutes']) * 60_000,
      ...(values.port === undefined ? {} : { port: Number(values.port) }),
      ...(values.region === undefined ? {} : { region: values.region }),
      ...(values.account === undefined ? {} : { account: values.account }),
    },
    ctx,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
