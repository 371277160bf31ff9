import type { EventRecord } from './event-record.ts';

/** What is known of the request whose event is awaited. */
export interface AwaitedEvent {
  readonly bucket: string;
  /** Decoded. */
  readonly key: string;
  /** `x-amz-request-id` of the response; the record repeats it. */
  readonly requestId: string | undefined;
  /** More than one try: an earlier one may have made the event, under a request id that nobody saw. */
  readonly attempts: number;
  readonly eTag: string | undefined;
  readonly versionId: string | undefined;
}

/**
 * Whether a record is the event of this very request: bucket and key, the request id, and no contradiction in version, ETag
 * or sequencer. Only after a repeated request may version or ETag stand in for the request id.
 */
export function isEventOf(record: EventRecord, awaited: AwaitedEvent): boolean {
  if (record.bucket !== awaited.bucket || record.key !== awaited.key) return false;
  const agrees = (a: string | undefined, b: string | undefined) =>
    a === undefined || b === undefined || a === b;
  if (!agrees(record.versionId, awaited.versionId) || !agrees(record.eTag, awaited.eTag)) return false;
  if (record.requestId !== undefined && record.requestId === awaited.requestId) return true;
  if (awaited.attempts <= 1) return false;
  return awaited.versionId === undefined
    ? awaited.eTag !== undefined && record.eTag === awaited.eTag
    : record.versionId === awaited.versionId;
}
