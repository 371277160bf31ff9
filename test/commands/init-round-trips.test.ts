import { expect, test } from 'vitest';
import type { JournalEntry } from '../../src/sandbox/journal.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

type Request = Extract<JournalEntry, { type: 'request' }>;

const INIT = ['init', 'demo-01-events-lambda', '--function', 'Demo-S3', '--yes'];

/** How many requests follow one another at most: each begins after the one before it has ended. */
function longestChain(requests: readonly Request[]): readonly string[] {
  const chain: string[] = [];
  let end = -Infinity;
  for (const request of [...requests].sort((a, b) => a.endedAt - b.endedAt)) {
    if (request.startedAt < end) continue;
    chain.push(request.operation);
    end = request.endedAt;
  }
  return chain;
}

/**
 * Requests that wait for each other always form a chain; on a busy machine more of them may look as if they did. So the
 * shortest chain of a few tries, each with slower answers, is how many round trips there are.
 */
async function roundTrips(again: boolean): Promise<readonly string[]> {
  let shortest: readonly string[] | undefined;
  for (const ms of [60, 120, 240, 480]) {
    const sandbox = await startTestSandbox();
    const options = { endpoint: sandbox.url, cwd: temporaryFolder() };
    if (again) expect((await runCli(INIT, options)).code).toBe(0);
    sandbox.journal.clear();
    const remove = sandbox.faults.add({ match: {}, effect: { kind: 'latency', ms } });
    const run = await runCli(INIT, options);
    remove();
    expect(run).toMatchObject({ code: 0 });
    const requests = sandbox.journal
      .entries()
      // Until the function is Active AWS has to be asked again and again, beside all else.
      .filter((entry) => entry.type === 'request' && entry.operation !== 'GetFunctionConfiguration');
    const chain = longestChain(requests as readonly Request[]);
    if (!shortest || chain.length < shortest.length) shortest = chain;
    if (shortest.length <= (again ? 1 : 6)) return shortest;
  }
  return shortest ?? [];
}

test('longestChain counts what cannot overlap', () => {
  const request = (operation: string, startedAt: number, endedAt: number) =>
    ({ operation, startedAt, endedAt }) as Request;
  expect(longestChain([])).toEqual([]);
  expect(longestChain([request('a', 0, 10), request('b', 1, 11), request('c', 2, 12)])).toEqual(['a']);
  expect(
    longestChain([request('c', 20, 30), request('slow', 0, 29), request('a', 0, 10), request('b', 10, 20)]),
  ).toEqual(['a', 'b', 'c']);
});

test(
  'a new setup takes six: read, role, function, permission, put, read back',
  { timeout: 60_000 },
  async () => {
    const chain = await roundTrips(false);
    expect(chain.length, chain.join(', ')).toBeLessThanOrEqual(6);
    expect(chain.slice(-3)).toEqual([
      'AddPermission',
      'PutBucketNotificationConfiguration',
      'GetBucketNotificationConfiguration',
    ]);
  },
);

test('what is there already takes one', { timeout: 60_000 }, async () => {
  const chain = await roundTrips(true);
  expect(chain, chain.join(', ')).toHaveLength(1);
});
