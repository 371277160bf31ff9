import type { S3evtError } from './errors.ts';

/** One thing read from AWS. A denied or failed read is a fact too: it never fails the run by itself. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T }
  | { readonly state: 'absent' }
  /** `action` is the IAM action that was refused. */
  | { readonly state: 'denied'; readonly action: string; readonly error: S3evtError }
  | { readonly state: 'failed'; readonly error: S3evtError };

export const ABSENT = { state: 'absent' } as const;

export function known<T>(value: T): Fact<T> {
  return { state: 'known', value };
}

/** The value, or undefined when it is absent. A denied or failed read is thrown: whoever needs it cannot go on. */
export function valueOf<T>(fact: Fact<T>): T | undefined {
  switch (fact.state) {
    case 'known':
      return fact.value;
    case 'absent':
      return undefined;
    case 'denied':
    case 'failed':
      throw fact.error;
  }
}

/** The value, or undefined for whatever reason; for what is only nice to know. */
export function ifKnown<T>(fact: Fact<T>): T | undefined {
  return fact.state === 'known' ? fact.value : undefined;
}

export interface FunctionFacts {
  readonly name: string;
  /** Without a qualifier. */
  readonly arn: string;
  /** Undefined for container images. */
  readonly runtime: string | undefined;
  readonly roleArn: string;
  /** Pending, Active, Inactive, Failed. */
  readonly state: string;
  readonly stateReason: string | undefined;
  readonly logGroup: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface QueueFacts {
  readonly arn: string;
  readonly url: string;
  /** JSON text; undefined when it has none. */
  readonly policy: string | undefined;
  /** Id, ARN or alias, as it was set; undefined without SSE-KMS. */
  readonly kmsKeyId: string | undefined;
  /** Bytes. */
  readonly maximumMessageSize: number;
  /** Of its redrive policy. */
  readonly deadLetterArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface TopicFacts {
  readonly arn: string;
  /** JSON text. Every topic has one. */
  readonly policy: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface KeyFacts {
  readonly arn: string;
  /** `CUSTOMER` or `AWS`: the policy of one that AWS manages cannot be changed. */
  readonly manager: string;
  /** `Enabled`, `Disabled`, `PendingDeletion`, … */
  readonly state: string;
  /** JSON text; undefined when it may not be read. */
  readonly policy: string | undefined;
}

export interface RoleFacts {
  readonly name: string;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of the inline policies. */
  readonly inlinePolicies: readonly string[];
}

export interface LogGroupFacts {
  /** Without `:*`. */
  readonly arn: string;
  /** Of s3evt, and without a retention: its making was cut short. */
  readonly unfinished: boolean;
}

export interface BucketFacts {
  readonly name: string;
  readonly region: string;
}

/** A rule of the default event bus. */
export interface EventRuleFacts {
  readonly name: string;
  /** JSON text; undefined for a schedule. */
  readonly pattern: string | undefined;
  readonly state: string | undefined;
  readonly description: string | undefined;
  readonly roleArn: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly targets: readonly { readonly id: string; readonly arn: string }[];
}
