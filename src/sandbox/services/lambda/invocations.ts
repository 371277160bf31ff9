/**
 * Running functions: synchronously, and from the queue of asynchronous events with its retries
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
 */
import { parseFunctionReference } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { InvocationAborted, type InvocationResult } from '../../lambda/execution.ts';
import { createOutcomeDelivery, type DeliverOutcome } from './async-delivery.ts';
import type { Condition } from './async-record.ts';
import type { AsyncTargets, RoleMay } from './async-targets.ts';
import { countFunction } from './metrics.ts';
import {
  failureOf,
  runnable,
  versionOf,
  type EventInvokeRecord,
  type FunctionRecord,
  type FunctionStore,
  type VersionRecord,
} from './store.ts';
import { isLoop, traceOf } from './trace-header.ts';

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

export interface InvocationOptions {
  readonly targets?: AsyncTargets | undefined;
  readonly roleMay?: RoleMay | undefined;
  readonly isThrottled?: ((functionArn: string) => boolean) | undefined;
}

/** Before the second and the third attempt. */
const RETRY_DELAYS_MS: readonly number[] = [60_000, 120_000];
const MAX_EVENT_AGE_SECONDS = 21_600;
/** Throttled events: from one second, doubled each time, to five minutes. */
const MAX_BACKOFF_MS = 300_000;

/** An event in the queue. */
interface Queued {
  readonly event: Event;
  readonly acceptedAt: number;
  /** Attempts that ran. */
  invokeCount: number;
  response: Completed | undefined;
  traceHeader: string | undefined;
}

export class Invocations {
  readonly #env: SandboxEnv;
  readonly #store: FunctionStore;
  readonly #isThrottled: (functionArn: string) => boolean;
  readonly #deliver: DeliverOutcome;
  #generation = new AbortController();

  constructor(env: SandboxEnv, store: FunctionStore, options: InvocationOptions = {}) {
    this.#env = env;
    this.#store = store;
    this.#isThrottled = options.isThrottled ?? (() => false);
    this.#deliver = createOutcomeDelivery(env, store, {
      targets: options.targets ?? {},
      roleMay: options.roleMay,
      submit: (event) => this.submit(event),
    });
  }

  /** The version behind a qualifier, by an alias's weights where it has some. */
  choose(record: FunctionRecord, qualifier: string | undefined): VersionRecord | undefined {
    return versionOf(record, qualifier, () => parseInt(this.#env.ids.hex(8), 16) / 2 ** 32);
  }

  /** Whether an invocation at this moment is one too many for the function's reserved concurrency. */
  isFull(record: FunctionRecord): boolean {
    return record.reservedConcurrency !== undefined && record.inFlight >= record.reservedConcurrency;
  }

  /** Whether Lambda, which invokes the function by itself, has to wait with it. */
  isThrottled(record: FunctionRecord): boolean {
    return this.#isThrottled(record.arn) || this.isFull(record);
  }

  /** Whether Lambda would stop this event as one of a recursive loop. */
  isStopped(record: FunctionRecord, event: Pick<Event, 'traceHeader'>): boolean {
    return record.recursiveLoop === 'Terminate' && isLoop(event.traceHeader, record.arn);
  }

  /** One attempt, journalled. Rejects with InvocationAborted when there can be no result. */
  async run(
    record: FunctionRecord,
    version: VersionRecord,
    event: Event,
    attempt: number,
  ): Promise<Completed> {
    const traceHeader = traceOf(this.#env, event.traceHeader, record.arn);
    const result = await this.#env.work.track(this.#attempt(record, version, event, traceHeader));
    this.#journal(record, event, attempt, result.outcome);
    return result;
  }

  /** Queues an event and returns at once; what becomes of it stands in the journal and in the log. */
  submit(event: Event): void {
    const { signal } = this.#generation;
    countFunction(this.#env, event.arn, 'AsyncEventsReceived');
    // Sleeps before retries are no work in progress. Only an abort rejects: of all, or of a function that was deleted.
    this.#process(event, signal).catch((error: unknown) => {
      if (!signal.aborted) this.#drop(event, 1, error instanceof Error ? error.message : String(error));
    });
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
    traceHeader: string,
  ): Promise<Completed> {
    const { clock, ids } = this.#env;
    const began = clock.now();
    const count = (name: Parameters<typeof countFunction>[2], value = 1) =>
      countFunction(this.#env, event.arn, name, value, began);
    record.inFlight++;
    count('ConcurrentExecutions', record.inFlight);
    try {
      const result = await version.pool.invoke(runnable(version, clock.now()), {
        requestId: event.requestId,
        invocationId: ids.uuid(),
        payload: event.payload,
        invokedArn: event.arn,
        traceId: traceHeader,
        clientContext: event.clientContext,
      });
      count('Invocations');
      // Zeros too, so that a rate can be computed.
      count('Errors', result.outcome === 'ok' ? 0 : 1);
      count('Throttles', 0);
      count('Duration', clock.now() - began);
      return { ...result, executedVersion: version.version };
    } finally {
      record.inFlight--;
    }
  }

  async #process(event: Event, signal: AbortSignal): Promise<void> {
    const { clock, work } = this.#env;
    const queued: Queued = {
      event,
      acceptedAt: clock.now(),
      invokeCount: 0,
      response: undefined,
      traceHeader: event.traceHeader,
    };
    let backoffMs = 1000;
    for (;;) {
      const found = this.#store.byArn(event.arn);
      const version = found && this.choose(found.record, found.qualifier);
      // Deleted meanwhile: there is nobody left to run it, and with the function its settings are gone.
      if (!found || !version) {
        this.#drop(event, queued.invokeCount + 1, `there is no function ${event.arn} any more`);
        return;
      }
      // A function that is still Pending cannot run; whether AWS keeps its events is UNKNOWN. Keeping loses none.
      if (version.activeAt > clock.now()) {
        await clock.sleep(version.activeAt - clock.now(), signal);
        continue;
      }
      const { record, qualifier = '$LATEST' } = found;
      const config = record.eventInvoke.get(qualifier);
      const end = (condition: Condition) => {
        const { invokeCount, response, traceHeader } = queued;
        if (condition !== 'Success') countFunction(this.#env, event.arn, 'AsyncEventsDropped');
        const outcome = { event, record, version, qualifier, condition, invokeCount, response, traceHeader };
        return signal.aborted ? undefined : work.track(this.#deliver(outcome));
      };

      if (record.reservedConcurrency === 0) {
        this.#journal(record, event, queued.invokeCount + 1, 'throttled', 'ZeroReservedConcurrency');
        countFunction(this.#env, event.arn, 'Throttles');
        return end('ZeroReservedConcurrency');
      }
      const failure = failureOf(version, clock.now());
      if (failure) {
        // Whether AWS tries again for a while is UNKNOWN.
        const reason = `the function is Failed: ${failure.code}`;
        this.#journal(record, event, queued.invokeCount + 1, 'dropped', reason);
        return end('RetriesExhausted');
      }
      if (this.isStopped(record, event)) {
        this.#journal(record, event, queued.invokeCount + 1, 'dropped', 'recursive loop detected');
        countFunction(this.#env, event.arn, 'RecursiveInvocationsDropped');
        // The condition of the record is UNKNOWN; this is the documented one for an event that is given up.
        return end('RetriesExhausted');
      }
      if (this.isThrottled(record)) {
        const tooOld = this.#isTooOld(queued, backoffMs, config);
        const reason = tooOld ? 'EventAgeExceeded' : 'the concurrency of the function is used up';
        this.#journal(record, event, queued.invokeCount + 1, 'throttled', reason);
        countFunction(this.#env, event.arn, 'Throttles');
        if (tooOld) return end('EventAgeExceeded');
        await clock.sleep(backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        continue;
      }
      backoffMs = 1000;

      const attempt = ++queued.invokeCount;
      countFunction(this.#env, event.arn, 'AsyncEventAge', clock.now() - queued.acceptedAt);
      queued.traceHeader = traceOf(this.#env, event.traceHeader, record.arn);
      const response = await work.track(this.#attempt(record, version, event, queued.traceHeader));
      queued.response = response;
      const delayMs = RETRY_DELAYS_MS[attempt - 1] ?? 0;
      const condition = this.#conditionAfter(queued, response, delayMs, record.eventInvoke.get(qualifier));
      const reason = condition === 'Success' ? undefined : condition;
      this.#journal(record, event, attempt, response.outcome, reason);
      if (condition) return end(condition);
      await clock.sleep(delayMs, signal);
    }
  }

  /** Undefined: the event is tried again after the delay. */
  #conditionAfter(
    queued: Queued,
    response: Completed,
    delayMs: number,
    config: EventInvokeRecord | undefined,
  ): Condition | undefined {
    if (response.outcome === 'ok') return 'Success';
    if (queued.invokeCount > (config?.maximumRetryAttempts ?? RETRY_DELAYS_MS.length))
      return 'RetriesExhausted';
    return this.#isTooOld(queued, delayMs, config) ? 'EventAgeExceeded' : undefined;
  }

  /** Whether the event would be older than it may be after the delay: AWS gives it up before that. */
  #isTooOld({ acceptedAt }: Queued, delayMs: number, config: EventInvokeRecord | undefined): boolean {
    const maxAgeMs = (config?.maximumEventAgeSeconds ?? MAX_EVENT_AGE_SECONDS) * 1000;
    return this.#env.clock.now() + delayMs - acceptedAt > maxAgeMs;
  }

  #drop(event: Event, attempt: number, reason: string): void {
    const name = parseFunctionReference(event.arn)?.name ?? event.arn;
    countFunction(this.#env, event.arn, 'AsyncEventsDropped');
    this.#journal({ name }, event, attempt, 'dropped', reason);
  }

  #journal(
    { name }: Pick<FunctionRecord, 'name'>,
    { requestId }: Event,
    attempt: number,
    outcome: InvocationResult['outcome'] | 'throttled' | 'dropped',
    reason?: string,
  ): void {
    this.#env.journal.record({
      type: 'invocation',
      functionName: name,
      requestId,
      attempt,
      outcome,
      ...(reason !== undefined && { reason }),
    });
  }
}
