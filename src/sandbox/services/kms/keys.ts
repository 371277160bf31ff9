/** Keys: creation, description, state, policy and tags. */
import type * as Client from '@aws-sdk/client-kms';
import { parsePolicy } from '../../../core/policy-document.ts';
import { evaluatePolicy } from '../../../core/policy.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers, RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf, valueWithin } from '../constraints.ts';
import { invalidState, invalidTag, malformedPolicy, notAuthorized, notFound, validation } from './errors.ts';
import { checkParameters, pageOf } from './parameters.ts';
import { defaultPolicy, keyState, type KmsKey, type KmsStore } from './store.ts';

type KmsHandlers = Handlers<typeof Client>;

const DAY_MS = 86_400_000;
const MAX_TAGS = 50;
const MAX_POLICY_LENGTH = 32_768;

export function keyMetadata(key: KmsKey, account: string): Client.KeyMetadata {
  return {
    AWSAccountId: account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: keyState(key) === 'Enabled',
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: keyState(key),
    ...(key.deletionDate !== undefined && { DeletionDate: new Date(key.deletionDate) }),
    Origin: 'AWS_KMS',
    KeyManager: key.manager,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- KMS still sends it, and older clients read it
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  };
}

interface Tag {
  readonly TagKey: string | undefined;
  readonly TagValue: string | undefined;
}

function addTags(target: Map<string, string>, tags: readonly Tag[] | undefined): void {
  const keys = (tags ?? []).map(({ TagKey }) => TagKey ?? '');
  // The texts are UNKNOWN.
  if (new Set(keys).size < keys.length) throw invalidTag('Duplicate tag keys');
  if (keys.some((key) => key.startsWith('aws:'))) throw invalidTag('Tags beginning with aws: are reserved');
  if (new Set([...target.keys(), ...keys]).size > MAX_TAGS) throw invalidTag('Too many tags');
  for (const { TagKey, TagValue } of tags ?? []) target.set(TagKey ?? '', TagValue ?? '');
}

/** KMS refuses a policy that would lock everybody out, the account's root included. */
function checkPolicy(text: string, keyArn: string, account: string, bypassLockoutCheck: boolean): void {
  checkParameters(lengthWithin(text, 'policy', 1, MAX_POLICY_LENGTH));
  const document = parsePolicy(text);
  // UNKNOWN: KMS's text for a document that it cannot read.
  if (!document) throw malformedPolicy('The policy is not a valid key policy.');
  if (bypassLockoutCheck) return;
  const root = `arn:aws:iam::${account}:root`;
  const decision = evaluatePolicy(document, {
    principal: { aws: root },
    action: 'kms:PutKeyPolicy',
    resource: keyArn,
    context: { 'aws:PrincipalArn': root, 'aws:PrincipalAccount': account, 'kms:CallerAccount': account },
  });
  if (decision.effect !== 'allow') {
    throw malformedPolicy('The new key policy will not allow you to update the key policy in the future.');
  }
}

export function keyHandlers(env: SandboxEnv, store: KmsStore): KmsHandlers {
  const keyOf = (ctx: RequestContext, reference: string | undefined) =>
    store.requireKey(ctx.region, reference ?? '', { aliases: false });
  /** Of the account's own, and not about to be deleted. */
  const changeable = (ctx: RequestContext, reference: string | undefined): KmsKey => {
    const key = keyOf(ctx, reference);
    if (key.manager === 'AWS') throw notAuthorized();
    if (key.deletionDate !== undefined) throw invalidState(`${key.arn} is pending deletion.`);
    return key;
  };
  const checkPolicyName = (name: string | undefined): void => {
    if (name !== undefined && name !== 'default') throw notFound('No such policy exists');
  };

  return {
    CreateKey(input, ctx) {
      checkParameters(
        lengthWithin(input.Description, 'description', 0, 8192),
        oneOf(input.KeyUsage, 'keyUsage', ['ENCRYPT_DECRYPT']),
      );
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- older clients still send it
      const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
      if (spec !== 'SYMMETRIC_DEFAULT' || input.MultiRegion === true || input.Origin === 'EXTERNAL') {
        throw validation('The sandbox has only symmetric keys of a single region.');
      }
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      const key = store.createKey(ctx.region, {
        manager: 'CUSTOMER',
        description: input.Description ?? '',
        policy: (arn) => {
          if (input.Policy === undefined) return defaultPolicy(env.account);
          checkPolicy(input.Policy, arn, env.account, input.BypassPolicyLockoutSafetyCheck === true);
          return input.Policy;
        },
      });
      for (const [name, value] of tags) key.tags.set(name, value);
      return { KeyMetadata: keyMetadata(key, env.account) };
    },

    DescribeKey(input, ctx) {
      const key = store.requireKey(ctx.region, input.KeyId ?? '', { aliases: true });
      return { KeyMetadata: keyMetadata(key, env.account) };
    },

    ListKeys(input, ctx) {
      const { page, paging } = pageOf('ListKeys', store.keys(ctx.region), (key) => key.id, input, {
        default: 100,
        max: 1000,
      });
      return { Keys: page.map((key) => ({ KeyId: key.id, KeyArn: key.arn })), ...paging };
    },

    UpdateKeyDescription(input, ctx) {
      changeable(ctx, input.KeyId).description = input.Description ?? '';
    },

    GetKeyPolicy(input, ctx) {
      checkPolicyName(input.PolicyName);
      return { Policy: keyOf(ctx, input.KeyId).policy, PolicyName: 'default' };
    },

    PutKeyPolicy(input, ctx) {
      checkPolicyName(input.PolicyName);
      const key = changeable(ctx, input.KeyId);
      const text = input.Policy ?? '';
      checkPolicy(text, key.arn, env.account, input.BypassPolicyLockoutSafetyCheck === true);
      key.policy = text;
    },

    ListKeyPolicies(input, ctx) {
      keyOf(ctx, input.KeyId);
      return { PolicyNames: ['default'], Truncated: false };
    },

    EnableKey(input, ctx) {
      changeable(ctx, input.KeyId).isEnabled = true;
    },

    DisableKey(input, ctx) {
      changeable(ctx, input.KeyId).isEnabled = false;
    },

    ScheduleKeyDeletion(input, ctx) {
      checkParameters(valueWithin(input.PendingWindowInDays, 'pendingWindowInDays', 7, 30));
      const key = changeable(ctx, input.KeyId);
      const days = input.PendingWindowInDays ?? 30;
      key.deletionDate = env.clock.now() + days * DAY_MS;
      return {
        KeyId: key.arn,
        DeletionDate: new Date(key.deletionDate),
        KeyState: 'PendingDeletion',
        PendingWindowInDays: days,
      };
    },

    /** The key comes back disabled. */
    CancelKeyDeletion(input, ctx) {
      const key = keyOf(ctx, input.KeyId);
      if (key.deletionDate === undefined) throw invalidState(`${key.arn} is not pending deletion.`);
      key.deletionDate = undefined;
      key.isEnabled = false;
      return { KeyId: key.arn };
    },

    TagResource(input, ctx) {
      addTags(changeable(ctx, input.KeyId).tags, input.Tags);
    },

    UntagResource(input, ctx) {
      const { tags } = changeable(ctx, input.KeyId);
      for (const name of input.TagKeys ?? []) tags.delete(name);
    },

    ListResourceTags(input, ctx) {
      const tags = [...keyOf(ctx, input.KeyId).tags].map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
      return { Tags: tags, Truncated: false };
    },
  };
}
