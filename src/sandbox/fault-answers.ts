/** How each service says no on purpose: with the codes and texts that its clients branch on. */
import { AwsError, type RequestContext } from './wire/types.ts';

export interface FaultedCall {
  readonly service: string;
  readonly operation: string;
  readonly ctx: Pick<RequestContext, 'account' | 'region'>;
}

/** "Too many requests". Codes and statuses of SQS and SNS are their models'; all other texts are second-hand. */
export function throttled(service: string): AwsError {
  switch (service) {
    case 's3':
      return new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 });
    case 'lambda':
      return new AwsError('TooManyRequestsException', 'Rate exceeded', { status: 429 });
    case 'sqs':
      return new AwsError('RequestThrottled', 'Request is throttled.', { status: 403 });
    case 'sns':
      return new AwsError('Throttled', 'Rate exceeded', { status: 429 });
    // The services of JSON protocols; IAM and STS have the older code of the query protocol.
    case 'logs':
    case 'events':
    case 'kms':
    case 'cloudtrail':
      return new AwsError('ThrottlingException', 'Rate exceeded', { status: 400 });
    default:
      return new AwsError('Throttling', 'Rate exceeded', { status: 400 });
  }
}

/** Permissions are named after the operation, except for this one. */
const PERMISSIONS: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' };

/** Services that policies know by another name. */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/**
 * S3 names neither the caller nor the action; the others name both. The caller is the one that GetCallerIdentity names
 * for a key of no session; the resource is a wildcard, since a fault is decided before the input is read.
 */
export function denied({ service, operation, ctx }: FaultedCall): AwsError {
  if (service === 's3') return new AwsError('AccessDenied', 'Access Denied', { status: 403 });
  const action = actionOf(service, operation);
  const message =
    `User: arn:aws:iam::${ctx.account}:root is not authorized to perform: ${action} on resource: ${resourceOf(service, ctx)} ` +
    `because no identity-based policy allows the ${action} action`;
  switch (service) {
    case 'lambda':
      return new AwsError('AccessDeniedException', message, { status: 403 });
    case 'sns':
      return new AwsError('AuthorizationError', message, { status: 403 });
    case 'logs':
    case 'events':
    case 'kms':
    case 'cloudtrail':
      return new AwsError('AccessDeniedException', message, { status: 400 });
    default:
      return new AwsError('AccessDenied', message, { status: 403 });
  }
}

/** SNS and SQS spell the action in their own way; second-hand, from reports of refused calls. */
function actionOf(service: string, operation: string): string {
  if (service === 'sns') return `SNS:${operation}`;
  if (service === 'sqs') return `sqs:${operation.toLowerCase()}`;
  const call = `${PREFIXES[service] ?? service}:${operation}`;
  return PERMISSIONS[call] ?? call;
}

function resourceOf(service: string, { region, account }: FaultedCall['ctx']): string {
  switch (service) {
    case 'lambda':
      return `arn:aws:lambda:${region}:${account}:function:*`;
    case 'logs':
      return `arn:aws:logs:${region}:${account}:log-group:*`;
    case 'sqs':
    case 'sns':
      return `arn:aws:${service}:${region}:${account}:*`;
    default:
      return '*';
  }
}
