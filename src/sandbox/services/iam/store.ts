/** Roles and managed policies in memory. IAM is global: nothing here knows a region. */
import type { SandboxEnv } from '../../env.ts';
import { AwsError } from '../../wire/types.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';

export interface Role {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** `AROA…` */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  trustPolicy: string;
  description: string | undefined;
  /** Seconds. */
  maxSessionDuration: number;
  readonly tags: Map<string, string>;
  /** ARNs of managed policies. */
  readonly attached: Set<string>;
  /** Name to document. */
  readonly inline: Map<string, string>;
}

export interface PolicyVersion {
  readonly id: string;
  readonly document: string;
  readonly createdAt: number;
}

export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  readonly arn: string;
  /** `ANPA…` */
  readonly id: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly description: string | undefined;
  readonly tags: Map<string, string>;
  /** False: made by AWS, for every account. */
  readonly local: boolean;
  readonly versions: Map<string, PolicyVersion>;
  defaultVersion: string;
  /** Version numbers are not used again. */
  lastVersion: number;
}

export interface IamState {
  readonly env: SandboxEnv;
  /** By name in lower case: names differ by more than case (API reference, CreateRole). */
  readonly roles: Map<string, Role>;
  /** By ARN. */
  readonly policies: Map<string, ManagedPolicy>;
}

export function createIamState(env: SandboxEnv): IamState {
  const state: IamState = { env, roles: new Map(), policies: new Map() };
  resetIamState(state);
  return state;
}

export function resetIamState({ env, roles, policies }: IamState): void {
  roles.clear();
  policies.clear();
  const createdAt = env.clock.now();
  for (const { name, path, id, description, statements } of AWS_MANAGED_POLICIES) {
    const arn = `arn:aws:iam::aws:policy${path}${name}`;
    const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    policies.set(arn, {
      ...{ name, path, arn, id, createdAt, updatedAt: createdAt, description, tags: new Map(), local: false },
      versions: new Map([['v1', { id: 'v1', document, createdAt }]]),
      defaultVersion: 'v1',
      lastVersion: 1,
    });
  }
}

export function requireRole({ roles }: IamState, name: string): Role {
  const role = roles.get(name.toLowerCase());
  if (!role) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

export function requirePolicy({ policies }: IamState, arn: string): ManagedPolicy {
  const policy = policies.get(arn);
  if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

export function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntityException', message);
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflictException', message);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceededException', message);
}

export function alreadyExists(message: string): AwsError {
  return new AwsError('EntityAlreadyExistsException', message);
}

/** IAM's unique ids: a prefix for the kind, 21 characters in all. */
export function uniqueId(env: SandboxEnv, prefix: 'AROA' | 'ANPA'): string {
  return prefix + env.ids.upper(17);
}

/** IAM's dates have whole seconds. */
export function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
