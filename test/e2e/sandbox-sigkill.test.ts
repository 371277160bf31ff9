/** A sandbox that is killed leaves no process, no port and no folder. The long test of that name does it at random moments. */
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/run-cli.ts';
import {
  grandchildrenOf,
  hasProc,
  janitorOf,
  nothingIsLeft,
  prepareVictim,
  processesOf,
  startSandboxIn,
  stateFoldersIn,
  until,
} from '../support/sandbox-victim.ts';

describe.skipIf(!hasProc)('nothing is left of a sandbox', () => {
  test('killed in the middle of an invocation, with children of the function in and out of its group', async () => {
    const folder = temporaryFolder();
    const victim = await prepareVictim(startSandboxIn(folder), ['node']);
    await victim.upload('node', 'busy');
    await until(() => grandchildrenOf(folder).length === 2);
    expect(stateFoldersIn(folder)).toHaveLength(1);
    process.kill(victim.pid, 'SIGKILL');
    victim.destroy();
    await nothingIsLeft(folder, victim.port);
  });

  test('killed while it closes after SIGTERM', async () => {
    const folder = temporaryFolder();
    const victim = await prepareVictim(startSandboxIn(folder), ['node']);
    await victim.upload('node', 'busy');
    await until(() => grandchildrenOf(folder).length === 2);
    const before = processesOf(folder).length;
    process.kill(victim.pid, 'SIGTERM');
    await until(() => processesOf(folder).length < before);
    victim.child.kill('SIGKILL');
    victim.destroy();
    await nothingIsLeft(folder, victim.port);
  });

  test('killed after its janitor was', async () => {
    const folder = temporaryFolder();
    const victim = await prepareVictim(startSandboxIn(folder), ['node']);
    await victim.upload('node', 'busy');
    await until(() => grandchildrenOf(folder).length === 2);
    const first = janitorOf(folder)?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until(() => {
      const next = janitorOf(folder)?.pid;
      return next !== undefined && next !== first;
    });
    // The new one is told in the same turn in which it is started; the answer comes in a later one.
    await victim.upload('node', 'another');
    process.kill(victim.pid, 'SIGKILL');
    victim.destroy();
    await nothingIsLeft(folder, victim.port);
  });
});
