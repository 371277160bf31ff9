import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { startTestSandbox, type TestSandbox } from './sandbox.ts';

/**
 * One sandbox for all tests of a file (starting one takes most of a second), emptied after each of them. Called at the top
 * of the file; the sandbox is there inside tests and hooks.
 */
export function shareSandbox(options: SandboxOptions = {}): () => TestSandbox {
  let sandbox: TestSandbox | undefined;
  const started = (): TestSandbox => {
    if (!sandbox) throw new Error('the shared sandbox is there inside tests and hooks only');
    return sandbox;
  };
  beforeAll(async () => {
    sandbox = await startTestSandbox(options);
  });
  afterEach(async () => {
    const shared = started();
    shared.faults.clear();
    await shared.reset();
    expect(shared.errors, 'faults inside the sandbox').toEqual([]);
  });
  afterAll(() => sandbox?.close());
  return started;
}
