/** What can go wrong on purpose. `fault-spec.ts` has the same as text. */

/** What happens to a request. */
export type FaultEffect =
  /** As a missing IAM permission. */
  | { readonly kind: 'deny' }
  /** The service's own way to say "too many requests". */
  | { readonly kind: 'throttle' }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      /** Further members of the error: `ArgumentName1`, `ArgumentValue1`. */
      readonly members?: Record<string, string>;
    }
  /** Milliseconds of the sandbox's clock, before the request is handled. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The connection is cut without an answer; the request is not handled. */
  | { readonly kind: 'reset' };

/** What happens to one message of S3 to one destination. S3 promises "at least once", and no order. */
export type DeliveryEffect =
  | { readonly kind: 'drop' }
  /** The very same message a second time. */
  | { readonly kind: 'duplicate' }
  /** Exactly so many milliseconds late. */
  | { readonly kind: 'late-events'; readonly ms: number }
  /** Up to so many milliseconds late, drawn for each message: later ones overtake it. */
  | { readonly kind: 'reorder'; readonly ms: number };

/** What happens to a batch of log lines: they appear later, with the timestamps that they have. */
export type LogEffect =
  | { readonly kind: 'late-logs'; readonly ms: number }
  /** Up to so many milliseconds later, drawn for each batch. */
  | { readonly kind: 'log-disorder'; readonly ms: number };

/** How long a change takes until it acts. Of several rules of a kind the last one counts. */
export interface PropagationEffect {
  readonly kind: PropagationKind;
  readonly ms: number;
}
export type PropagationKind =
  /** Until Lambda can assume a new role. */
  | 'iam-propagation'
  /** Until a new or updated function is active. */
  | 'function-activation'
  /** Until a bucket's new notification configuration acts; the former one acts meanwhile. */
  | 'notification-propagation';

export interface Chance {
  /** Hits after which the rule is spent; absent: never. */
  readonly times?: number;
  /** Probability of a hit, greater than 0 and at most 1; absent: 1. */
  readonly rate?: number;
}

/** In each `match` absent members match all. */
export type FaultRule =
  | ({
      /** Names as the SDK has them: `{ service: 'logs', operation: 'FilterLogEvents' }`. */
      readonly match?: { readonly service?: string; readonly operation?: string };
      readonly effect: FaultEffect;
    } & Chance)
  | ({
      /** Patterns of `*` and `?`. `to` is tried on the destination's ARN, its service and its name. */
      readonly match?: { readonly bucket?: string; readonly key?: string; readonly to?: string };
      readonly effect: DeliveryEffect;
    } & Chance)
  | ({
      /** A pattern of `*` and `?` for the name of the log group. */
      readonly match?: { readonly group?: string };
      readonly effect: LogEffect;
    } & Chance)
  | { readonly effect: PropagationEffect };
