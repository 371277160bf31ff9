/** What identity policies say: for the guard, for services that act with a role, and for what functions write to their logs. */
import type { SandboxEnv } from '../env.ts';
import type { FunctionCredentials } from '../lambda/launch.ts';
import type { IamService } from '../services/iam/service.ts';
import type { StsService } from '../services/sts/service.ts';
import { callerContext, type Caller } from './caller.ts';
import { identityEffect } from './decide.ts';
import { denialText } from './denial.ts';
import type { Authority } from './guard.ts';

export function createAuthority(
  env: SandboxEnv,
  iam: Pick<IamService, 'role'>,
  sts: Pick<StsService, 'caller'>,
): Authority {
  return {
    clock: env.clock,
    caller: (service, accessKeyId) => sts.caller(accessKeyId, service),
    documents: (roleArn) => iam.role(roleArn)?.documents ?? [],
  };
}

/**
 * Why the identity policies of a role do not let it do something, in the words of an access-denied error; undefined when they
 * do. Policies of the resource do not count.
 */
export function roleRefusal(
  authority: Authority,
  roleArn: string,
  action: string,
  resource: string,
): string | undefined {
  const caller: Caller = {
    kind: 'session',
    arn: roleArn,
    userId: '',
    account: roleArn.split(':')[4] ?? '',
    roleArn,
  };
  const effect = identityEffect({
    caller,
    identity: authority.documents(roleArn),
    action,
    resource,
    context: callerContext(caller, authority.clock.now()),
  });
  if (effect === 'allow') return undefined;
  return denialText(caller, action, resource, { explicit: effect === 'explicit-deny', by: 'identity' });
}

/** One session per environment, for as long as the environment lives. */
export function functionCredentials(
  sts: Pick<StsService, 'startSession' | 'endSession'>,
): FunctionCredentials {
  const sessions = new Map<string, ReturnType<StsService['startSession']>>();
  return {
    forEnvironment(environmentId, roleArn, functionName) {
      const session = sessions.get(environmentId) ?? sts.startSession(roleArn, functionName);
      sessions.set(environmentId, session);
      return session;
    },
    release(environmentId) {
      const session = sessions.get(environmentId);
      if (session) sts.endSession(session.accessKeyId);
      sessions.delete(environmentId);
    },
  };
}
