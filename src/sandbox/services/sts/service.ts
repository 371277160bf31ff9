/** STS of the sandbox: who the caller is, and temporary credentials (https://docs.aws.amazon.com/STS/latest/APIReference). */
import type * as Client from '@aws-sdk/client-sts';
import { parseArn } from '../../../core/arn.ts';
import { accountOfKey, callerContext, rootOf, type Caller } from '../../access/caller.ts';
import { identityEffect } from '../../access/decide.ts';
import { denialText, expiredToken } from '../../access/denial.ts';
import type { SandboxEnv } from '../../env.ts';
import type { ServiceId } from '../../wire/schema.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import {
  lengthWithin,
  matches,
  rejectViolations,
  required,
  valueWithin,
  type Check,
} from '../constraints.ts';
import type { IamService } from '../iam/service.ts';
import { trustOf } from '../iam/trust.ts';

export interface StsService {
  readonly handlers: Handlers<typeof Client>;
  /** Who is behind an access key: an issued session, else an account's root. Expired keys fail as `service` words it. */
  caller(accessKeyId: string | undefined, service?: ServiceId): Caller;
  /** The same without looking at the time. */
  identify(accessKeyId: string | undefined): Caller;
  /** Credentials of a role for a service that acts with it. They stay valid until `endSession`. */
  startSession(roleArn: string, sessionName: string): RoleCredentials;
  endSession(accessKeyId: string): void;
  /** Forgets all sessions. */
  reset(): void;
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface Session {
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const HOUR_SECONDS = 3_600;

/**
 * For all accounts. An access key of twelve digits is the root user of that account, and any other that was not issued here
 * is root of the sandbox's own: the sandbox knows no users and checks no signatures. Unlike on AWS, root may assume roles.
 * With `iam`, AssumeRole wants the role to exist and to trust the caller; without it every role ARN of the account is accepted.
 */
export function createStsService(env: SandboxEnv, iam?: Pick<IamService, 'role'>): StsService {
  const sessions = new Map<string, Session>();
  const home = rootOf(env.account);

  const sessionOf = (accessKeyId: string | undefined): Session | undefined =>
    accessKeyId === undefined ? undefined : sessions.get(accessKeyId);
  const rootFor = (accessKeyId: string | undefined): Caller => {
    const account = accountOfKey(accessKeyId);
    return account === undefined ? home : rootOf(account);
  };
  const caller: StsService['caller'] = (accessKeyId, service = 'sts') => {
    const session = sessionOf(accessKeyId);
    if (!session) return rootFor(accessKeyId);
    if (session.expiresAt <= env.clock.now()) throw expiredToken(service);
    return session.caller;
  };

  const open = (who: Caller, expiresAt: number): RoleCredentials => {
    const accessKeyId = `ASIA${env.ids.upper(16)}`;
    sessions.set(accessKeyId, { caller: who, expiresAt });
    return {
      accessKeyId,
      secretAccessKey: env.ids.hex(40),
      sessionToken: Buffer.from(env.ids.hex(96)).toString('base64'),
    };
  };

  const issue = (who: Caller, seconds: number): Client.Credentials => {
    const expiresAt = (Math.floor(env.clock.now() / 1000) + seconds) * 1000;
    const { accessKeyId, secretAccessKey, sessionToken } = open(who, expiresAt);
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(expiresAt),
    };
  };

  /** The session's ARN has the role's name without its path. */
  const sessionCaller = (roleArn: string, sessionName: string): Caller => {
    const account = parseArn(roleArn)?.account ?? env.account;
    const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
    const roleId = iam?.role(roleArn)?.id ?? `AROA${env.ids.upper(17)}`;
    return {
      kind: 'session',
      arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`,
      userId: `${roleId}:${sessionName}`,
      account,
      roleArn,
    };
  };

  /** Both sides have to agree; within an account a trust policy that names the role is enough. */
  const checkAssumable = (assumer: Caller, roleArn: string): void => {
    const action = 'sts:AssumeRole';
    const account = parseArn(roleArn)?.account;
    const role = iam?.role(roleArn);
    const trust =
      role &&
      trustOf(role.trustPolicy, { arn: assumer.arn, roleArn: assumer.roleArn, account: assumer.account });
    const identity = identityEffect({
      caller: assumer,
      identity: assumer.roleArn === undefined ? [] : (iam?.role(assumer.roleArn)?.documents ?? []),
      action,
      resource: roleArn,
      context: callerContext(assumer, env.clock.now()),
    });
    if (!iam && account === env.account) return;
    if (identity === 'allow' && trust !== undefined) return;
    if (identity === 'implicit-deny' && trust === 'name' && account === assumer.account) return;
    const message =
      identity === 'allow'
        ? `User: ${assumer.arn} is not authorized to perform: ${action} on resource: ${roleArn}`
        : denialText(assumer, action, roleArn, { explicit: identity === 'explicit-deny', by: 'identity' });
    throw new AwsError('AccessDenied', message, { status: 403 });
  };

  const assumeRole = (
    input: Client.AssumeRoleCommandInput,
    ctx: RequestContext,
  ): Client.AssumeRoleResponse => {
    const seconds = input.DurationSeconds ?? HOUR_SECONDS;
    checkParameters(
      required(input.RoleArn, 'roleArn'),
      lengthWithin(input.RoleArn, 'roleArn', 20, 2048),
      required(input.RoleSessionName, 'roleSessionName'),
      lengthWithin(input.RoleSessionName, 'roleSessionName', 2, 64),
      matches(input.RoleSessionName, 'roleSessionName', String.raw`[\w+=,.@\-]*`),
      valueWithin(input.DurationSeconds, 'durationSeconds', 900, 12 * HOUR_SECONDS),
    );
    const roleArn = input.RoleArn ?? '';
    const resource = parseArn(roleArn);
    if (resource?.service !== 'iam' || !resource.resource.startsWith('role/')) {
      throw new AwsError('ValidationError', `${roleArn} is invalid`, { status: 400 });
    }
    checkAssumable(caller(ctx.accessKeyId), roleArn);
    if (seconds > (iam?.role(roleArn)?.maxSessionDuration ?? Number.POSITIVE_INFINITY)) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
        { status: 400 },
      );
    }
    const session = sessionCaller(roleArn, input.RoleSessionName ?? '');
    return {
      Credentials: issue(session, seconds),
      AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
      ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
    };
  };

  return {
    caller,
    identify: (accessKeyId) => sessionOf(accessKeyId)?.caller ?? rootFor(accessKeyId),
    startSession: (roleArn, sessionName) =>
      open(sessionCaller(roleArn, sessionName), Number.POSITIVE_INFINITY),
    endSession: (accessKeyId) => void sessions.delete(accessKeyId),
    handlers: {
      GetCallerIdentity(_input, ctx) {
        const { arn, userId, account } = caller(ctx.accessKeyId);
        return { UserId: userId, Account: account, Arn: arn };
      },
      AssumeRole: assumeRole,
      /** For an hour at most when root asks, which is also root's default (API reference, GetSessionToken). */
      GetSessionToken(input, ctx) {
        checkParameters(valueWithin(input.DurationSeconds, 'durationSeconds', 900, 36 * HOUR_SECONDS));
        return {
          Credentials: issue(
            caller(ctx.accessKeyId),
            Math.min(input.DurationSeconds ?? HOUR_SECONDS, HOUR_SECONDS),
          ),
        };
      },
      GetAccessKeyInfo(input) {
        checkParameters(
          required(input.AccessKeyId, 'accessKeyId'),
          lengthWithin(input.AccessKeyId, 'accessKeyId', 16, 128),
          matches(input.AccessKeyId, 'accessKeyId', String.raw`[\w]*`),
        );
        return { Account: sessionOf(input.AccessKeyId)?.caller.account ?? env.account };
      },
    },
    reset: () => sessions.clear(),
  };
}

function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('ValidationError', checks);
}
