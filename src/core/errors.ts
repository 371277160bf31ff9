/**
 * Every failure that s3evt can explain. Codes are public (they stand in `--json`); category, exit code and retryability
 * follow from the code, so that nobody has to agree on them at the place where the error is thrown.
 */
export type ErrorCategory = 'failure' | 'usage' | 'negative' | 'identity' | 'conflict';

interface CodeFacts {
  readonly category: ErrorCategory;
  readonly retryable: boolean;
}

const failure = { category: 'failure', retryable: false } as const;
const usage = { category: 'usage', retryable: false } as const;
const negative = { category: 'negative', retryable: false } as const;
const identity = { category: 'identity', retryable: false } as const;
const conflict = { category: 'conflict', retryable: false } as const;
const transient = { category: 'failure', retryable: true } as const;

const CODES = {
  AWS_ERROR: failure,
  AWS_UNAVAILABLE: transient,
  THROTTLED: transient,
  NETWORK: transient,
  TIMEOUT: transient,
  INTERNAL: failure,
  INTERRUPTED: failure,
  SANDBOX_FAILED: failure,
  FUNCTION_NOT_ACTIVE: failure,
  ROLE_NOT_ASSUMABLE: transient,
  DESTINATION_REFUSED: failure,
  FILE_UNWRITABLE: failure,
  NOT_FOUND: failure,

  USAGE: usage,
  INPUT_REQUIRED: usage,
  CONFIRMATION_REQUIRED: usage,
  INVALID_PROJECT_FILE: usage,
  INVALID_ARGUMENT: usage,
  FILE_UNREADABLE: usage,
  // What the call names as a destination; AWS's own "not found" in the middle of the work is NOT_FOUND.
  DESTINATION_NOT_FOUND: usage,
  NOTHING_TO_DO: usage,
  CANCELLED: usage,

  EVENT_NOT_SEEN: negative,
  WAIT_EXPIRED: negative,

  CREDENTIALS_MISSING: identity,
  CREDENTIALS_EXPIRED: identity,
  CREDENTIALS_INVALID: identity,
  ACCESS_DENIED: identity,

  RULES_OVERLAP: conflict,
  RULE_ID_TAKEN: conflict,
  CONFIGURATION_CHANGED: conflict,
  VERIFY_FAILED: conflict,
  NAME_TAKEN: conflict,
  OBJECT_EXISTS: conflict,
  OWNED_BY_OTHERS: conflict,
  WRONG_REGION: conflict,
  WRONG_ACCOUNT: conflict,
  PORT_IN_USE: conflict,
  SANDBOX_RUNNING: conflict,
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof CODES;

export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

const EXIT_CODES: Readonly<Record<ErrorCategory, number>> = {
  failure: 1,
  usage: 2,
  negative: 3,
  identity: 4,
  conflict: 5,
};

export interface ErrorDetails {
  /** One sentence: what to do next. */
  readonly hint?: string;
  /** Commands to copy, in order. */
  readonly commands?: readonly string[];
  /** AWS's own error, for `--debug` and for code that must know: name, HTTP status, request id. */
  readonly aws?: AwsErrorFacts;
  /** What stands in the envelope's `data` all the same: how far a plan got. */
  readonly data?: unknown;
  readonly cause?: unknown;
}

export interface AwsErrorFacts {
  readonly name: string;
  /** AWS's own text, alone. */
  readonly message: string;
  /** The IAM action of the call that failed: `s3:PutBucketNotification`. */
  readonly action?: string;
  readonly status?: number;
  /** How often the call was sent, when more than once: an earlier try may have been carried out. */
  readonly attempts?: number;
  readonly requestId?: string;
  /** The Region that S3 named when the bucket is elsewhere. */
  readonly region?: string;
  /** S3's numbered `ArgumentName`/`ArgumentValue` pairs: what is wrong with which destination. */
  readonly arguments?: readonly { readonly name: string; readonly value: string }[];
}

export class S3evtError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly commands: readonly string[];
  readonly aws: AwsErrorFacts | undefined;
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'S3evtError';
    this.code = code;
    this.hint = details.hint;
    this.commands = details.commands ?? [];
    this.aws = details.aws;
    this.data = details.data;
  }

  get category(): ErrorCategory {
    return CODES[this.code].category;
  }

  get retryable(): boolean {
    return CODES[this.code].retryable;
  }

  get exitCode(): number {
    return EXIT_CODES[this.category];
  }
}

/** For code that must branch on a cause without knowing whether it was translated already. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is S3evtError {
  return error instanceof S3evtError && codes.includes(error.code);
}
