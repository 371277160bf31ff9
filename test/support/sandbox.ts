import { onTestFinished } from 'vitest';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts';
import { destroyClients, testClients, type TestClients } from './test-clients.ts';

export { destroyClients, testClients, type TestClients } from './test-clients.ts';

export interface TestSandbox extends Sandbox, TestClients {
  /** What went wrong inside the sandbox. */
  readonly errors: readonly unknown[];
}

/**
 * A sandbox with ready clients. Inside a test it is closed at the end of that test; in a hook call `close()`.
 * A fault inside the sandbox fails the test at its end, unless the test passes an `onError` of its own.
 */
export async function startTestSandbox(options: SandboxOptions = {}): Promise<TestSandbox> {
  const errors: unknown[] = [];
  const sandbox = await createSandbox({ onError: (error) => void errors.push(error), ...options });
  const clients = testClients(sandbox.url, sandbox.region);
  const close = async () => {
    destroyClients(clients);
    await sandbox.close();
  };
  atTestEnd(async () => {
    await close();
    if (errors.length > 0)
      throw new AggregateError(errors, `faults inside the sandbox: ${errors.join('; ')}`);
  });
  return { ...sandbox, ...clients, errors, close };
}

function atTestEnd(task: () => Promise<void>): void {
  try {
    onTestFinished(task);
  } catch {
    // Called from a hook: there is no test to wait for.
  }
}
