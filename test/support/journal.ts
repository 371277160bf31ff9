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

/** The requests of the journal with their times, oldest first. */
export function timedRequestsOf({ journal }: { readonly journal: Journal }): readonly Request[] {
  return journal.entries().filter((entry) => entry.type === 'request');
}
