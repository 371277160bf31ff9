import type { ErrorDetails } from '../core/errors.ts';
import type { Target } from './target.ts';

/** The call that failed. */
export interface FailedCall {
  /** The IAM action it needs: `s3:PutBucketNotification`. */
  readonly action: string;
  /** Name or ARN, as messages should show it. */
  readonly resource?: string;
  readonly target?: Target | undefined;
}

/** `s3:PutBucketNotification on demo`. */
export function subjectOf({ action, resource }: Pick<FailedCall, 'action' | 'resource'>): string {
  return resource === undefined ? action : `${action} on ${resource}`;
}

/** The parts of an SDK error that s3evt uses, whichever layer threw it. */
export interface WireError {
  readonly name: string;
  /** AWS's message with the argument pairs of S3; `HTTP 403` when the answer had no text. */
  readonly text: string;
  /** Node's error code: `ECONNREFUSED`. */
  readonly code: string | undefined;
  readonly status: number | undefined;
  /** Of the bucket, when S3 names it: in a header, or as an element of the error document. */
  readonly region: string | undefined;
  readonly details: Pick<ErrorDetails, 'aws' | 'cause'>;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function wireError(error: unknown): WireError {
  const metadata = field(error, '$metadata');
  const answered = field(metadata, 'httpStatusCode');
  const status = typeof answered === 'number' ? answered : undefined;
  const requestId = text(field(metadata, 'requestId'));
  const attempts = field(metadata, 'attempts');
  const name = text(field(error, 'name')) ?? 'UnknownError';
  const message = text(field(error, 'message')) ?? (typeof error === 'string' ? error : undefined);
  // "UnknownError" is what the SDK says when an answer has no body, as every answer to HEAD.
  const known = message === undefined || message === 'UnknownError' ? undefined : message;
  const pairs = argumentPairs(error);
  const element = (key: string) => text(field(error, key));
  const header = (key: string) => text(field(field(field(error, '$response'), 'headers'), key));
  const region = header('x-amz-bucket-region') ?? element('Region');
  const own = known ?? (status === undefined ? 'no message' : `HTTP ${status}`);
  return {
    name,
    text: own + pairs.map((pair) => ` (${pair.name}: ${pair.value})`).join(''),
    code: text(field(error, 'code')) ?? text(field(field(error, 'cause'), 'code')),
    status,
    region,
    details: {
      aws: {
        name,
        message: own,
        ...(status === undefined ? {} : { status }),
        ...(requestId === undefined ? {} : { requestId }),
        ...(typeof attempts === 'number' && attempts > 1 ? { attempts } : {}),
        ...(region === undefined ? {} : { region }),
        ...(pairs.length === 0 ? {} : { arguments: pairs }),
      },
      cause: error,
    },
  };
}

/**
 * What S3 says about the arguments it refused. Destination checks have one numbered pair for each refused destination,
 * `{name: ARN, value: reason}`; syntactic errors have one pair without a number, `{name: 'Queue', value: ARN}`.
 */
function argumentPairs(error: unknown): readonly { readonly name: string; readonly value: string }[] {
  const pairs: { name: string; value: string }[] = [];
  for (let number = 0; ; number += 1) {
    const suffix = number === 0 ? '' : String(number);
    const name = text(field(error, `ArgumentName${suffix}`));
    const value = text(field(error, `ArgumentValue${suffix}`));
    if (name !== undefined && value !== undefined) {
      // S3 writes a function as "<ARN>, null".
      pairs.push({ name: name.replace(/, null$/, ''), value });
    } else if (number > 0) {
      return pairs;
    }
  }
}
