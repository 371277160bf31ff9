import type { Destination } from '../../src/sandbox/delivery/destinations.ts';

export interface AcceptedMessage {
  readonly arn: string;
  /** As it was handed over: JSON text. */
  readonly message: string;
}

/** A queue or topic service that has every ARN, except those in `missing`, and keeps what it is sent. */
export interface AcceptingDestination extends Destination {
  readonly messages: readonly AcceptedMessage[];
  /** ARNs that were deleted: S3 refuses every document that names one of them. May be changed at any time. */
  readonly missing: Set<string>;
}

export function acceptingDestination(): AcceptingDestination {
  const messages: AcceptedMessage[] = [];
  const missing = new Set<string>();
  return {
    messages,
    missing,
    check: (arn) =>
      missing.has(arn) ? { name: arn, value: 'The destination queue does not exist' } : undefined,
    deliver(arn, message) {
      messages.push({ arn, message });
      return Promise.resolve(undefined);
    },
  };
}
