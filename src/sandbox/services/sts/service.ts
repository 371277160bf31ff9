/** STS of the sandbox: who the caller is, and temporary credentials (https://docs.aws.amazon.com/STS/latest/APIReference). */
import type * as Client from '@aws-sdk/client-sts';
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import {
  lengthWithin,
  matches,
  rejectViolations,
  required,
  valueWithin,
  type Check,
} from '../iam/constraints.ts';
import type { IamService } from '../iam/service.ts';
import { trustAdmits } from '../iam/trust.ts';

export interface StsService {
  readonly handlers: Handlers<typeof Client>;
  /** The identity behind an access key: an issued session's, else the account's root. */
  caller(accessKeyId: string | undefined): CallerIdentity;
  /** Forgets all sessions. */
  reset(): void;
}

export interface CallerIdentity {
  readonly arn: string;
  readonly userId: string;
  readonly account: string;
}

interface Session {
  readonly identity: CallerIdentity;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const HOUR_SECONDS = 3_600;

/**
 * Any access key that was not issued here is the root user of the account: the sandbox knows no users and checks no
 * signatures. Unlike on AWS, root may assume roles. With `iam`, AssumeRole wants the role to exist and to trust the
 * caller; without it every role ARN of the account is accepted.
 */
export function createStsService(env: SandboxEnv, iam?: Pick<IamService, 'role'>): StsService {
  const sessions = new Map<string, Session>();
  const root: CallerIdentity = {
    arn: `arn:aws:iam::${env.account}:root`,
    userId: env.account,
    account: env.account,
  };

  const caller = (accessKeyId: string | undefined): CallerIdentity => {
    const session = accessKeyId === undefined ? undefined : sessions.get(accessKeyId);
    if (!session) return root;
    if (session.expiresAt <= env.clock.now()) {
      throw new AwsError('ExpiredToken', 'The security token included in the request is expired', {
        status: 403,
      });
    }
    return session.identity;
  };

  const issue = (identity: CallerIdentity, seconds: number): Client.Credentials => {
    const expiresAt = (Math.floor(env.clock.now() / 1000) + seconds) * 1000;
    const AccessKeyId = `ASIA${env.ids.upper(16)}`;
    sessions.set(AccessKeyId, { identity, expiresAt });
    return {
      AccessKeyId,
      SecretAccessKey: env.ids.hex(40),
      SessionToken: Buffer.from(env.ids.hex(96)).toString('base64'),
      Expiration: new Date(expiresAt),
    };
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
    const assumer = caller(ctx.accessKeyId);
    const role = iam?.role(roleArn);
    const isTrusted = role && trustAdmits(role.trustPolicy, { arn: assumer.arn, account: assumer.account });
    if (resource.account !== env.account || (iam && !isTrusted)) {
      throw new AwsError(
        'AccessDenied',
        `User: ${assumer.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        { status: 403 },
      );
    }
    if (seconds > (role?.maxSessionDuration ?? Number.POSITIVE_INFINITY)) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
        { status: 400 },
      );
    }
    const session = input.RoleSessionName ?? '';
    // The session's ARN has the role's name without its path.
    const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
    const identity: CallerIdentity = {
      arn: `arn:aws:sts::${env.account}:assumed-role/${name}/${session}`,
      userId: `${role?.id ?? `AROA${env.ids.upper(17)}`}:${session}`,
      account: env.account,
    };
    return {
      Credentials: issue(identity, seconds),
      AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
      ...(input.SourceIdentity === undefined ? {} : { SourceIdentity: input.SourceIdentity }),
    };
  };

  return {
    caller,
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
        return { Account: env.account };
      },
    },
    reset: () => sessions.clear(),
  };
}

function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('ValidationError', checks);
}
