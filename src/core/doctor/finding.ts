import type { NotificationDocument } from '../notification.ts';
import type { FindingId } from './catalogue.ts';

export type Severity = 'BREAK' | 'SOME' | 'LATE' | 'DUP' | 'CODE' | 'RISK' | 'COST' | 'BLIND' | 'SCOPE';

export interface Evidence {
  /** The IAM action of the read, or `log`; `none` for what was claimed, or seen on this machine. */
  readonly call: string;
  /** What of the answer: `State`, `Policy.Statement[1].Condition`. */
  readonly field: string;
  /** Remote text is not sanitised. */
  readonly value: string;
}

/** What a check says. Edge and order come from the catalogue. */
export interface Finding {
  readonly id: FindingId;
  /** `broken`: certain, and it stops or fails events. `suspected`: likely, or contradicted by what was seen. */
  readonly verdict: 'broken' | 'suspected' | 'risk';
  readonly severity: Severity;
  /** What it is about, as people call it: `function thumbs`, `rule jpg`. */
  readonly subject: string;
  /** ARN, or name, of the resource that it is about: consequences are found by it. */
  readonly node?: string | undefined;
  /** Ids of the bucket's rules that it stops; all of them when left out. */
  readonly ruleIds?: readonly string[] | undefined;
  /** How far behind the bucket's own destination the resource is: 0 for what a rule names. */
  readonly depth?: number | undefined;
  /** One sentence that a newcomer understands; without a capital and a full stop. */
  readonly message: string;
  readonly evidence: readonly Evidence[];
  readonly fix: Fix;
}

export interface Fix {
  /** `safe`: additive and idempotent. `ask`: the difference is shown first. `tell`: only a person can. */
  readonly mode: 'safe' | 'ask' | 'tell';
  /** Done in this order; none where only a person can. */
  readonly actions: readonly FixAction[];
  /** What to do, in a sentence; with `tell` this is all there is. */
  readonly advice?: string | undefined;
  /** Commands only to look with, for `tell`: as words. */
  readonly looks?: readonly (readonly string[])[] | undefined;
}

export type FixAction =
  /** An SDK operation with its input: shown as a command of the AWS CLI, done with the SDK. */
  | {
      readonly kind: 'call';
      readonly service: FixService;
      readonly operation: string;
      readonly input: Readonly<Record<string, unknown>>;
    }
  /** Changes of the bucket's configuration. Those of all fixes become one write. */
  | { readonly kind: 'edit-notification'; readonly edits: readonly NotificationEdit[] };

export type FixService = 'lambda' | 'sqs' | 'sns' | 'events' | 'kms' | 'iam' | 's3' | 'logs';

export type NotificationEdit =
  | {
      readonly kind: 'set';
      readonly ruleId: string;
      readonly events?: readonly string[] | undefined;
      readonly prefix?: string | undefined;
      readonly suffix?: string | undefined;
      readonly arn?: string | undefined;
    }
  | { readonly kind: 'remove'; readonly ruleId: string }
  /** Puts back what another writer dropped. */
  | { readonly kind: 'merge'; readonly document: NotificationDocument }
  | { readonly kind: 'enable-eventbridge' };

/** A check that could not be made, since a read was refused or failed. */
export interface NotChecked {
  readonly check: FindingId;
  /** The IAM action that the read needs. */
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
}
