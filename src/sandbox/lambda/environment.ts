/**
 * One execution environment: a runtime process, the invocation it runs, and its log stream
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
 *
 *     starting -> idle -> busy -> finishing -> idle -> … -> dead
 *
 * `finishing` is an environment that has answered and not yet asked for more: it is about to be free.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EnvironmentHost, EnvironmentOwner } from './environment-host.ts';
import { EnvironmentLog } from './environment-log.ts';
import {
  InvocationAborted,
  failurePayload,
  type ExecutionSpec,
  type Invocation,
  type RuntimeFailure,
} from './execution.ts';
import { createJob, exitFailure, outOfMemoryFailure, sendJob, timeoutFailure, type Job } from './job.ts';
import { CannotLaunch } from './launch.ts';
import { OutputReader, type OutputItem } from './output-reader.ts';
import type { InvocationReport } from './platform-log.ts';
import { startProcess, type RuntimeProcess } from './runtime-process.ts';
import { startTimeLimit, type TimeLimit } from './time-limit.ts';

const MEMORY_WATCH_MS = 100;

export type EnvironmentState = 'starting' | 'idle' | 'busy' | 'finishing' | 'dead';

export class Environment {
  readonly id = randomUUID();
  readonly spec: ExecutionSpec;
  readonly #host: EnvironmentHost;
  readonly #owner: EnvironmentOwner;
  readonly #log: EnvironmentLog;
  readonly #gone: Promise<void>;
  #resolveGone: () => void = () => undefined;
  #state: EnvironmentState = 'starting';
  #process: RuntimeProcess | undefined;
  #phase: 'init' | 'invoke' = 'init';
  #launchedAt = 0;
  #initialised = false;
  #initTimedOut = false;
  #initFailure: RuntimeFailure | undefined;
  /** Set until the first report has shown it. */
  #initMs: number | undefined;
  #initLimit: TimeLimit | undefined;
  #reaper: NodeJS.Timeout | undefined;
  #poll: ServerResponse | undefined;
  #job: Job | undefined;
  #peakMemoryMb = 0;
  #memoryTimer: NodeJS.Timeout | undefined;
  #outOfMemory = false;
  #closing = false;

  constructor(spec: ExecutionSpec, host: EnvironmentHost, owner: EnvironmentOwner) {
    this.spec = spec;
    this.#host = host;
    this.#owner = owner;
    this.#log = new EnvironmentLog(spec, host.env, host.logSink(spec.region));
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    host.environments.set(this.id, this);
    this.#log.system(this.#log.lines.initStart());
    void this.#launch('init');
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  /** Hands an invocation to an idle environment. */
  assign(invocation: Invocation): void {
    clearTimeout(this.#reaper);
    this.#state = 'busy';
    this.#watchMemory();
    this.#begin(invocation);
    this.#deliver();
  }

  /** Kills the process and aborts what it runs; resolves when nothing of it is left. */
  close(): Promise<void> {
    if (!this.#closing && this.#state !== 'dead') {
      this.#closing = true;
      if (this.#process) this.#process.kill();
      else this.#die();
    }
    return this.#gone;
  }

  /** Runtime API `GET /runtime/invocation/next`. */
  next(response: ServerResponse): void {
    // What an invocation used is seen with its answer.
    if (!this.#initialised) this.#sampleMemory();
    // About to be killed: it gets nothing more to do.
    if (this.#outOfMemory) return;
    this.#poll = response;
    response.once('close', () => {
      if (this.#poll !== response) return;
      this.#poll = undefined;
      if (this.#state === 'idle') this.#state = 'finishing';
    });
    if (!this.#initialised) {
      this.#initialised = true;
      this.#initLimit?.clear();
      const durationMs = performance.now() - this.#launchedAt;
      if (this.#phase === 'init') {
        this.#initMs = durationMs;
        this.#log.system(this.#log.lines.initDone(durationMs));
      }
    }
    if (!this.#job) this.#becomeIdle();
    else if (!this.#job.delivered) this.#deliver();
  }

  /** Runtime API `…/response` and `…/error`. Undefined when accepted, else the Runtime API's error type. */
  answer(
    request: IncomingMessage,
    requestId: string,
    payload: Uint8Array,
    errorType: string | undefined,
  ): 'InvalidRequestID' | 'InvalidInvocationId' | undefined {
    const job = this.#job;
    if (!job?.delivered || job.result || job.invocation.requestId !== requestId) return 'InvalidRequestID';
    const echoed = request.headers['lambda-runtime-invocation-id'];
    if (echoed !== undefined && echoed !== job.invocation.invocationId) return 'InvalidInvocationId';
    this.#sampleMemory();
    // It would have been killed before it could answer.
    if (this.#outOfMemory) return undefined;
    job.result = { payload, errorType };
    this.#finishIfComplete();
    return undefined;
  }

  /** Runtime API `POST /runtime/init/error`; the process exits by itself afterwards. */
  failInit(failure: RuntimeFailure): void {
    this.#sampleMemory();
    this.#initFailure ??= failure;
  }

  async #launch(phase: 'init' | 'invoke'): Promise<void> {
    this.#phase = phase;
    this.#initialised = this.#initTimedOut = this.#outOfMemory = false;
    this.#initFailure = undefined;
    this.#process = undefined;
    let launch;
    try {
      launch = await this.#host.launch(this.spec, { environmentId: this.id, logStream: this.#log.stream });
    } catch (error) {
      if (this.#state !== 'dead') this.#cannotLaunch(error);
      return;
    }
    if (this.#state === 'dead') {
      this.#host.released(this.id);
      return;
    }
    this.#launchedAt = performance.now();
    if (this.#job?.timedOut) {
      this.#processEnded('');
      return;
    }
    const token = launch.outputToken;
    const readers = { stdout: new OutputReader(token), stderr: new OutputReader(token) };
    if (phase === 'init') {
      this.#initLimit = startTimeLimit(this.#host.initTimeoutMs, () => {
        this.#initTimedOut = true;
        this.#process?.kill();
      });
    }
    this.#process = startProcess(launch, this.#host.janitor, {
      output: (chunk, stream) => this.#read(readers[stream].push(chunk)),
      ended: (end) => {
        this.#read([...readers.stdout.end(), ...readers.stderr.end()]);
        this.#processEnded(end.text);
      },
    });
    this.#watchMemory();
  }

  #read(items: readonly OutputItem[]): void {
    this.#log.application(items);
    for (const item of items) {
      if (item.type !== 'end' || item.requestId !== this.#job?.invocation.requestId) continue;
      this.#job.outputEnded = true;
      this.#finishIfComplete();
    }
  }

  #becomeIdle(): void {
    this.#state = 'idle';
    clearInterval(this.#memoryTimer);
    clearTimeout(this.#reaper);
    this.#reaper = setTimeout(() => void this.close(), this.#host.idleReapMs);
    // Reaping is housekeeping: it keeps no process alive.
    this.#reaper.unref();
    this.#owner.free(this);
  }

  #begin(invocation: Invocation): void {
    this.#job = createJob(invocation, this.spec, () => this.#timeOut());
    this.#log.startTail();
  }

  #deliver(): void {
    const job = this.#job;
    const response = this.#poll;
    if (!job || !response) return;
    this.#poll = undefined;
    job.delivered = true;
    this.#log.system(this.#log.lines.start(job.invocation.requestId));
    sendJob(job, this.spec, response);
  }

  /** END may follow only the last line of output, hence after the response and the end-of-output mark. */
  #finishIfComplete(): void {
    const job = this.#job;
    if (!job?.result || !job.outputEnded) return;
    const { payload, errorType } = job.result;
    this.#finish(job, { status: errorType === undefined ? 'success' : 'error', errorType }, payload);
    if (this.#poll) this.#becomeIdle();
    else this.#state = 'finishing';
  }

  #timeOut(): void {
    const job = this.#job;
    if (!job) return;
    if (job.result) {
      // It has answered, but closed its output without the mark.
      job.outputEnded = true;
      this.#finishIfComplete();
      return;
    }
    job.timedOut = true;
    this.#sampleMemory();
    // The report follows in #processEnded: output that is still in the pipe belongs before it.
    this.#process?.kill();
  }

  #processEnded(endText: string): void {
    this.#initLimit?.clear();
    clearTimeout(this.#reaper);
    clearInterval(this.#memoryTimer);
    this.#process = undefined;
    // Its connection may close later than the process ends: nothing may be handed to it any more.
    this.#poll = undefined;
    const job = this.#job;
    if (!this.#closing && !this.#initialised) {
      this.#initFailed(endText);
      return;
    }
    if (job && !this.#closing) this.#fail(job, this.#exitFailure(job.invocation.requestId, endText));
    this.#die();
  }

  /** The invocation ends with its process: a timeout, an answer that came before, or else `failure`. */
  #fail(job: Job, failure: RuntimeFailure): void {
    if (job.timedOut) {
      const { payload } = timeoutFailure(job, this.spec);
      this.#finish(job, { status: 'timeout', errorType: undefined }, payload);
    } else if (job.result) {
      job.outputEnded = true;
      this.#finishIfComplete();
    } else {
      this.#finish(job, { status: 'failure', errorType: failure.errorType }, failure.payload);
    }
  }

  /**
   * AWS tries a failed initialisation once more when the invocation comes, within the function's own timeout. So
   * does this; afterwards every further invocation costs one try, never two, and never one without an invocation.
   */
  #initFailed(endText: string): void {
    const durationMs = performance.now() - this.#launchedAt;
    const job = this.#job;
    const timedOut = this.#initTimedOut || (job?.timedOut ?? false);
    const failure = this.#initFailure ?? this.#exitFailure(job?.invocation.requestId ?? '', endText);
    const errorType = timedOut ? undefined : failure.errorType;
    const status = timedOut ? 'timeout' : 'error';
    this.#log.system(this.#log.lines.initReport({ durationMs, phase: this.#phase, status, errorType }));
    if (job) {
      this.#log.system(this.#log.lines.start(job.invocation.requestId));
      this.#fail(job, failure);
    }
    const next = this.#owner.take(this);
    if (!next) {
      this.#die();
      return;
    }
    this.#state = 'busy';
    this.#begin(next);
    void this.#launch('invoke');
  }

  #cannotLaunch(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const errorType = error instanceof CannotLaunch ? 'Runtime.InvalidEntrypoint' : 'Runtime.Unknown';
    for (let next = this.#job?.invocation ?? this.#owner.take(this); next; next = this.#owner.take(this)) {
      if (!this.#job) this.#begin(next);
      const text = `RequestId: ${next.requestId} Error: ${message}`;
      this.#log.system(this.#log.lines.start(next.requestId));
      this.#log.system([`${text}\n${errorType}\n`]);
      if (this.#job) this.#fail(this.#job, failurePayload(errorType, text));
    }
    this.#die();
  }

  #finish(job: Job, outcome: Pick<InvocationReport, 'status' | 'errorType'>, payload: Uint8Array): void {
    job.limit.clear();
    this.#job = undefined;
    const { requestId } = job.invocation;
    const durationMs =
      outcome.status === 'timeout' ? this.spec.timeoutSeconds * 1000 : performance.now() - job.startedAt;
    const initMs = this.#initMs;
    this.#initMs = undefined;
    const maxMemoryMb = this.#maxMemoryMb();
    this.#log.system(this.#log.lines.end({ requestId, durationMs, initMs, maxMemoryMb, ...outcome }));
    const failed = outcome.status === 'timeout' ? 'timeout' : 'error';
    job.invocation.resolve({
      outcome: outcome.status === 'success' ? 'ok' : failed,
      payload,
      logTail: this.#log.endTail(),
    });
  }

  #exitFailure(requestId: string, endText: string): RuntimeFailure {
    return this.#outOfMemory ? outOfMemoryFailure(requestId) : exitFailure(requestId, endText);
  }

  /** While it runs; a peak between two looks is seen at the next one, at the latest with the answer. */
  #watchMemory(): void {
    clearInterval(this.#memoryTimer);
    this.#memoryTimer = setInterval(() => this.#sampleMemory(), MEMORY_WATCH_MS);
    this.#memoryTimer.unref();
  }

  #sampleMemory(): void {
    const use = this.#process?.memory();
    if (!use || this.#outOfMemory) return;
    this.#peakMemoryMb = Math.max(this.#peakMemoryMb, use.peakMb);
    if ((use.peakPrivateMb ?? 0) <= this.spec.memoryMb) return;
    this.#outOfMemory = true;
    this.#process?.kill();
  }

  /** Without /proc, what the bare runtimes use on AWS: a figure that readers of REPORT lines can live with. */
  #maxMemoryMb(): number {
    if (this.#outOfMemory) return this.spec.memoryMb;
    // The interpreter's files may be larger than on AWS, where no more than the function's memory can be used.
    if (this.#peakMemoryMb > 0) return Math.min(this.#peakMemoryMb, this.spec.memoryMb);
    return this.spec.runtime.startsWith('python') ? 36 : 70;
  }

  #die(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#initLimit?.clear();
    clearTimeout(this.#reaper);
    clearInterval(this.#memoryTimer);
    this.#host.environments.delete(this.id);
    this.#host.released(this.id);
    this.#poll?.destroy();
    this.#poll = undefined;
    const job = this.#job;
    this.#job = undefined;
    if (job) {
      job.limit.clear();
      job.invocation.reject(new InvocationAborted('the execution environment was closed'));
    }
    this.#resolveGone();
    this.#owner.gone(this);
  }
}
