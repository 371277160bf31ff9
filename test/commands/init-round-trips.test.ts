import { expect, test } from 'vitest';
import { longestChain, timedRequestsOf, type Request } from '../support/journal.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const INIT = ['init', 'demo-01-events-lambda', '--function', 'Demo-S3', '--yes'];

/**
 * Requests that wait for each other always form a chain; on a busy machine more of them may look as if they did. So the
 * shortest chain of a few tries, each with slower answers, is how many round trips there are.
 */
async function roundTrips(
  again: boolean,
  part: (requests: readonly Request[]) => readonly Request[] = (requests) => requests,
): Promise<readonly string[]> {
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
    const requests = timedRequestsOf(sandbox)
      // Until the function is Active AWS has to be asked again and again, beside all else.
      .filter(({ operation }) => operation !== 'GetFunctionConfiguration');
    const chain = longestChain(part(requests));
    if (!shortest || chain.length < shortest.length) shortest = chain;
    if (shortest.length <= (again ? 1 : part === afterReadBack ? 3 : 6)) return shortest;
  }
  return shortest ?? [];
}

/** Until the new configuration was read back; what the doctor looks at then is counted by itself. */
function untilReadBack(requests: readonly Request[]): readonly Request[] {
  const put = requests.findIndex(({ operation }) => operation === 'PutBucketNotificationConfiguration');
  const back = requests.findIndex(
    ({ operation }, index) => index > put && operation === 'GetBucketNotificationConfiguration',
  );
  return requests.slice(0, back + 1);
}

function afterReadBack(requests: readonly Request[]): readonly Request[] {
  return requests.slice(untilReadBack(requests).length);
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
    const chain = await roundTrips(false, untilReadBack);
    expect(chain.length, chain.join(', ')).toBeLessThanOrEqual(6);
    expect(chain.slice(-3)).toEqual([
      'AddPermission',
      'PutBucketNotificationConfiguration',
      'GetBucketNotificationConfiguration',
    ]);
  },
);

test('the doctor looks in three', { timeout: 60_000 }, async () => {
  const chain = await roundTrips(false, afterReadBack);
  expect(chain.length, chain.join(', ')).toBeLessThanOrEqual(3);
});

test('what is there already takes one', { timeout: 60_000 }, async () => {
  const chain = await roundTrips(true);
  expect(chain, chain.join(', ')).toHaveLength(1);
});
