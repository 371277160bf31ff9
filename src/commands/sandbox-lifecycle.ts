import { askControl } from '../sandbox/control-client.ts';
import type { Context } from './context.ts';
import { requireSandbox } from './sandbox-running.ts';

export interface SandboxLifecycleInput {
  /** All buckets when absent. */
  readonly bucket?: string;
  /** As if so many days had passed. */
  readonly afterDays: number;
}

export interface SandboxLifecycleResult {
  readonly status: 'ok';
  readonly endpoint: string;
  readonly bucket: string | null;
  readonly afterDays: number;
  /** How often each thing was done. */
  readonly done: LifecycleCounts;
}

export interface LifecycleCounts {
  readonly expired: number;
  readonly markersCreated: number;
  readonly transitioned: number;
  readonly tiered: number;
  readonly uploadsAborted: number;
  readonly restoresCompleted: number;
  readonly restoresExpired: number;
}

/**
 * Has the shared sandbox do what S3 does once a day: lifecycle rules, archive tiers, restores that are due.
 *
 * @throws S3evtError NOT_FOUND when no sandbox runs or it has no such bucket.
 */
export async function runSandboxLifecycle(
  input: SandboxLifecycleInput,
  ctx: Context,
): Promise<SandboxLifecycleResult> {
  const { endpoint } = await requireSandbox(ctx);
  const query = new URLSearchParams({ days: String(input.afterDays) });
  if (input.bucket !== undefined) query.set('bucket', input.bucket);
  const { signal } = ctx;
  const done = await askControl('POST', endpoint, '/_sandbox/lifecycle', { query, signal });
  const { bucket = null, afterDays } = input;
  return { status: 'ok', endpoint, bucket, afterDays, done: done as LifecycleCounts };
}
