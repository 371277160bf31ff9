/** What the ledger names, with what AWS says of it now: what `destroy` decides on. */
import type { ObjectVersion } from './plan.ts';

/** One thing that the ledger says s3evt made, with what AWS says of it now. */
export type MadeFact =
  | {
      readonly kind: 'bucket';
      readonly name: string;
      readonly now: Presence;
      readonly objects: BucketContents | undefined;
    }
  | { readonly kind: 'log-group' | 'function'; readonly name: string; readonly now: Presence }
  /** Names are ARNs. */
  | { readonly kind: 'queue' | 'topic'; readonly name: string; readonly now: Presence }
  | {
      readonly kind: 'statement';
      readonly name: string;
      /** Of the queue, the topic or the key in whose policy it stands. */
      readonly target: string;
      readonly now: Presence;
    }
  | {
      readonly kind: 'role';
      readonly name: string;
      readonly now: Presence;
      readonly inlinePolicies: readonly string[];
    }
  | {
      readonly kind: 'permission';
      readonly name: string;
      readonly functionName: string;
      readonly qualifier: string | undefined;
      readonly now: Presence;
    }
  | { readonly kind: 'rule'; readonly name: string; readonly bucket: string; readonly destination: string }
  | {
      readonly kind: 'event-rule';
      readonly name: string;
      readonly bucket: string;
      readonly now: Presence;
      /** Ids. */
      readonly targets: readonly string[];
    }
  | {
      readonly kind: 'eventbridge';
      /** Of the bucket. */
      readonly name: string;
      /** Rules of the default bus that may take the bucket's events, ours included; undefined when they may not be listed. */
      readonly takers: readonly string[] | undefined;
    }
  /** The bucket's name. */
  | { readonly kind: 'versioning'; readonly name: string; readonly now: Presence }
  | {
      readonly kind: 'redrive' | 'on-failure';
      /** ARN of the queue; `name` or `name:qualifier` of the function. */
      readonly name: string;
      /** ARN */
      readonly deadLetter: string;
      readonly now: Presence;
    };

/** `foreign`: it is there, but without s3evt's tag: somebody made it anew under the same name. */
export type Presence = 'ours' | 'foreign' | 'gone';

export interface BucketContents {
  /** Versions and delete markers that `test-upload` wrote. */
  readonly ours: readonly ObjectVersion[];
  /** How many objects others put there; at least so many, when the bucket was too large to look through. */
  readonly others: number;
}

const TITLES = {
  bucket: 'bucket',
  'log-group': 'log group',
  function: 'function',
  role: 'role',
  permission: 'permission',
  queue: 'queue',
  topic: 'topic',
  statement: 'policy statement',
  rule: 'rule',
  'event-rule': 'event rule',
  eventbridge: 'EventBridge of bucket',
  versioning: 'versioning of bucket',
  redrive: 'redrive policy of queue',
  'on-failure': 'failure destination of function',
} as const;

/** How lists name it, `kept` among them. */
export function madeTitle(fact: MadeFact): string {
  const where = fact.kind === 'statement' ? ` of ${fact.target}` : '';
  return `${TITLES[fact.kind]} ${fact.name}${where}`;
}

/** Notes why something stays; no step comes of it. */
export type Keep = (fact: MadeFact, reason: string) => readonly [];
