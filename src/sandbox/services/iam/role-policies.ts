/** What a role may do: attached managed policies and inline ones. */
import type * as Client from '@aws-sdk/client-iam';
import type { Handlers } from '../../wire/types.ts';
import { checkedName, checkedPath, checkedPolicyArn, checkedText, pageOf } from './parameters.ts';
import { checkPolicyDocument, encodeDocument } from './policy-document.ts';
import { limitExceeded, noSuchEntity, requireRole, type IamState, type Role } from './store.ts';

type RolePolicyHandlers = Pick<
  Handlers<typeof Client>,
  | 'AttachRolePolicy'
  | 'DetachRolePolicy'
  | 'ListAttachedRolePolicies'
  | 'PutRolePolicy'
  | 'GetRolePolicy'
  | 'DeleteRolePolicy'
  | 'ListRolePolicies'
>;

/** Quotas of IAM: managed policies of a role, and bytes of all its inline policies without white space. */
const MAX_ATTACHED = 10;
const MAX_INLINE_SIZE = 10_240;

export function rolePolicyHandlers(state: IamState): RolePolicyHandlers {
  const roleOf = (input: { RoleName?: string | undefined }): Role =>
    requireRole(state, checkedName(input.RoleName, 'roleName', 64));
  return {
    AttachRolePolicy(input) {
      const arn = checkedPolicyArn(input.PolicyArn);
      const role = roleOf(input);
      if (!state.policies.has(arn)) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      if (!role.attached.has(arn) && role.attached.size >= MAX_ATTACHED) {
        throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MAX_ATTACHED}`);
      }
      role.attached.add(arn);
    },
    DetachRolePolicy(input) {
      const arn = checkedPolicyArn(input.PolicyArn);
      if (!roleOf(input).attached.delete(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
    },
    ListAttachedRolePolicies(input) {
      const prefix = checkedPath(input.PathPrefix, 'pathPrefix');
      const attached = [...roleOf(input).attached].flatMap((arn) => state.policies.get(arn) ?? []);
      const listed = attached.filter((policy) => policy.path.startsWith(prefix));
      const { page, paging } = pageOf(listed, (policy) => policy.arn, input);
      return {
        AttachedPolicies: page.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })),
        ...paging,
      };
    },

    PutRolePolicy(input) {
      const role = roleOf(input);
      const name = checkedName(input.PolicyName, 'policyName', 128);
      const document = checkedText(input.PolicyDocument, 'policyDocument', 131_072);
      checkPolicyDocument(document, 'identity');
      const documents = [...role.inline].filter(([other]) => other !== name).map(([, text]) => text);
      const size = [...documents, document].reduce((sum, text) => sum + text.replace(/\s/g, '').length, 0);
      if (size > MAX_INLINE_SIZE) {
        throw limitExceeded(`Maximum policy size of ${MAX_INLINE_SIZE} bytes exceeded for role ${role.name}`);
      }
      role.inline.set(name, document);
    },
    GetRolePolicy(input) {
      const role = roleOf(input);
      const name = checkedName(input.PolicyName, 'policyName', 128);
      const document = role.inline.get(name);
      if (document === undefined) throw inlineNotFound(name);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encodeDocument(document) };
    },
    DeleteRolePolicy(input) {
      const role = roleOf(input);
      const name = checkedName(input.PolicyName, 'policyName', 128);
      if (!role.inline.delete(name)) throw inlineNotFound(name);
    },
    ListRolePolicies(input) {
      const { page, paging } = pageOf(roleOf(input).inline.keys(), (name) => name, input);
      return { PolicyNames: [...page], ...paging };
    },
  };
}

function inlineNotFound(name: string): Error {
  return noSuchEntity(`The role policy with name ${name} cannot be found.`);
}
