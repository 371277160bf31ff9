import type { Journal, JournalEntry } from '../../src/sandbox/journal.ts';

const READS = /^(?:Get|List|Head|Describe|Filter|Lookup|Simulate)/;

/** The requests that changed something or tried to, oldest first, such as `s3.CreateBucket`. */
export function writesOf({ journal }: { readonly journal: Journal }): string[] {
  return requestsOf({ journal }).filter((request) => !READS.test(request.split('.')[1] ?? ''));
}

/** All requests, oldest first, such as `lambda.GetFunction`. */
export function requestsOf({ journal }: { readonly journal: Journal }): string[] {
  return journal
    .entries()
    .flatMap((entry) => (entry.type === 'request' ? [`${entry.service}.${entry.operation}`] : []));
}

export type Request = Extract<JournalEntry, { type: 'request' }>;

/**
 * How many requests follow one another at most: each begins after the one before it has ended. Meaningful where answers are slow
 * (`latency` fault): then requests that were sent together overlap.
 */
export function longestChain(requests: readonly Request[]): readonly string[] {
  const chain: string[] = [];
  let end = -Infinity;
  for (const request of [...requests].sort((a, b) => a.endedAt - b.endedAt)) {
    if (request.startedAt < end) continue;
    chain.push(request.operation);
    end = request.endedAt;
  }
  return chain;
}

/** The requests of the journal with their times, oldest first. */
export function timedRequestsOf({ journal }: { readonly journal: Journal }): readonly Request[] {
  return journal.entries().filter((entry) => entry.type === 'request');
}
