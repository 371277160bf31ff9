/** What all batch operations have in common: rules for the entries, and one result for each. */
import type * as Client from '@aws-sdk/client-sqs';
import { AwsError } from '../../wire/types.ts';
import { queryCode } from './errors.ts';

const MAX_ENTRIES = 10;

interface Entry {
  readonly Id: string | undefined;
}

/** `type` as in the model, `SendMessageBatchRequestEntry`. */
export function checkBatch<E extends Entry>(entries: readonly E[] | undefined, type: string): readonly E[] {
  if (!entries || entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', `There should be at least one ${type} in the request.`);
  }
  if (entries.length > MAX_ENTRIES) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id: id = '' } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(id)) {
      throw new AwsError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (seen.has(id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** Recorded: both lists are there, also when one is empty. */
export interface BatchResult<R> {
  readonly Successful: R[];
  readonly Failed: Client.BatchResultErrorEntry[];
}

/** Runs every entry; one that fails does not keep the others from succeeding. */
export function runBatch<E extends Entry, R>(
  entries: readonly E[],
  run: (entry: E, id: string) => R,
): BatchResult<R> {
  const result: BatchResult<R> = { Successful: [], Failed: [] };
  for (const entry of entries) {
    const id = entry.Id ?? '';
    try {
      result.Successful.push(run(entry, id));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      result.Failed.push({ Id: id, SenderFault: true, Code: queryCode(error), Message: error.message });
    }
  }
  return result;
}
