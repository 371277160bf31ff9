/** From a request that was served or refused to its event (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html). */
import type * as Client from '@aws-sdk/client-cloudtrail';
import type { Caller } from '../../access/caller.ts';
import type { Input } from '../../access/permission.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Operation, ServiceId } from '../../wire/schema.ts';
import type { AwsError, RequestContext } from '../../wire/types.ts';
import { requestParameters, s3RequestParameters } from './request-parameters.ts';
import { resourcesOf } from './resources.ts';

/** IAM has one place for all Regions, and its events are there. */
const GLOBAL_REGION = 'us-east-1';

export interface RecordedRequest {
  readonly service: ServiceId;
  readonly operation: Operation;
  readonly eventName: string;
  readonly input: Input;
  readonly ctx: RequestContext;
  readonly caller: Caller;
  readonly outcome: { readonly output: unknown } | { readonly error: AwsError };
}

/** An event as it is kept: with what a lookup asks for. */
export interface TrailEvent {
  readonly region: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly at: number;
  readonly event: Client.Event;
}

export function trailEvent(env: Pick<SandboxEnv, 'clock' | 'ids'>, request: RecordedRequest): TrailEvent {
  const { service, operation, eventName, input, ctx, caller, outcome } = request;
  const region = service === 'iam' ? GLOBAL_REGION : ctx.region;
  const at = Math.floor(env.clock.now() / 1000) * 1000;
  const eventId = env.ids.uuid();
  const eventSource = `${service}.amazonaws.com`;
  const error = 'error' in outcome ? outcome.error : undefined;
  // Lambda's page shows a denied call like this: without its parameters, and with a shorter code.
  const isHidden = service === 'lambda' && error?.code === 'AccessDeniedException';
  const parameters =
    service === 's3' ? s3RequestParameters(operation, input, ctx.host) : requestParameters(operation, input);
  const place = { region, account: caller.account };
  const userAgent = ctx.headers['user-agent'] ?? '';
  const record = {
    eventVersion: '1.11',
    userIdentity: userIdentity(caller, ctx.accessKeyId),
    eventTime: new Date(at).toISOString().replace('.000Z', 'Z'),
    eventSource,
    eventName,
    awsRegion: region,
    sourceIPAddress: ctx.sourceIp,
    userAgent: service === 's3' ? `[${userAgent}]` : userAgent,
    ...(error && { errorCode: isHidden ? 'AccessDenied' : error.code, errorMessage: error.message }),
    requestParameters: isHidden ? null : parameters,
    // AWS has those of calls that create something; what they say is read elsewhere.
    responseElements: null,
    requestID: ctx.requestId,
    eventID: eventId,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ctx.account,
    eventCategory: 'Management',
  };
  return {
    region,
    at,
    event: {
      EventId: eventId,
      EventName: eventName,
      ReadOnly: 'false',
      ...(ctx.accessKeyId !== undefined && { AccessKeyId: ctx.accessKeyId }),
      EventTime: new Date(at),
      EventSource: eventSource,
      ...usernameOf(caller),
      Resources: isHidden
        ? []
        : resourcesOf(service, input, 'output' in outcome ? outcome.output : {}, place),
      CloudTrailEvent: JSON.stringify(record),
    },
  };
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function userIdentity(caller: Caller, accessKeyId: string | undefined) {
  const { kind, arn, userId: principalId, account: accountId, roleArn } = caller;
  switch (kind) {
    case 'anonymous':
      return { type: 'AWSAccount', principalId: '', accountId: 'ANONYMOUS_PRINCIPAL' };
    case 'root':
      return { type: 'Root', principalId, arn, accountId, accessKeyId };
    case 'session':
      return {
        type: 'AssumedRole',
        principalId,
        arn,
        accountId,
        accessKeyId,
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: principalId.split(':')[0],
            arn: roleArn,
            accountId,
            userName: roleArn?.slice(roleArn.lastIndexOf('/') + 1),
          },
        },
      };
  }
}

/** Of the session of a role, the session's name. */
function usernameOf({ kind, userId }: Caller): { Username?: string } {
  if (kind === 'anonymous') return {};
  return { Username: kind === 'root' ? 'root' : userId.slice(userId.indexOf(':') + 1) };
}
