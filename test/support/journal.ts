import type { Journal } from '../../src/sandbox/journal.ts';

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

/**
 * How many requests of the journal had to wait for one another: the longest chain in which each began after the one before had ended.
 * Meaningful where answers are slow (`latency` fault): then requests that were sent together overlap.
 */
export function serialRequests({ journal }: { readonly journal: Journal }): number {
  const requests = journal.entries().filter((entry) => entry.type === 'request');
  const levels: { readonly endedAt: number; readonly level: number }[] = [];
  for (const { startedAt, endedAt } of [...requests].sort((a, b) => a.startedAt - b.startedAt)) {
    const before = levels.filter((one) => one.endedAt <= startedAt).map(({ level }) => level);
    levels.push({ endedAt, level: Math.max(0, ...before) + 1 });
  }
  return Math.max(0, ...levels.map(({ level }) => level));
}
