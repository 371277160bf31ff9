import { askControl } from '../sandbox/control-client.ts';
import { readFaults } from '../sandbox/read-faults.ts';
import type { Context } from './context.ts';
import { requireSandbox } from './sandbox-running.ts';

export interface SandboxFaultsResult {
  readonly status: 'ok';
  readonly endpoint: string;
  /** All faults that act now, in the order in which they are tried, as `sandbox fault add` takes them. */
  readonly faults: readonly string[];
}

const ROUTE = '/_sandbox/faults';

/** Adds faults to the shared sandbox: all of them or, when one is wrong, none. @throws S3evtError USAGE, NOT_FOUND */
export async function runSandboxFaultAdd(
  input: { readonly specs: readonly string[] },
  ctx: Context,
): Promise<SandboxFaultsResult> {
  await readFaults(input.specs);
  const query = new URLSearchParams(input.specs.map((spec): [string, string] => ['spec', spec]));
  return ask('POST', ctx, query);
}

/** @throws S3evtError NOT_FOUND */
export function runSandboxFaultList(ctx: Context): Promise<SandboxFaultsResult> {
  return ask('GET', ctx);
}

/** @throws S3evtError NOT_FOUND */
export function runSandboxFaultClear(ctx: Context): Promise<SandboxFaultsResult> {
  return ask('DELETE', ctx);
}

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  ctx: Context,
  query?: URLSearchParams,
): Promise<SandboxFaultsResult> {
  const { endpoint } = await requireSandbox(ctx);
  const { signal } = ctx;
  const faults = await askControl(method, endpoint, ROUTE, { signal, ...(query && { query }) });
  return { status: 'ok', endpoint, faults: faults as readonly string[] };
}
