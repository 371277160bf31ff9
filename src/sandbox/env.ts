import type { Clock } from '../core/clock.ts';
import type { Journal } from './journal.ts';
import type { MetricStore } from './services/monitoring/store.ts';

/** What every part of the sandbox shares. One object, made by `createSandbox`, passed by argument. */
export interface SandboxEnv {
  readonly clock: Clock;
  /** Twelve digits. */
  readonly account: string;
  /** Region of requests that carry no signature scope. */
  readonly region: string;
  readonly ids: Ids;
  readonly journal: Journal;
  /** Of the account: what its services count. */
  readonly metrics: MetricStore;
  /** `127.0.0.1:PORT` once the server listens. */
  readonly address: () => string;
  /** Folder of this sandbox alone (extracted code lives below it); removed on close, and by the janitor after a SIGKILL. */
  readonly stateDir: string;
  /** Counts work in progress, so that `Sandbox.idle()` can tell when deliveries and invocations are done. */
  readonly work: WorkTracker;
}

/** Identifiers from the seeded generator, in the forms that AWS uses. */
export interface Ids {
  uuid(): string;
  /** `length` hexadecimal digits, lower case. */
  hex(length: number): string;
  /** `length` characters of A-Z and 0-9, as in S3 request ids and IAM unique ids. */
  upper(length: number): string;
}

export interface WorkTracker {
  /** Runs `task` and counts it as work in progress until it settles. */
  track<T>(task: Promise<T>): Promise<T>;
  /** Resolves when nothing is in progress. */
  idle(): Promise<void>;
}
