import { expect } from 'vitest';
import { timedRequestsOf, type Request } from './journal.ts';
import { runCli, type CliOptions } from './run-cli.ts';
import type { TestSandbox } from './sandbox.ts';

/** Names of operations by level: those of one level run together, and each level begins after an answer of the one before it. */
type Levels = readonly (readonly string[])[];

/** Meaningful where answers are slow (`latency` fault): then requests that were sent together overlap. */
export function levelsOf(requests: readonly Request[]): Levels {
  const levels: string[][] = [];
  const firstEnds: number[] = [];
  for (const { operation, startedAt, endedAt } of [...requests].sort((a, b) => a.startedAt - b.startedAt)) {
    const level = firstEnds.findLastIndex((end) => end <= startedAt) + 1;
    (levels[level] ??= []).push(operation);
    firstEnds[level] = Math.min(firstEnds[level] ?? Number.POSITIVE_INFINITY, endedAt);
  }
  return levels;
}

export interface Measured {
  readonly argv: readonly string[];
  readonly env?: CliOptions['env'] | undefined;
  /** Called before each try: makes the world that the command changes. Resolves with the folder that it runs in. */
  readonly prepare: () => Promise<string>;
  /** The requests that count; all of them by default. */
  readonly part?: ((requests: readonly Request[]) => readonly Request[]) | undefined;
}

interface RoundTrips {
  readonly levels: Levels;
  readonly calls: number;
}

/** The first is long against the work of this process between two requests; the others are for a busy machine. */
const LATENCIES_MS = [30, 60, 120, 240, 480];

/**
 * The round trips of a command that succeeds. Requests that wait for each other always make a level each; on a busy machine others may look
 * as if they did. So the fewest levels of some tries, each with slower answers, are what it takes: the first try with no more than
 * `expected` ones is taken.
 */
export async function roundTrips(
  sandbox: TestSandbox,
  { argv, prepare, env, part = (requests) => requests }: Measured,
  expected: number,
): Promise<RoundTrips> {
  let fewest: RoundTrips | undefined;
  for (const ms of LATENCIES_MS) {
    const cwd = await prepare();
    await sandbox.idle();
    sandbox.journal.clear();
    const quicken = sandbox.faults.add({ match: {}, effect: { kind: 'latency', ms } });
    const run = await runCli(argv, { endpoint: sandbox.url, cwd, ...(env ? { env } : {}) });
    quicken();
    expect(run.code, `${argv.join(' ')}: ${run.stderr}`).toBe(0);
    const requests = part(timedRequestsOf(sandbox));
    const levels = levelsOf(requests);
    if (!fewest || levels.length < fewest.levels.length) fewest = { levels, calls: requests.length };
    if (fewest.levels.length <= expected) return fewest;
  }
  return fewest as RoundTrips;
}
