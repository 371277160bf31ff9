/** Roles, their trust policy and their tags. */
import type * as Client from '@aws-sdk/client-iam';
import type { Handlers } from '../../wire/types.ts';
import { lengthWithin, valueWithin } from '../constraints.ts';
import {
  addTags,
  checkedName,
  checkedPath,
  checkedText,
  checkParameters,
  pageOf,
  tagList,
} from './parameters.ts';
import { checkPolicyDocument, encodeDocument } from './policy-document.ts';
import {
  alreadyExists,
  deleteConflict,
  requireRole,
  uniqueId,
  wholeSeconds,
  type IamState,
  type Role,
} from './store.ts';

type RoleHandlers = Pick<
  Handlers<typeof Client>,
  | 'CreateRole'
  | 'GetRole'
  | 'ListRoles'
  | 'UpdateRole'
  | 'DeleteRole'
  | 'UpdateAssumeRolePolicy'
  | 'TagRole'
  | 'UntagRole'
  | 'ListRoleTags'
>;

const MAX_TRUST_POLICY = 131_072;
const DEFAULT_SESSION_SECONDS = 3_600;

export function roleHandlers(state: IamState): RoleHandlers {
  const { env, roles } = state;
  const roleOf = (input: { RoleName?: string | undefined }): Role =>
    requireRole(state, checkedName(input.RoleName, 'roleName', 64));
  return {
    CreateRole(input) {
      const name = checkedName(input.RoleName, 'roleName', 64);
      const path = checkedPath(input.Path);
      checkRoleSettings(input);
      const trustPolicy = checkedText(
        input.AssumeRolePolicyDocument,
        'assumeRolePolicyDocument',
        MAX_TRUST_POLICY,
      );
      if (roles.has(name.toLowerCase())) throw alreadyExists(`Role with name ${name} already exists.`);
      checkPolicyDocument(trustPolicy, 'trust');
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      const role: Role = {
        name,
        path,
        arn: `arn:aws:iam::${env.account}:role${path}${name}`,
        id: uniqueId(env, 'AROA'),
        createdAt: env.clock.now(),
        trustPolicy,
        description: input.Description,
        maxSessionDuration: input.MaxSessionDuration ?? DEFAULT_SESSION_SECONDS,
        tags,
        attached: new Set(),
        inline: new Map(),
      };
      roles.set(name.toLowerCase(), role);
      return { Role: { ...describe(role), ...describedTags(role) } };
    },
    GetRole(input) {
      const role = roleOf(input);
      return { Role: { ...describe(role), ...describedTags(role), RoleLastUsed: {} } };
    },
    /** Lists leave out tags and last use (API reference, ListRoles). */
    ListRoles(input) {
      const prefix = input.PathPrefix ?? '/';
      const listed = [...roles.values()].filter((role) => role.path.startsWith(prefix));
      const { page, paging } = pageOf(listed, (role) => role.name.toLowerCase(), input);
      return { Roles: page.map(describe), ...paging };
    },
    /** A duration that is left out is set back to the default (API reference, UpdateRole). */
    UpdateRole(input) {
      const role = roleOf(input);
      checkRoleSettings(input);
      if (input.Description !== undefined) role.description = input.Description;
      role.maxSessionDuration = input.MaxSessionDuration ?? DEFAULT_SESSION_SECONDS;
      return {};
    },
    DeleteRole(input) {
      const role = roleOf(input);
      if (role.attached.size > 0)
        throw deleteConflict('Cannot delete entity, must detach all policies first.');
      if (role.inline.size > 0) throw deleteConflict('Cannot delete entity, must delete policies first.');
      roles.delete(role.name.toLowerCase());
    },
    UpdateAssumeRolePolicy(input) {
      const role = roleOf(input);
      const document = checkedText(input.PolicyDocument, 'policyDocument', MAX_TRUST_POLICY);
      checkPolicyDocument(document, 'trust');
      role.trustPolicy = document;
    },
    TagRole: (input) => addTags(roleOf(input).tags, input.Tags),
    UntagRole(input) {
      const { tags } = roleOf(input);
      for (const key of input.TagKeys ?? []) tags.delete(key);
    },
    ListRoleTags(input) {
      const { page, paging } = pageOf(roleOf(input).tags, ([key]) => key, input);
      return { Tags: tagList(new Map(page)), ...paging };
    },
  };
}

function checkRoleSettings(input: {
  Description?: string | undefined;
  MaxSessionDuration?: number | undefined;
}): void {
  checkParameters(
    lengthWithin(input.Description, 'description', 0, 1000),
    valueWithin(input.MaxSessionDuration, 'maxSessionDuration', 3600, 43_200),
  );
}

function describe(role: Role): Client.Role {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: wholeSeconds(role.createdAt),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    ...(role.description === undefined ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionDuration,
  };
}

function describedTags(role: Role): { Tags?: Client.Tag[] } {
  return role.tags.size > 0 ? { Tags: tagList(role.tags) } : {};
}
