/** Every request passes here before its handler: who asks, what for, and whether policies let it. */
import type { Clock } from '../../core/clock.ts';
import type { AnyHandler } from '../wire/dispatch.ts';
import type { ServiceId } from '../wire/schema.ts';
import { AwsError, type RequestContext } from '../wire/types.ts';
import { callerContext, type Caller } from './caller.ts';
import { denialOf, type Denial } from './decide.ts';
import { accessDenied } from './denial.ts';
import { readDocument } from './documents.ts';
import type { Input, Permission, Permissions } from './permission.ts';

/** Who asks, and what identity policies say. */
export interface Authority {
  readonly clock: Clock;
  /** Throws the service's error for expired credentials. */
  caller(service: ServiceId, accessKeyId: string | undefined): Caller;
  /** JSON texts of the policies of a role, none when it does not exist. */
  documents(roleArn: string): readonly string[];
}

/** What a permission's resource says itself. */
export interface ResourceSide {
  /** Account that it belongs to. */
  readonly owner: string;
  /** JSON text. */
  readonly policy: string | undefined;
  readonly isKey?: boolean;
}

export interface ServiceGuard {
  readonly service: ServiceId;
  readonly permissions: Permissions;
  /** Undefined: there is no such resource, or it has no policy, so that it counts as the caller's account's own. */
  readonly resource: (arn: string) => ResourceSide | undefined;
}

export interface Refused {
  readonly permission: Permission;
  readonly denial: Denial;
  readonly owner: string;
}

/** The first permission that is missing; undefined when there is none. */
export function refused(
  authority: Authority,
  guard: Pick<ServiceGuard, 'resource'>,
  caller: Caller,
  permissions: readonly Permission[],
  ctx: RequestContext,
): Refused | undefined {
  let identity: readonly string[] | undefined;
  for (const permission of permissions) {
    const side = guard.resource(permission.resource);
    const owner = side?.owner ?? caller.account;
    const policy = side?.policy;
    // Root may do all in its account that no policy of a resource denies: nearly all requests end here.
    const isOwn = caller.kind === 'root' && caller.account === owner && side?.isKey !== true;
    if (isOwn && (policy === undefined || !readDocument(policy).denies)) continue;
    identity ??= caller.roleArn === undefined ? [] : authority.documents(caller.roleArn);
    const denial = denialOf({
      caller,
      action: permission.action,
      resource: permission.resource,
      owner,
      identity,
      resourcePolicy: policy,
      isKey: side?.isKey ?? false,
      context: {
        ...callerContext(caller, authority.clock.now(), ctx),
        'aws:ResourceAccount': owner,
        ...permission.context,
      },
    });
    if (denial) return { permission, denial, owner };
  }
  return undefined;
}

/** The same as an error of the service. */
export function authorise(
  authority: Authority,
  guard: ServiceGuard,
  caller: Caller,
  permissions: readonly Permission[],
  ctx: RequestContext,
): void {
  const found = refused(authority, guard, caller, permissions, ctx);
  if (found) throw accessDenied(guard.service, caller, found.permission, found.denial, found.owner);
}

/** The handler that runs only when the caller may. `account` is that of the services that will answer. */
export function guardHandler(
  authority: Authority,
  guard: ServiceGuard,
  operation: string,
  handlerFor: (
    input: Input,
    ctx: RequestContext,
  ) => { readonly account: string; readonly handler: AnyHandler },
): AnyHandler {
  return (input: Input, ctx: RequestContext) => {
    const caller = authority.caller(guard.service, ctx.accessKeyId);
    const { account, handler } = handlerFor(input, ctx);
    const permissions = guard.permissions(operation, input, { region: ctx.region, account, ctx });
    const found = refused(authority, guard, caller, permissions, ctx);
    if (found) throw errorFor(guard.service, operation, caller, found);
    return handler(input as never, ctx);
  };
}

function errorFor(service: ServiceId, operation: string, caller: Caller, found: Refused): AwsError {
  // SQS does not tell another account whether there is such a queue.
  if (service === 'sqs' && operation === 'GetQueueUrl' && found.owner !== caller.account) {
    return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
  }
  return accessDenied(service, caller, found.permission, found.denial, found.owner);
}
