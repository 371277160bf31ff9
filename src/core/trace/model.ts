/** One object's way, hop by hop. Public: names and words stand in the JSON of `trace`. Times are ISO 8601, UTC. */
import type { FindingId } from '../doctor/catalogue.ts';
import type { Destination } from '../notification.ts';

export type HopState = 'ok' | 'broken' | 'unknown' | 'skipped';

export interface TraceHop {
  readonly hop: 'object' | 'rule' | 'permission' | 'delivery' | 'invocation' | 'outcome' | 'logs';
  /** `unknown`: it was not seen, which says nothing of whether it happened. `skipped`: nothing comes this far. */
  readonly state: HopState;
  readonly title: string;
  /** Holds remote text that is not sanitised. */
  readonly detail: string | null;
  readonly time: string | null;
  readonly ids: HopIds;
  /** Of the doctor, about this hop. */
  readonly findings: readonly FindingId[];
}

export interface HopIds {
  /** `x-amz-request-id` of the request that wrote the object. */
  readonly requestId?: string | undefined;
  readonly sequencer?: string | undefined;
  readonly versionId?: string | undefined;
  readonly configurationId?: string | undefined;
  /** Lambda's request id. */
  readonly invocation?: string | undefined;
  readonly logStream?: string | undefined;
}

export interface TraceWay {
  /** Null for EventBridge, and where the bucket has no rule at all. */
  readonly ruleId: string | null;
  /** ARN. */
  readonly eventRule: string | null;
  /** What the rule, or the target of the event rule, names. */
  readonly destination: (Pick<Destination, 'arn'> & { readonly kind: Destination['kind'] | 'other' }) | null;
  /** ARNs of what comes after the destination, the last one at the end. */
  readonly through: readonly string[];
  /** `skipped`: another reader of the same queue had the event. */
  readonly verdict: HopState;
  readonly hops: readonly TraceHop[];
  /** Queues that may hold the event, since it did not come right; `waiting` is null where that could not be read. */
  readonly deadLetters: readonly { readonly arn: string; readonly waiting: number | null }[];
}

export interface TraceObject {
  /**
   * `deleted`: a delete marker. `gone`: not there any more, but events of it were seen. `unfinished`: a multipart upload was begun and not
   * completed. `missing`: no such object.
   */
  readonly state: 'there' | 'deleted' | 'gone' | 'unfinished' | 'missing' | 'unknown';
  readonly versionId: string | null;
  readonly size: number | null;
  readonly eTag: string | null;
  readonly storageClass: string | null;
  readonly time: string | null;
  /** Of a multipart upload. */
  readonly parts: number | null;
  readonly replica: boolean;
  /** The event as it was seen, or those that may have come of the write; with `s3:`. */
  readonly events: readonly string[];
  readonly requestId: string | null;
  readonly sequencer: string | null;
  readonly openUploads: readonly { readonly uploadId: string; readonly initiated: string }[];
  /** Keys that are much like it, where it is missing. */
  readonly near: readonly string[];
}

/** Another write of the same key. */
export interface OtherWrite {
  readonly time: string | null;
  /** With `s3:`; null where no event of it was seen. */
  readonly event: string | null;
  readonly versionId: string | null;
  readonly sequencer: string | null;
  readonly requestId: string | null;
}

export interface TraceNote {
  readonly kind:
    'retry' | 'duplicate' | 'redelivery' | 'two-rules' | 'two-writes' | 'dead-letter' | 'former-rule';
  readonly text: string;
}

export interface Trace {
  readonly bucket: string;
  readonly key: string;
  readonly object: TraceObject;
  /** Those that take the event; where none does, those that come nearest, with a broken rule. */
  readonly ways: readonly TraceWay[];
  /** `ok`: the event was seen at the end of every way, and came right there. */
  readonly verdict: 'ok' | 'broken' | 'unknown';
  readonly rootCause: FindingId | null;
  /** What happened more than once, and why. */
  readonly notes: readonly TraceNote[];
  /** Newest first. */
  readonly otherWrites: readonly OtherWrite[];
  /** From when on logs were looked at. */
  readonly since: string;
  readonly notRead: readonly {
    readonly action: string;
    readonly resource: string;
    readonly reason: string;
  }[];
}
