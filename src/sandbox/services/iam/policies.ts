/** Managed policies and their versions. */
import type * as Client from '@aws-sdk/client-iam';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { lengthWithin } from '../constraints.ts';
import {
  addTags,
  checkedName,
  checkedPath,
  checkedPolicyArn,
  checkedText,
  checkParameters,
  pageOf,
  tagList,
} from './parameters.ts';
import { checkPolicyDocument, encodeDocument } from './policy-document.ts';
import {
  alreadyExists,
  deleteConflict,
  limitExceeded,
  noSuchEntity,
  requirePolicy,
  uniqueId,
  wholeSeconds,
  type IamState,
  type ManagedPolicy,
  type PolicyVersion,
} from './store.ts';

type PolicyHandlers = Pick<
  Handlers<typeof Client>,
  | 'CreatePolicy'
  | 'GetPolicy'
  | 'DeletePolicy'
  | 'ListPolicies'
  | 'CreatePolicyVersion'
  | 'GetPolicyVersion'
  | 'ListPolicyVersions'
  | 'DeletePolicyVersion'
>;

const MAX_DOCUMENT = 131_072;
/** Characters without white space (quota). */
const MAX_POLICY_SIZE = 6_144;
const MAX_VERSIONS = 5;

export function policyHandlers(state: IamState): PolicyHandlers {
  const { env, policies } = state;
  const policyOf = (input: { PolicyArn?: string | undefined }): ManagedPolicy =>
    requirePolicy(state, checkedPolicyArn(input.PolicyArn));

  return {
    CreatePolicy(input) {
      const name = checkedName(input.PolicyName, 'policyName', 128);
      const path = checkedPath(input.Path);
      checkParameters(lengthWithin(input.Description, 'description', 0, 1000));
      const document = checkedDocument(input.PolicyDocument);
      const isTaken = ({ local, name: other }: ManagedPolicy): boolean =>
        local && other.toLowerCase() === name.toLowerCase();
      if ([...policies.values()].some(isTaken)) {
        throw alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
      }
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      const now = env.clock.now();
      const arn = `arn:aws:iam::${env.account}:policy${path}${name}`;
      const policy: ManagedPolicy = {
        ...{ name, path, arn, id: uniqueId(env, 'ANPA'), createdAt: now, updatedAt: now, tags, local: true },
        description: input.Description,
        versions: new Map([['v1', { id: 'v1', document, createdAt: now }]]),
        defaultVersion: 'v1',
        lastVersion: 1,
      };
      policies.set(arn, policy);
      return { Policy: { ...describe(state, policy), ...describedTags(policy) } };
    },
    GetPolicy(input) {
      const policy = policyOf(input);
      return {
        Policy: {
          ...describe(state, policy),
          ...(policy.description === undefined ? {} : { Description: policy.description }),
          Tags: tagList(policy.tags),
        },
      };
    },
    DeletePolicy(input) {
      const policy = ownPolicy(policyOf(input), 'iam:DeletePolicy', env.account);
      if (attachments(state, policy) > 0)
        throw deleteConflict('Cannot delete a policy attached to entities.');
      if (policy.versions.size > 1) {
        throw deleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      }
      policies.delete(policy.arn);
    },
    /** Lists leave out description and tags (API reference, ListPolicies). */
    ListPolicies(input) {
      const prefix = checkedPath(input.PathPrefix, 'pathPrefix');
      const listed = [...policies.values()].filter(
        (policy) =>
          policy.path.startsWith(prefix) &&
          (input.Scope === undefined ||
            input.Scope === 'All' ||
            policy.local === (input.Scope === 'Local')) &&
          (input.OnlyAttached !== true || attachments(state, policy) > 0) &&
          // The other use, as a permissions boundary, does not exist here.
          input.PolicyUsageFilter !== 'PermissionsBoundary',
      );
      const { page, paging } = pageOf(listed, (policy) => policy.arn, input);
      return { Policies: page.map((policy) => describe(state, policy)), ...paging };
    },

    CreatePolicyVersion(input) {
      const policy = ownPolicy(policyOf(input), 'iam:CreatePolicyVersion', env.account);
      const document = checkedDocument(input.PolicyDocument);
      if (policy.versions.size >= MAX_VERSIONS) {
        throw limitExceeded(
          `A managed policy can have up to ${MAX_VERSIONS} versions. Before you create a new version, you must delete an existing version.`,
        );
      }
      const now = env.clock.now();
      const version = { id: `v${++policy.lastVersion}`, document, createdAt: now };
      policy.versions.set(version.id, version);
      policy.updatedAt = now;
      if (input.SetAsDefault === true) policy.defaultVersion = version.id;
      return { PolicyVersion: describeVersion(policy, version) };
    },
    GetPolicyVersion(input) {
      const policy = policyOf(input);
      const version = requireVersion(policy, input.VersionId);
      return {
        PolicyVersion: { Document: encodeDocument(version.document), ...describeVersion(policy, version) },
      };
    },
    /** Newest first. Documents are left out (API reference, ListPolicyVersions). */
    ListPolicyVersions(input) {
      const policy = policyOf(input);
      const newestFirst = ({ id }: PolicyVersion): string => String(1e6 - Number(id.slice(1)));
      const { page, paging } = pageOf(policy.versions.values(), newestFirst, input);
      return { Versions: page.map((version) => describeVersion(policy, version)), ...paging };
    },
    DeletePolicyVersion(input) {
      const policy = ownPolicy(policyOf(input), 'iam:DeletePolicyVersion', env.account);
      const version = requireVersion(policy, input.VersionId);
      if (version.id === policy.defaultVersion) {
        throw deleteConflict('Cannot delete the default version of a policy.');
      }
      policy.versions.delete(version.id);
    },
  };
}

function checkedDocument(text: string | undefined): string {
  const document = checkedText(text, 'policyDocument', MAX_DOCUMENT);
  checkPolicyDocument(document, 'identity');
  if (document.replace(/\s/g, '').length > MAX_POLICY_SIZE) {
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${MAX_POLICY_SIZE}`);
  }
  return document;
}

function ownPolicy(policy: ManagedPolicy, action: string, account: string): ManagedPolicy {
  if (policy.local) return policy;
  const user = `arn:aws:iam::${account}:root`;
  throw new AwsError(
    'AccessDenied',
    `User: ${user} is not authorized to perform: ${action} on resource: policy ${policy.arn}`,
    { status: 403 },
  );
}

function requireVersion(policy: ManagedPolicy, id: string | undefined): PolicyVersion {
  const version = policy.versions.get(checkedText(id, 'versionId', 64));
  // Text second-hand.
  if (!version) {
    throw noSuchEntity(`Policy ${policy.arn} version ${id ?? ''} does not exist or is not attachable.`);
  }
  return version;
}

function attachments({ roles }: IamState, policy: ManagedPolicy): number {
  return [...roles.values()].filter((role) => role.attached.has(policy.arn)).length;
}

function describe(state: IamState, policy: ManagedPolicy): Client.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersion,
    AttachmentCount: attachments(state, policy),
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: wholeSeconds(policy.createdAt),
    UpdateDate: wholeSeconds(policy.updatedAt),
  };
}

function describedTags(policy: ManagedPolicy): { Tags?: Client.Tag[] } {
  return policy.tags.size > 0 ? { Tags: tagList(policy.tags) } : {};
}

function describeVersion(policy: ManagedPolicy, version: PolicyVersion): Client.PolicyVersion {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersion,
    CreateDate: wholeSeconds(version.createdAt),
  };
}
