/** How each service says no. */
import { AwsError } from '../wire/types.ts';
import type { ServiceId } from '../wire/schema.ts';
import type { Caller } from './caller.ts';
import type { Denial } from './decide.ts';
import type { Permission } from './permission.ts';

/** Code and status. */
const ERRORS: Readonly<Record<ServiceId, readonly [code: string, status: number]>> = {
  s3: ['AccessDenied', 403],
  lambda: ['AccessDeniedException', 403],
  logs: ['AccessDeniedException', 400],
  events: ['AccessDeniedException', 400],
  kms: ['AccessDeniedException', 400],
  sqs: ['AccessDenied', 403],
  sns: ['AuthorizationError', 403],
  iam: ['AccessDenied', 403],
  sts: ['AccessDenied', 403],
  // Second-hand for both.
  monitoring: ['AccessDenied', 403],
  cloudtrail: ['AccessDeniedException', 400],
};

/** Of a service that found its queue's or topic's key shut. */
const KEY_ERRORS: Readonly<Partial<Record<ServiceId, readonly [code: string, status: number]>>> = {
  sqs: ['KmsAccessDenied', 400],
  sns: ['KMSAccessDeniedException', 400],
};

/**
 * The sentence that nearly all services send
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html). `resource` as the service names it.
 */
export function denialText(
  caller: Caller,
  action: string,
  resource: string,
  { explicit, by }: Denial,
): string {
  const policy = `${by}-based policy`;
  const why = explicit
    ? `with an explicit deny in ${by === 'identity' ? 'an' : 'a'} ${policy}`
    : `because no ${policy} allows the ${action} action`;
  return `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}

export function accessDenied(
  service: ServiceId,
  caller: Caller,
  permission: Permission,
  denial: Denial,
  owner: string,
): AwsError {
  const [code, status] = (permission.action.startsWith('kms:') && KEY_ERRORS[service]) || ERRORS[service];
  return new AwsError(code, message(service, caller, permission, denial, owner), { status });
}

function message(
  service: ServiceId,
  caller: Caller,
  { action, resource, shown = resource }: Permission,
  denial: Denial,
  owner: string,
): string {
  if (action.startsWith('kms:')) return denialText(caller, action, shown, denial);
  switch (service) {
    case 's3':
      // The long form stays within an account:
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
      if (caller.account !== owner) return 'Access Denied';
      return denialText(caller, action, `"${shown}"`, denial);
    case 'sqs':
      return denialText(caller, action.toLowerCase(), shown, denial);
    case 'sns':
      return denialText(caller, action.replace('sns:', 'SNS:'), shown, denial);
    default:
      return denialText(caller, action, shown, denial);
  }
}

/** Session credentials that are too old, in the words of the service. */
export function expiredToken(service: ServiceId): AwsError {
  const text = 'The security token included in the request is expired';
  switch (service) {
    case 's3':
      return new AwsError('ExpiredToken', 'The provided token has expired.', { status: 400 });
    case 'lambda':
      return new AwsError('ExpiredTokenException', text, { status: 403 });
    case 'iam':
    case 'sts':
    case 'sns':
      return new AwsError('ExpiredToken', text, { status: 403 });
    default:
      return new AwsError('ExpiredTokenException', text, { status: 400 });
  }
}
