import { S3evtError } from '../core/errors.ts';
import type { EventVersion } from '../sandbox/delivery/object-event.ts';
import type { FaultRule } from '../sandbox/fault-rules.ts';
import { readFaults } from '../sandbox/read-faults.ts';
import {
  findSandbox,
  registerSandbox,
  resetSandbox,
  startBackground,
  stopSandbox,
  unregisterSandbox,
  type RunningSandbox,
} from '../sandbox/background.ts';
import type { Context } from './context.ts';
import { BACKGROUND_IDLE_MS, backgroundArguments } from './sandbox-arguments.ts';
import { environmentLines, type Shell } from './sandbox-env.ts';
import { notRunning, requireSandbox } from './sandbox-running.ts';

/** How long a starting or ending sandbox may take before the command gives up. */
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

export interface SandboxStartInput {
  /** A free port when absent. */
  readonly port?: number;
  readonly region?: string;
  /** Twelve digits. */
  readonly account?: string;
  /** What goes wrong on purpose, as people type it. */
  readonly faults?: readonly string[];
  /** Other numbers for what is drawn: faults and identifiers. */
  readonly seed?: number;
  /** Of the records of S3's events. */
  readonly eventVersion?: EventVersion;
  readonly detach: boolean;
  /** Ends after so many milliseconds without a request. Absent: in the foreground never, detached after 30 minutes. */
  readonly idleMs?: number;
  /** How this program is started: `[process.execPath, script]`. Needed with `detach`. */
  readonly command?: readonly string[];
}

export interface SandboxAddress {
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
}

/** The first item of the stream; the only one while all goes well. */
export type SandboxStartItem =
  | ({ readonly type: 'ready' } & SandboxAddress)
  /** A fault inside the sandbox: the request was answered with 500, the sandbox goes on. */
  | { readonly type: 'fault'; readonly message: string };

export interface SandboxStartResult extends SandboxAddress {
  readonly status: 'ok';
  /** Why it ended, or that it goes on: in the background, where it may have been running before. */
  readonly state: 'interrupted' | 'stopped' | 'idle' | 'background' | 'already-running';
}

/**
 * Runs a sandbox until the signal, `sandbox stop` or its idle time ends it; with `detach` starts it in the background.
 * It becomes the one that `--sandbox` uses, unless another one is that already: then only an explicit port of its
 * own starts a second, private one.
 *
 * @throws S3evtError USAGE (a fault), SANDBOX_RUNNING, PORT_IN_USE, SANDBOX_FAILED
 */
export async function runSandboxStart(
  input: SandboxStartInput,
  ctx: Context<SandboxStartItem>,
): Promise<SandboxStartResult> {
  const rules = await readFaults(input.faults ?? []);
  const running = await findSandbox(ctx.env);
  if (running && (input.port === undefined || running.endpoint.endsWith(`:${input.port}`))) {
    if (input.detach && !isSpecial(input)) {
      return { ...addressOf(running), status: 'ok', state: 'already-running' };
    }
    throw alreadyRunning(running);
  }
  if (!input.detach) return runInForeground(input, rules, ctx, running === undefined);
  if (running) {
    throw new S3evtError(
      'SANDBOX_RUNNING',
      `a sandbox already runs in the background at ${running.endpoint}`,
      {
        hint: 'Only one can. Stop it first, or run this one in the foreground.',
        commands: ['s3evt sandbox stop'],
      },
    );
  }
  return startDetached(input, ctx);
}

/** Whether the caller wants a sandbox unlike the one that may be running. */
function isSpecial({ faults = [], seed, eventVersion }: SandboxStartInput): boolean {
  return faults.length > 0 || seed !== undefined || eventVersion !== undefined;
}

async function runInForeground(
  input: SandboxStartInput,
  rules: readonly FaultRule[],
  ctx: Context<SandboxStartItem>,
  shared: boolean,
): Promise<SandboxStartResult> {
  const [{ createSandbox }, { createFaults }] = await Promise.all([
    import('../sandbox/index.ts'),
    import('../sandbox/faults.ts'),
  ]);
  const faults = createFaults({ seed: input.seed ?? 0 });
  for (const rule of rules) faults.add(rule);
  let end: (state: 'interrupted' | 'stopped' | 'idle') => void = () => undefined;
  const ended = new Promise<'interrupted' | 'stopped' | 'idle'>((resolve) => {
    end = resolve;
  });
  const sandbox = await createSandbox({
    clock: ctx.clock,
    faults,
    ...(input.seed === undefined ? {} : { seed: input.seed }),
    ...(input.eventVersion === undefined ? {} : { eventVersion: input.eventVersion }),
    ...(input.port === undefined ? {} : { port: input.port }),
    ...(input.region === undefined ? {} : { region: input.region }),
    ...(input.account === undefined ? {} : { account: input.account }),
    ...(input.idleMs === undefined ? {} : { idleMs: input.idleMs }),
    onStop: () => end('stopped'),
    onIdle: () => end('idle'),
    onError: (error) =>
      void ctx
        .item({
          type: 'fault',
          message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
        // Whoever no longer reads must not end a sandbox that others use.
        .catch(() => undefined),
  });
  const registration: RunningSandbox = { ...sandbox.identity };
  const onAbort = () => end('interrupted');
  try {
    if (shared) {
      // Another one may have registered itself since it was looked for.
      const other = await registerSandbox(ctx.env, registration);
      if (other && input.port === undefined) throw alreadyRunning(other);
    }
    await ctx.item({ type: 'ready', ...addressOf(registration) });
    ctx.signal.addEventListener('abort', onAbort, { once: true });
    if (ctx.signal.aborted) onAbort();
    return { ...addressOf(registration), status: 'ok', state: await ended };
  } finally {
    ctx.signal.removeEventListener('abort', onAbort);
    unregisterSandbox(ctx.env, registration);
    await sandbox.close();
  }
}

async function startDetached(
  input: SandboxStartInput,
  ctx: Context<SandboxStartItem>,
): Promise<SandboxStartResult> {
  if (!input.command) throw new S3evtError('INTERNAL', 'the program to start in the background is not known');
  const minutes = (input.idleMs ?? BACKGROUND_IDLE_MS) / 60_000;
  const started = await startBackground(ctx.env, {
    command: [...input.command, ...backgroundArguments(input, minutes)],
    timeoutMs: START_TIMEOUT_MS,
    clock: ctx.clock,
    signal: ctx.signal,
  });
  return { ...addressOf(started), status: 'ok', state: started.started ? 'background' : 'already-running' };
}

export interface SandboxStopResult {
  readonly status: 'ok';
  /** The one that was ended; null when none ran. */
  readonly stopped: SandboxAddress | null;
}

export async function runSandboxStop(ctx: Context): Promise<SandboxStopResult> {
  const stopped = await stopSandbox(ctx.env, {
    timeoutMs: STOP_TIMEOUT_MS,
    clock: ctx.clock,
    signal: ctx.signal,
  });
  return { status: 'ok', stopped: stopped ? addressOf(stopped) : null };
}

export type SandboxStatusResult =
  | { readonly status: 'negative'; readonly running: false }
  | ({
      readonly status: 'ok';
      readonly running: true;
      readonly pid: number;
      /** ISO 8601. */
      readonly startedAt: string;
    } & SandboxAddress);

export async function runSandboxStatus(ctx: Context): Promise<SandboxStatusResult> {
  const running = await findSandbox(ctx.env);
  if (!running) return { status: 'negative', running: false };
  const { pid, startedAt } = running;
  return { status: 'ok', running: true, ...addressOf(running), pid, startedAt };
}

export interface SandboxResetResult extends SandboxAddress {
  readonly status: 'ok';
}

/** @throws S3evtError NOT_FOUND when none runs. */
export async function runSandboxReset(ctx: Context): Promise<SandboxResetResult> {
  const running = await resetSandbox(ctx.env);
  if (!running) throw notRunning();
  return { status: 'ok', ...addressOf(running) };
}

export interface SandboxEnvInput {
  readonly shell: Shell;
}

export interface SandboxEnvResult extends SandboxAddress {
  readonly status: 'ok';
  readonly shell: Shell;
  /** To be set. */
  readonly variables: Readonly<Record<string, string>>;
  /** Set at the moment, and would lead clients past the sandbox. */
  readonly unset: readonly string[];
  /** All of it in the shell's own syntax, to be evaluated. */
  readonly lines: readonly string[];
}

/** What other tools need in their environment to use the shared sandbox. @throws S3evtError NOT_FOUND when none runs. */
export async function runSandboxEnv(input: SandboxEnvInput, ctx: Context): Promise<SandboxEnvResult> {
  const running = await requireSandbox(ctx);
  return {
    status: 'ok',
    ...addressOf(running),
    shell: input.shell,
    ...environmentLines(running, input.shell, ctx.env),
  };
}

function addressOf({ endpoint, account, region }: RunningSandbox): SandboxAddress {
  return { endpoint, account, region };
}

function alreadyRunning(running: RunningSandbox): S3evtError {
  return new S3evtError(
    'SANDBOX_RUNNING',
    `a sandbox already runs at ${running.endpoint} (process ${running.pid})`,
    {
      hint: 'Use it with --sandbox, add faults to it with "s3evt sandbox fault add", stop it, or give this one a port of its own with --port.',
      commands: ['s3evt sandbox status', 's3evt sandbox stop'],
    },
  );
}
