import { createFaults, type Faults } from '../../src/sandbox/faults.ts';

export interface Meanwhile extends Faults {
  /** What somebody else does once, after the request for `operation` came in and before it is handled. */
  before(operation: string, task: () => Promise<unknown>): void;
}

/** Faults for a sandbox in which others act between two requests of the command under test, not merely at about that time. */
export function meanwhile(): Meanwhile {
  const faults = createFaults();
  const tasks = new Map<string, () => Promise<unknown>>();
  return {
    ...faults,
    before: (operation, task) => void tasks.set(operation, task),
    clear() {
      faults.clear();
      tasks.clear();
    },
    async apply(call, clock, signal) {
      const task = tasks.get(call.operation);
      tasks.delete(call.operation);
      await task?.();
      await faults.apply(call, clock, signal);
    },
  };
}
