/** Puts the objects of a test, and takes them away again. */
import { deleteObject, putObject, type EventfulRequest, type UploadBody } from '../aws/upload.ts';
import { operate, putsFirst } from '../aws/operations.ts';
import { hasCode } from '../core/errors.ts';
import type { Operation } from '../core/operation.ts';
import type { Context } from './context.ts';

/** Requests in flight together. */
const IN_FLIGHT = 8;

export interface Upload {
  readonly key: string;
  readonly size: number;
  readonly request: EventfulRequest;
}

/** One object, and what is done to it. */
export interface Job {
  readonly operation: Operation;
  readonly key: string;
  readonly body: UploadBody;
}

export interface Run {
  /** The key is the caller's: no other one is taken instead. */
  readonly keyGiven: boolean;
  /** An object of that key may be replaced. */
  readonly mayReplace: boolean;
  readonly bucket: string;
  /** Another key that the same rules take. */
  readonly beside: (key: string, mark: string) => string;
  /** Of the uploads, and of cleaning up after them. */
  readonly signal: AbortSignal;
  /** What is to be removed again: known even when a later request fails. */
  readonly made: { readonly key: string; readonly versionId: string | undefined }[];
}

/**
 * What became of each job, in their order; undefined for those that were not begun. When one fails and the others do not go on, those
 * under way are waited for.
 */
export async function settleAll(
  run: Run,
  jobs: readonly Job[],
  { ctx, goesOn }: { readonly ctx: Context; readonly goesOn: boolean },
): Promise<readonly (PromiseSettledResult<Upload> | undefined)[]> {
  const settled = jobs.map((): PromiseSettledResult<Upload> | undefined => undefined);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (!ctx.signal.aborted) {
      const index = next++;
      const job = jobs[index];
      if (!job) return;
      const [one] = await Promise.allSettled([uploadOne(run, job, ctx)]);
      settled[index] = one;
      if (one.status === 'rejected' && !goesOn) next = jobs.length;
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, jobs.length) }, worker));
  return settled;
}

/** An object that is there already is not replaced, unless key and --yes were given: a file then goes beside it. */
async function uploadOne(run: Run, job: Job, ctx: Context): Promise<Upload> {
  const { keyGiven, mayReplace, bucket, signal } = run;
  const { operation, key: wanted, body } = job;
  const now = () => ctx.clock.now();
  const task = { type: 'task', id: `upload-${operation}-${wanted}` } as const;
  // What is restored is there already, and is nobody's to remove.
  const isOurs = operation !== 'restore';
  let key = wanted;
  let create = true;
  for (let attempt = 0; ; attempt++) {
    const title = isOurs ? `Upload s3://${bucket}/${key}` : `Restore s3://${bucket}/${key}`;
    ctx.emit({ ...task, title, state: 'running' });
    try {
      const put = { bucket, key, body, create, signal, tagged: operation === 'untag' };
      const first = putsFirst(operation) ? await putObject(ctx.aws, now, put) : undefined;
      if (first) noteMade(run, put, first);
      const request =
        operation === 'put' && first ? first : await operate(ctx.aws, now, operation, put, first);
      if (isOurs) noteMade(run, put, request);
      ctx.emit({ ...task, title, state: 'done' });
      return { key, size: body.size, request };
    } catch (error) {
      const taken = create && hasCode(error, 'OBJECT_EXISTS');
      if (!taken || (keyGiven && !mayReplace) || attempt >= 3) {
        ctx.emit({ ...task, title, state: 'failed' });
        throw error;
      }
      if (mayReplace) create = false;
      else key = run.beside(wanted, ctx.randomHex(6));
    }
  }
}

/**
 * What took the place of another object stays, or the key would be left with nothing; only where there are versions does
 * removing the new one bring the old one back.
 */
function noteMade(
  { made }: Run,
  { key, create }: { key: string; create: boolean },
  { versionId }: EventfulRequest,
): void {
  const known = made.some((one) => one.key === key && one.versionId === versionId);
  if (!known && (create || versionId !== undefined)) made.push({ key, versionId });
}

/** How long Ctrl-C waits for what is finished and cleaned up after it. */
const CLEAN_UP_MS = 4_000;

/** Aborted that much later than the signal. */
export function lateAbort(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const arm = () => {
    setTimeout(() => {
      late.abort(signal.reason);
    }, CLEAN_UP_MS).unref();
  };
  if (signal.aborted) arm();
  else signal.addEventListener('abort', arm, { once: true });
  return late.signal;
}

/** Removes what was made. Whether all of it is gone; what is not is told in a warning. */
export async function cleanUp({ bucket, made, signal }: Run, ctx: Context): Promise<boolean> {
  const left = new Set(made);
  const queue = [...made];
  let failure: Error | undefined;
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined && failure === undefined; one = queue.shift()) {
      try {
        await deleteObject(ctx.aws, bucket, one.key, one.versionId, signal);
        left.delete(one);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  if (failure !== undefined) {
    const keys = [...new Set([...left].map(({ key }) => `s3://${bucket}/${key}`))].join(', ');
    const message = `${keys} could not be removed: ${failure.message}`;
    ctx.emit({ type: 'warning', warning: { code: 'OBJECT_LEFT', message } });
  }
  return made.length > 0 && failure === undefined;
}
