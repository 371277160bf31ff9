import type { SandboxEnv } from '../env.ts';
import type { Environment } from './environment.ts';
import type { Invocation } from './execution.ts';
import type { Janitor } from './janitor.ts';
import type { Launcher } from './launch.ts';
import type { LogSink } from './log-sink.ts';

/** What every environment of the sandbox shares. */
export interface EnvironmentHost {
  readonly env: SandboxEnv;
  readonly launch: Launcher;
  readonly janitor: Janitor;
  readonly logSink: (region: string) => LogSink;
  readonly idleReapMs: number;
  /** AWS: 10 seconds for the initialisation ahead of an invocation. */
  readonly initTimeoutMs: number;
  /** Environments by id, for the Runtime API. */
  readonly environments: Map<string, Environment>;
  /** Told of every environment that has ended. */
  readonly released: (environmentId: string) => void;
}

export interface EnvironmentOwner {
  /** The environment is idle: `assign` may follow at once. */
  free(environment: Environment): void;
  /** A queued invocation for an environment that failed to start, to be tried or failed with it. */
  take(environment: Environment): Invocation | undefined;
  gone(environment: Environment): void;
}
