/**
 * Running functions: synchronously, and from the queue of asynchronous events with its retries
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
 */
import type { SandboxEnv } from '../../env.ts';
import { InvocationAborted, type InvocationResult } from '../../lambda/execution.ts';
import { runnable, versionOf, type FunctionRecord, type FunctionStore, type VersionRecord } from './store.ts';

export interface Event {
  readonly requestId: string;
  readonly payload: Uint8Array;
  /** With the qualifier that the caller used; it is resolved anew at each attempt. */
  readonly arn: string;
  readonly clientContext?: string | undefined;
  /** Of whoever sent the event, if it was traced; else each attempt begins a trace. */
  readonly traceHeader?: string | undefined;
}

export interface Completed extends InvocationResult {
  readonly executedVersion: string;
}

/** Before the second and the third attempt. */
const RETRY_DELAYS_MS: readonly number[] = [60_000, 120_000];
const MAX_EVENT_AGE_SECONDS = 21_600;

export class Invocations {
  readonly #env: SandboxEnv;
  readonly #store: FunctionStore;
  #generation = new AbortController();

  constructor(env: SandboxEnv, store: FunctionStore) {
    this.#env = env;
    this.#store = store;
  }

  /** The version behind a qualifier, by an alias's weights where it has some. */
  choose(record: FunctionRecord, qualifier: string | undefined): VersionRecord | undefined {
    return versionOf(record, qualifier, () => parseInt(this.#env.ids.hex(8), 16) / 2 ** 32);
  }

  /** One attempt, journalled. Rejects with InvocationAborted when there can be no result. */
  run(record: FunctionRecord, version: VersionRecord, event: Event, attempt: number): Promise<Completed> {
    return this.#env.work.track(this.#attempt(record, version, event, attempt));
  }

  /** Queues an event and returns at once; what becomes of it stands in the journal and in the log. */
  submit(event: Event): void {
    // Only an abort rejects, and then nobody waits. Sleeps before retries are no work in progress.
    void this.#process(event, this.#generation.signal).catch(() => undefined);
  }

  /** Forgets the events that wait for a retry. */
  abort(): void {
    this.#generation.abort(new InvocationAborted('the sandbox was reset'));
    this.#generation = new AbortController();
  }

  async #attempt(
    record: FunctionRecord,
    version: VersionRecord,
    event: Event,
    attempt: number,
  ): Promise<Completed> {
    const { clock, ids } = this.#env;
    record.inFlight++;
    try {
      const result = await version.pool.invoke(runnable(version, clock.now()), {
        requestId: event.requestId,
        invocationId: ids.uuid(),
        payload: event.payload,
        invokedArn: event.arn,
        traceId: event.traceHeader ?? this.#traceId(),
        clientContext: event.clientContext,
      });
      this.#journal(record, event, attempt, result.outcome);
      return { ...result, executedVersion: version.version };
    } finally {
      record.inFlight--;
    }
  }

  async #process(event: Event, signal: AbortSignal): Promise<void> {
    const { clock } = this.#env;
    const acceptedAt = clock.now();
    for (let attempt = 1; ; attempt++) {
      const found = this.#store.byArn(event.arn);
      const version = found && this.choose(found.record, found.qualifier);
      // Deleted meanwhile: there is nobody left to run it.
      if (!found || !version) return;
      // A function that is still Pending cannot run; whether AWS keeps its events is UNKNOWN. Keeping loses none.
      if (version.activeAt > clock.now()) await clock.sleep(version.activeAt - clock.now(), signal);
      if (found.record.reservedConcurrency === 0) {
        // Condition ZeroReservedConcurrency: no attempt and no retry.
        this.#journal(found.record, event, attempt, 'throttled');
        return;
      }
      const result = await this.run(found.record, version, event, attempt);
      if (result.outcome === 'ok') return;

      const config = found.record.eventInvoke.get(found.qualifier ?? '$LATEST');
      const delay = RETRY_DELAYS_MS[attempt - 1];
      if (delay === undefined || attempt > (config?.maximumRetryAttempts ?? RETRY_DELAYS_MS.length)) return;
      const maxAgeMs = (config?.maximumEventAgeSeconds ?? MAX_EVENT_AGE_SECONDS) * 1000;
      if (clock.now() + delay - acceptedAt > maxAgeMs) return;
      await clock.sleep(delay, signal);
    }
  }

  #journal(
    record: FunctionRecord,
    event: Event,
    attempt: number,
    outcome: InvocationResult['outcome'] | 'throttled',
  ): void {
    const { requestId } = event;
    this.#env.journal.record({ type: 'invocation', functionName: record.name, requestId, attempt, outcome });
  }

  /** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
  #traceId(): string {
    const { clock, ids } = this.#env;
    const time = Math.floor(clock.now() / 1000)
      .toString(16)
      .padStart(8, '0');
    return `Root=1-${time}-${ids.hex(24)};Parent=${ids.hex(16)};Sampled=0`;
  }
}
