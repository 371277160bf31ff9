import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { observe } from '../../src/commands/observe.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** Few: a page that is still in use at one look and not at another is no more than a seventh of what is told apart. */
const PAGE_EVENTS = 1_000;
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const LINES = [
  (id: string) => `START RequestId: ${id} Version: $LATEST\n`,
  (id: string) =>
    `{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "${id}"}}}]}\n`,
];

/** A log of that many pages, each made when it is asked for. Calls `asked` with the number of each. */
function logOf(pages: number, asked: (page: number) => void): Aws {
  let next = 0;
  const send = () => {
    const page = next++;
    asked(page);
    const events = Array.from({ length: PAGE_EVENTS }, (_, i) => {
      const id = `7f1c9d2e-3b4a-4c5d-8e6f-${String(page * PAGE_EVENTS + i).padStart(12, '0')}`;
      // Each in a stream of its own: the worst case for what is remembered of streams.
      return { eventId: id, logStreamName: id, message: LINES[i % 2]?.(id), timestamp: NOW - 9_000 + page };
    });
    return Promise.resolve({ events, nextToken: page + 1 < pages ? 'next' : undefined });
  };
  return {
    logs: () => Promise.resolve({ send }),
    call: <T>(work: (options: object) => Promise<T>) => work({}),
    target: () => Promise.resolve({}),
  } as unknown as Aws;
}

it.each([[false], [true]])('holds nothing of the events that were read, following: %s', async (follow) => {
  const clock = createManualClock(NOW);
  const abort = new AbortController();
  const pages = 220;
  let [seen, records] = [0, 0];
  // What is remembered of ids is full after fifty pages.
  const early = [70, 80, 90];
  const late = [190, 200, 210];
  const heaps = new Map<number, number>();
  const aws = logOf(pages, (page) => {
    // No more often: collecting takes long where other tests have left much to look through.
    if (early.includes(page) || late.includes(page)) heaps.set(page, heap());
  });
  const options = { group: '/g', start: NOW - 10_000, follow };
  for await (const observation of observe({ aws, clock, signal: abort.signal }, options)) {
    if (observation.type !== 'lines') break;
    for (const line of observation.lines) {
      seen++;
      records += line.records.length;
    }
  }
  expect(seen).toBe(pages * PAGE_EVENTS);
  expect(records).toBe((pages * PAGE_EVENTS) / 2);
  const least = (some: readonly number[]) => Math.min(...some.map((page) => heaps.get(page) ?? Number.NaN));
  const bytesPerEvent = (least(late) - least(early)) / (120 * PAGE_EVENTS);
  // An id alone takes fifty; what the runtime keeps once of so long a run counts for five.
  expect(bytesPerEvent).toBeLessThan(25);
});
