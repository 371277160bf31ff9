/** Handlers called as plain functions, and through the real wire server. */
import { createIds } from '../../../src/sandbox/ids.ts';
import { Journal } from '../../../src/sandbox/journal.ts';
import { createMetricStore } from '../../../src/sandbox/services/monitoring/store.ts';
import { createWorkTracker } from '../../../src/sandbox/work.ts';
import type { SandboxEnv } from '../../../src/sandbox/env.ts';
import type { RequestContext } from '../../../src/sandbox/wire/types.ts';
import { createWireServer } from '../../../src/sandbox/wire/server.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';

export interface TestEnv extends SandboxEnv {
  readonly clock: ManualClock;
}

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';

export function createTestEnv(): TestEnv {
  const clock = createManualClock();
  return {
    clock,
    account: ACCOUNT,
    region: REGION,
    ids: createIds(1),
    journal: new Journal(),
    address: () => '127.0.0.1:0',
    stateDir: '/nonexistent',
    work: createWorkTracker(),
    metrics: createMetricStore(() => clock.now()),
  };
}

function createContext(changes: Partial<RequestContext> = {}): RequestContext {
  return {
    requestId: '9e8d7c6b-5a49-4838-a726-1504f3e2d1c0',
    extendedRequestId: '',
    region: REGION,
    account: ACCOUNT,
    accessKeyId: 'AKIAEXAMPLE000000000',
    sourceIp: '127.0.0.1',
    host: '127.0.0.1',
    method: 'POST',
    headers: {},
    trailers: () => ({}),
    response: { headers: {} },
    ...changes,
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs and outputs are inferred from each handler
type Handler = (input: any, ctx: RequestContext) => unknown;
type Input<F> = NonNullable<F> extends Handler ? Parameters<NonNullable<F>>[0] : never;
type Output<F> = NonNullable<F> extends Handler ? Exclude<Awaited<ReturnType<NonNullable<F>>>, void> : never;

/** `call('GetRole', { RoleName })`: a thrown error becomes a rejection. */
export function callerOf<H extends object>(handlers: H, ctx = createContext()) {
  return async <K extends keyof H>(
    operation: K,
    input: Input<H[K]>,
    changes: Partial<RequestContext> = {},
  ): Promise<Output<H[K]>> => {
    const handler = handlers[operation] as Handler | undefined;
    if (!handler) throw new Error(`no handler for ${String(operation)}`);
    return (await handler(input, { ...ctx, ...changes })) as Output<H[K]>;
  };
}

export interface Served {
  /** What every client is made with. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  close(): Promise<void>;
}

/** Mounts one service of the sandbox on a real port. `module` is the namespace of its client package. */
export async function serve(
  env: TestEnv,
  id: 'logs' | 'iam' | 'sts',
  module: Readonly<Record<string, unknown>>,
  handlers: object,
): Promise<Served> {
  const server = createWireServer({
    account: env.account,
    region: env.region,
    ids: env.ids,
    journal: env.journal,
  });
  server.mount(defineService(SERVICE_SPECS[id], module), handlers as never);
  const port = await server.listen(0);
  return {
    clientConfig: {
      endpoint: `http://127.0.0.1:${port}`,
      region: REGION,
      credentials: { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' },
      maxAttempts: 1,
    },
    close: () => server.close(),
  };
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
