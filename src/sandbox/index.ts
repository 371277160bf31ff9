/** The local AWS: usable without the CLI. Loading this module is cheap; the SDK's clients come with `createSandbox`. */
import { setMaxListeners } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { S3evtError } from '../core/errors.ts';
import type { EventVersion } from './delivery/object-event.ts';
import { createActivity, untilIdle } from './activity.ts';
import { systemClock } from './clock.ts';
import { isForeignOrigin, serveControl } from './control-routes.ts';
import type { SandboxEnv } from './env.ts';
import { createFaults, type Faults } from './faults.ts';
import { createIds } from './ids.ts';
import type { Journal } from './journal.ts';
import { startJanitor } from './lambda/janitor.ts';
import type { Services } from './services.ts';
import { createMetricStore, type MetricStore } from './services/monitoring/store.ts';
import type { RunningSandbox } from './state-file.ts';
import { AwsError, ConnectionReset } from './wire/types.ts';
import { createWorkTracker } from './work.ts';

export type { Journal } from './journal.ts';

export interface SandboxOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** Makes identifiers repeatable, and has the faults draw other numbers than without one. */
  readonly seed?: number;
  /** Of requests without a signature; `us-east-1` by default. */
  readonly region?: string;
  /** Twelve digits; `000000000000` by default. */
  readonly account?: string;
  /** What goes wrong on purpose; nothing by default. */
  readonly faults?: Faults;
  /** Numbering of the event records; `2.6` by default. */
  readonly eventVersion?: EventVersion;
  /** Folder for this sandbox alone. It is removed with all that is in it, at the latest when the process ends. */
  readonly stateDir?: string;
  /** Milliseconds until Lambda can assume a new role; 0 by default. */
  readonly iamPropagationMs?: number;
  /** Milliseconds until a new or updated function is active; 0 by default. */
  readonly functionActivationMs?: number;
  /** With it, `onIdle` is called once there has been no request and no work for so many milliseconds. */
  readonly idleMs?: number;
  readonly onIdle?: () => void;
  /** Somebody asked for the end through the control route. Closing is the callee's part. */
  readonly onStop?: () => void;
  /** Faults of the sandbox itself; the client has got a 500. */
  readonly onError?: (error: unknown) => void;
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly account: string;
  readonly region: string;
  /** What the health route answers, and what the state file holds of a shared sandbox. */
  readonly identity: RunningSandbox;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Of the sandbox's own account: PutMetricData cannot seed the metrics of AWS's services. */
  readonly metrics: Pick<MetricStore, 'add'>;
  /**
   * Does at once what S3 does once a day (lifecycle rules, restores that are due), as if it were `now`: milliseconds since the
   * epoch, the clock's time by default.
   */
  readonly runLifecycle: Services['runLifecycle'];
  /**
   * Resolves when no delivery and no invocation is in progress. What waits for the clock does not count: retries, and
   * deliveries and log lines that a fault holds back.
   */
  idle(): Promise<void>;
  /** Forgets all state of all services, and the journal. Faults stay. */
  reset(): Promise<void>;
  /** Leaves no process, no port and no folder. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on 127.0.0.1.
 *
 * @throws S3evtError PORT_IN_USE
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock;
  const account = options.account ?? '000000000000';
  const region = options.region ?? 'us-east-1';
  const faults = options.faults ?? createFaults({ seed: options.seed ?? 0 });
  const onError = options.onError ?? (() => undefined);
  const stateDir = resolve(
    options.stateDir ?? join(tmpdir(), `s3evt-sandbox-${randomBytes(9).toString('hex')}`),
  );
  const [{ createWireServer }, { mountServices }] = await Promise.all([
    import('./wire/server.ts'),
    import('./services.ts'),
  ]);

  const activity = createActivity(clock);
  const { journal } = activity;
  const work = createWorkTracker();
  const janitor = startJanitor(stateDir);
  const closing = new AbortController();
  // Each slow answer listens to it; Node takes more than ten listeners for a leak.
  setMaxListeners(0, closing.signal);
  let port = 0;
  const env: SandboxEnv = {
    clock,
    account,
    region,
    ids: createIds(options.seed),
    journal,
    address: () => `127.0.0.1:${port}`,
    stateDir,
    work,
    metrics: createMetricStore(() => clock.now()),
  };

  let hasStateDir = false;
  const makeStateDir = () => {
    if (hasStateDir) return;
    hasStateDir = true;
    // The janitor first: nothing may stand there that a SIGKILL would leave behind.
    janitor.start();
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  };

  const wire = createWireServer({
    account,
    identify: (accessKeyId) => services.identify(accessKeyId),
    region,
    ids: env.ids,
    journal,
    onError,
    async intercept(call) {
      activity.begin(call.ctx.requestId);
      if (isForeignOrigin(call.ctx.headers.origin)) {
        throw new AwsError('AccessDenied', 'The sandbox does not serve web pages of other sites.', {
          status: 403,
        });
      }
      await faults.apply(call, clock, closing.signal, (kind) => activity.faulted(call.ctx.requestId, kind));
      if (call.operation === 'CreateFunction') makeStateDir();
    },
  });
  const services = await mountServices(env, wire, { ...options, faults, janitor });

  const reset = async () => {
    await services.reset();
    journal.clear();
  };
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll());
  const closeAll = async () => {
    closing.abort(new ConnectionReset());
    // At once, not one after the other: a runtime whose connection is cut must not be started anew.
    await Promise.all([wire.close(), services.close()]);
    await janitor.close();
    await rm(stateDir, { recursive: true, force: true });
  };

  const instance = randomUUID();
  const startedAt = new Date(clock.now()).toISOString();
  const identity = (): RunningSandbox => ({
    pid: process.pid,
    endpoint: `http://127.0.0.1:${port}`,
    account,
    region,
    instance,
    startedAt,
  });
  wire.route('/_sandbox/runtime/', (request, response, rest) => services.runtimeApi(request, response, rest));
  wire.route('/_sandbox/', (request, response, rest) => {
    const actions = {
      identity,
      journal,
      faults,
      clock,
      runLifecycle: services.runLifecycle,
      reset,
      stop: () => options.onStop?.(),
      touch: () => activity.touch(),
      onError,
    };
    serveControl(actions, request, response, rest);
  });
  try {
    port = await wire.listen(options.port ?? 0);
  } catch (error) {
    await close();
    throw portError(error, options.port ?? 0);
  }

  if (options.idleMs !== undefined) {
    untilIdle(activity, work, { idleMs: options.idleMs, clock, signal: closing.signal }).then(
      () => options.onIdle?.(),
      // Closed before.
      () => undefined,
    );
  }
  return {
    url: identity().endpoint,
    port,
    account,
    region,
    identity: identity(),
    journal,
    clock,
    faults,
    metrics: env.metrics,
    runLifecycle: services.runLifecycle,
    idle: () => work.idle(),
    reset,
    close,
  };
}

function portError(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const why = code === 'EADDRINUSE' ? 'is in use' : 'may not be used by this user';
  return new S3evtError('PORT_IN_USE', `port ${port} of 127.0.0.1 ${why}`, {
    hint: 'Choose another one with --port, or leave it out to get a free one.',
    cause: error,
  });
}
