import { type ErrorCode, type ErrorDetails, S3evtError } from '../core/errors.ts';
import { loginCommand, translateCredentialError } from './credential-errors.ts';
import { translateNetworkError } from './network-errors.ts';
import { type FailedCall, subjectOf, type WireError, wireError } from './wire-error.ts';

type Detail = Pick<ErrorDetails, 'hint' | 'commands'>;
type Translate = (
  error: WireError,
  call: FailedCall,
) => readonly [code: ErrorCode, message: string, detail?: Detail];

/** AWS's error codes by what they mean to a person; one code stands in one row only. */
const ROWS: readonly (readonly [names: string, translate: Translate])[] = [
  ['ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired', expired],
  [
    'InvalidAccessKeyId UnrecognizedClientException SignatureDoesNotMatch InvalidSignatureException InvalidClientTokenId AuthFailure InvalidToken InvalidSecurity IncompleteSignature IncompleteSignatureException MissingAuthenticationToken MissingAuthenticationTokenException',
    invalid,
  ],
  [
    'AccessDenied AccessDeniedException AuthorizationError AuthorizationErrorException UnauthorizedOperation Forbidden AllAccessDisabled',
    denied,
  ],
  [
    'KMSThrottlingException Throttled Throttling ThrottlingException ThrottledException TooManyRequestsException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown BandwidthLimitExceeded',
    throttled,
  ],
  [
    'PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraint IllegalLocationConstraintException',
    region,
  ],
  ['BucketAlreadyExists', taken],
  ['RequestTimeTooSkewed', skewed],
  ['NotImplemented NotImplementedException UnknownOperationException', unsupported],
  [
    'NoSuchBucket NoSuchKey NoSuchVersion NotFound ResourceNotFound ResourceNotFoundException NoSuchEntity NoSuchEntityException QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue NotFoundException',
    missing,
  ],
];

const BY_NAME: ReadonlyMap<string, Translate> = new Map(
  ROWS.flatMap(([names, translate]) => names.split(' ').map((name) => [name, translate] as const)),
);

/** For errors whose code says nothing: answers to HEAD have no body, and other servers have codes of their own. */
function byStatus(status: number | undefined): Translate | undefined {
  if (status === undefined) return undefined;
  if (status === 301) return region;
  if (status === 403) return denied;
  if (status === 404) return missing;
  if (status === 429) return throttled;
  if (status === 501) return unsupported;
  return status >= 500 ? unavailable : undefined;
}

/**
 * Makes any failure of an AWS call one that can be explained: code, message, hint, and AWS's own name, status and request
 * id. A S3evtError comes back as it is. Messages carry AWS's text unchanged: the edge cleans what it prints.
 * Throws abort errors as they came: an interrupted call has not failed.
 */
export function translateError(error: unknown, call: FailedCall): S3evtError {
  if (error instanceof S3evtError) return error;
  if (isAbort(error)) throw error;
  const wire = wireError(error);
  const own = translateCredentialError(wire, call) ?? translateNetworkError(wire, call);
  if (own) return own;
  const translate = BY_NAME.get(wire.name) ?? byStatus(wire.status) ?? (isBug(wire) ? bug : other);
  const [code, message, detail] = translate(wire, call);
  const { aws, cause } = wire.details;
  return new S3evtError(code, message, {
    ...detail,
    ...(aws === undefined ? {} : { aws: { ...aws, action: call.action } }),
    cause,
  });
}

/** Whether somebody stopped the call: Ctrl-C, or a signal of the caller's own. */
export function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'))
  );
}

function expired(error: WireError, { target }: FailedCall): ReturnType<Translate> {
  const profile = target?.profile?.value;
  return [
    'CREDENTIALS_EXPIRED',
    `the AWS credentials have expired: ${error.text}`,
    {
      hint: 'Sign in again; temporary keys in the environment have to be set anew.',
      commands: [loginCommand('sso login', profile)],
    },
  ];
}

function invalid(error: WireError): ReturnType<Translate> {
  // Services that speak JSON report a wrong clock as a wrong signature.
  if (/Signature (?:expired|not yet current)/i.test(error.text)) return skewed(error);
  return [
    'CREDENTIALS_INVALID',
    `AWS does not accept the credentials: ${error.text} (${error.name})`,
    {
      hint:
        error.name === 'UnrecognizedClientException' || error.name === 'InvalidClientTokenId'
          ? 'Check the keys; AWS says the same when the region is not enabled for the account.'
          : 'Check the access key and its secret, or choose another --profile.',
    },
  ];
}

function denied(error: WireError, call: FailedCall): ReturnType<Translate> {
  // "User: ARN is not authorized to perform: lambda:AddPermission on resource: ARN because no identity-based policy ..."
  const action = /not authorized to perform:? ([\w-]+:\w+)/i.exec(error.text)?.[1] ?? call.action;
  const resource = /\bon resource: (\S+)/.exec(error.text)?.[1] ?? call.resource;
  const subject = subjectOf({ action, ...(resource === undefined ? {} : { resource }) });
  return [
    'ACCESS_DENIED',
    `access denied, ${subject} is not allowed: ${error.text}`,
    {
      hint: /explicit deny/i.test(error.text)
        ? `A policy denies ${action} explicitly: allowing it elsewhere does not help.`
        : `Ask for the IAM permission ${action}, or choose another --profile.`,
    },
  ];
}

function throttled(error: WireError, call: FailedCall): ReturnType<Translate> {
  return [
    'THROTTLED',
    `AWS is throttling ${subjectOf(call)}: ${error.text}`,
    { hint: 'Wait a little and try again; AWS_MAX_ATTEMPTS allows more retries.' },
  ];
}

function region(error: WireError, call: FailedCall): ReturnType<Translate> {
  const asked = call.target?.region.value;
  const actual = error.region;
  if (actual === undefined || actual === asked) {
    return [
      'WRONG_REGION',
      `${subjectOf(call)}: ${error.text}`,
      { hint: 'Pass --region with the region of the bucket.' },
    ];
  }
  const where = asked === undefined ? '' : `, not in ${asked}`;
  return [
    'WRONG_REGION',
    `${subjectOf(call)}: the bucket is in ${actual}${where}`,
    { hint: `Pass --region ${actual}.` },
  ];
}

function taken(error: WireError, call: FailedCall): ReturnType<Translate> {
  return [
    'NAME_TAKEN',
    `${call.resource ?? 'the bucket name'} is taken: ${error.text}`,
    { hint: 'Bucket names are shared by all AWS accounts: choose another one.' },
  ];
}

function skewed(error: WireError): ReturnType<Translate> {
  return [
    'AWS_ERROR',
    `the clock of this machine is wrong: ${error.text} (${error.name})`,
    { hint: 'Set the clock: AWS refuses requests that are signed for another time.' },
  ];
}

function unsupported(error: WireError, call: FailedCall): ReturnType<Translate> {
  return [
    'AWS_ERROR',
    `${subjectOf(call)} failed: ${error.text} (${error.name})`,
    call.target?.endpointUrl ? { hint: 'This endpoint does not offer the operation.' } : {},
  ];
}

function missing(error: WireError, call: FailedCall): ReturnType<Translate> {
  return [
    'NOT_FOUND',
    `${subjectOf(call)}: not found: ${error.text}`,
    call.target
      ? { hint: `Looked in ${call.target.region.value}; check the name, --region and --profile.` }
      : {},
  ];
}

function unavailable(error: WireError, call: FailedCall): ReturnType<Translate> {
  return [
    'AWS_UNAVAILABLE',
    `${subjectOf(call)} failed on the side of AWS: ${error.text} (${error.name})`,
    { hint: 'Try again.' },
  ];
}

function other(error: WireError, call: FailedCall): ReturnType<Translate> {
  return ['AWS_ERROR', `${subjectOf(call)} failed: ${error.text} (${error.name})`];
}

/** An error of JavaScript that no server answer stands behind is a mistake in the program, not in the call. */
function isBug(error: WireError): boolean {
  return error.status === undefined && ['TypeError', 'ReferenceError', 'RangeError'].includes(error.name);
}

function bug(error: WireError, call: FailedCall): ReturnType<Translate> {
  return ['INTERNAL', `${subjectOf(call)}: ${error.name}: ${error.text}`];
}
