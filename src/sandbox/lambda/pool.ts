import type { CodeStore } from './code-package.ts';
import { Environment } from './environment.ts';
import type { EnvironmentHost, EnvironmentOwner } from './environment-host.ts';
import {
  InvocationAborted,
  type CodePackage,
  type ExecutionSpec,
  type Invocation,
  type InvocationRequest,
  type InvocationResult,
} from './execution.ts';
import { Fifo } from './fifo.ts';

export interface PoolHost extends EnvironmentHost {
  readonly code: CodeStore;
}

/**
 * The environments of one function version and the invocations that wait for them, in order. A new environment is
 * started only when none is free or about to be, up to `limit()`.
 */
export class EnvironmentPool implements EnvironmentOwner {
  readonly #host: PoolHost;
  readonly #limit: () => number;
  readonly #queue = new Fifo<Invocation>();
  readonly #environments = new Set<Environment>();
  /** Last in, first out, so that those which are not needed grow cold. */
  readonly #idle: Environment[] = [];
  readonly #usedCode = new Set<CodePackage>();
  #spec: ExecutionSpec | undefined;
  #retired = false;

  constructor(host: PoolHost, limit: () => number) {
    this.#host = host;
    this.#limit = limit;
  }

  /** Rejects with InvocationAborted when the pool is closed or retired before the invocation has ended. */
  invoke(spec: ExecutionSpec, request: InvocationRequest): Promise<InvocationResult> {
    return new Promise((resolve, reject) => {
      if (this.#retired) {
        reject(new InvocationAborted('the function is gone'));
        return;
      }
      if (this.#spec !== spec) this.#deploy(spec);
      this.#queue.push({ ...request, resolve, reject });
      this.#pump();
    });
  }

  /** The function was deleted: what waits is dropped, what runs may end. */
  retire(): void {
    this.#retired = true;
    this.#dropQueue();
    for (const environment of this.#environments) {
      if (environment.state !== 'busy') void environment.close();
    }
    this.#removeUnusedCode();
  }

  /** Kills everything; resolves when no process is left. */
  async close(): Promise<void> {
    this.#retired = true;
    this.#dropQueue();
    await Promise.all([...this.#environments].map((environment) => environment.close()));
  }

  free(environment: Environment): void {
    if (this.#isOutdated(environment)) {
      void environment.close();
      return;
    }
    this.#idle.push(environment);
    this.#pump();
  }

  take(environment: Environment): Invocation | undefined {
    return this.#isOutdated(environment) ? undefined : this.#queue.shift();
  }

  gone(environment: Environment): void {
    this.#environments.delete(environment);
    this.#removeUnusedCode();
    this.#pump();
  }

  #isOutdated(environment: Environment): boolean {
    return this.#retired || environment.spec !== this.#spec;
  }

  /** Environments of the former code end when they have finished; new invocations never reach them. */
  #deploy(spec: ExecutionSpec): void {
    this.#spec = spec;
    this.#usedCode.add(spec.code);
    for (const environment of this.#idle.splice(0)) void environment.close();
    this.#removeUnusedCode();
  }

  #pump(): void {
    if (this.#retired || !this.#spec) return;
    while (this.#queue.size > 0) {
      const environment = this.#idle.pop();
      if (!environment) break;
      // Idle ones die on their own: reaped, or the runtime exited between two invocations.
      if (environment.state !== 'idle') continue;
      const invocation = this.#queue.shift();
      if (invocation) environment.assign(invocation);
    }
    let coming = 0;
    for (const environment of this.#environments) {
      if (this.#isOutdated(environment)) continue;
      if (environment.state === 'starting' || environment.state === 'finishing') coming++;
    }
    for (; coming < this.#queue.size && this.#environments.size < this.#limit(); coming++) {
      this.#environments.add(new Environment(this.#spec, this.#host, this));
    }
  }

  #dropQueue(): void {
    for (const invocation of this.#queue.clear()) {
      invocation.reject(new InvocationAborted('the function is gone'));
    }
  }

  #removeUnusedCode(): void {
    for (const code of this.#usedCode) {
      if (!this.#retired && code === this.#spec?.code) continue;
      if ([...this.#environments].some((environment) => environment.spec.code === code)) continue;
      this.#usedCode.delete(code);
      void this.#host.code.remove(code);
    }
  }
}
