/** IAM of the sandbox: roles and policies are kept and described. What they allow is decided in `access/`. */
import type * as Client from '@aws-sdk/client-iam';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { checkedName } from './parameters.ts';
import { policyHandlers } from './policies.ts';
import { rolePolicyHandlers } from './role-policies.ts';
import { roleHandlers } from './roles.ts';
import { simulationHandlers } from './simulate.ts';
import { createIamState, noSuchEntity, resetIamState, wholeSeconds, type Role } from './store.ts';
import { trustAdmits } from './trust.ts';

interface IamOptions {
  /**
   * Milliseconds after its creation during which Lambda cannot assume a role yet. IAM is eventually consistent;
   * on AWS it takes some 5 to 30 seconds
   * (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
   */
  readonly propagationMs: number;
}

export interface IamRole {
  readonly arn: string;
  readonly name: string;
  /** `AROA…` */
  readonly id: string;
  /** JSON text. */
  readonly trustPolicy: string;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** Inline policies, name to JSON text. */
  readonly inline: ReadonlyMap<string, string>;
  /** JSON texts of everything the role may do: the default versions of attached policies and the inline ones. */
  readonly documents: readonly string[];
  /** Seconds. */
  readonly maxSessionDuration: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export type Assumability = 'ok' | 'missing' | 'not-assumable';

export interface IamService {
  readonly handlers: Handlers<typeof Client>;
  /** By full ARN, path included. */
  role(arn: string): IamRole | undefined;
  /** Of a role that requests name without it. */
  rolePath(name: string): string | undefined;
  /** Whether `lambda.amazonaws.com` can assume the role now. */
  assumable(roleArn: string): Assumability;
  reset(): void;
}

export function createIamService(env: SandboxEnv, options: Partial<IamOptions> = {}): IamService {
  const state = createIamState(env);
  const find = (arn: string): Role | undefined => {
    const role = state.roles.get(arn.slice(arn.lastIndexOf('/') + 1).toLowerCase());
    return role?.arn === arn ? role : undefined;
  };

  /** JSON texts of all that a role may do. */
  const documentsOf = (role: Role): string[] => {
    const managed = [...role.attached].flatMap((policyArn) => {
      const policy = state.policies.get(policyArn);
      return policy?.versions.get(policy.defaultVersion)?.document ?? [];
    });
    return [...managed, ...role.inline.values()];
  };

  return {
    handlers: {
      ...simulationHandlers((arn) => {
        const role = find(arn);
        return role && documentsOf(role);
      }),
      ...roleHandlers(state),
      ...rolePolicyHandlers(state),
      ...policyHandlers(state),
      /** Without a name: the caller, who is the account's root user here. */
      GetUser(input) {
        if (input.UserName !== undefined) {
          throw noSuchEntity(
            `The user with name ${checkedName(input.UserName, 'userName', 128)} cannot be found.`,
          );
        }
        return {
          User: {
            Path: undefined,
            UserName: undefined,
            UserId: env.account,
            Arn: `arn:aws:iam::${env.account}:root`,
            CreateDate: wholeSeconds(0),
          },
        };
      },
      ListAccountAliases: () => ({ AccountAliases: [], IsTruncated: false }),
    },

    role(arn) {
      const role = find(arn);
      if (!role) return undefined;
      return {
        arn: role.arn,
        name: role.name,
        id: role.id,
        trustPolicy: role.trustPolicy,
        attached: [...role.attached],
        inline: new Map(role.inline),
        documents: documentsOf(role),
        maxSessionDuration: role.maxSessionDuration,
        createdAt: role.createdAt,
      };
    },

    rolePath: (name) => state.roles.get(name.toLowerCase())?.path,

    assumable(roleArn) {
      const role = find(roleArn);
      if (!role) return 'missing';
      if (env.clock.now() - role.createdAt < (options.propagationMs ?? 0)) return 'not-assumable';
      const lambda = { service: 'lambda.amazonaws.com', account: env.account };
      return trustAdmits(role.trustPolicy, lambda) ? 'ok' : 'not-assumable';
    },

    reset: () => resetIamState(state),
  };
}
