/** Keys and aliases in memory, per region, and how requests name them. */
import { randomBytes } from 'node:crypto';
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { keyNotFound, notFound } from './errors.ts';

export interface KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  /** AWS's own keys (`alias/aws/sqs`) cannot be changed by anyone. */
  readonly manager: 'AWS' | 'CUSTOMER';
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** 32 bytes. */
  readonly material: Buffer;
  readonly tags: Map<string, string>;
  description: string;
  /** JSON text. */
  policy: string;
  isEnabled: boolean;
  /** Milliseconds since the epoch; undefined unless the deletion is scheduled. */
  deletionDate: number | undefined;
}

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export function keyState(key: KmsKey): KeyState {
  if (key.deletionDate !== undefined) return 'PendingDeletion';
  return key.isEnabled ? 'Enabled' : 'Disabled';
}

export interface KmsAlias {
  /** With `alias/` in front. */
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  updatedAt: number;
  keyId: string;
}

interface Region {
  readonly keys: Map<string, KmsKey>;
  readonly aliases: Map<string, KmsAlias>;
}

export interface NewKey {
  readonly manager: 'AWS' | 'CUSTOMER';
  readonly description: string;
  readonly policy: (arn: string) => string;
}

export type KmsStore = ReturnType<typeof createKmsStore>;

const AWS_ALIAS = /^alias\/aws\/([a-z0-9-]+)$/;

export function createKmsStore(env: SandboxEnv) {
  const regions = new Map<string, Region>();

  const regionOf = (name: string): Region => {
    let region = regions.get(name);
    if (!region) regions.set(name, (region = { keys: new Map(), aliases: new Map() }));
    return region;
  };
  const arn = (region: string, resource: string) => `arn:aws:kms:${region}:${env.account}:${resource}`;

  const createKey = (region: string, key: NewKey): KmsKey => {
    const id = env.ids.uuid();
    const created: KmsKey = {
      id,
      arn: arn(region, `key/${id}`),
      region,
      manager: key.manager,
      createdAt: env.clock.now(),
      material: randomBytes(32),
      tags: new Map(),
      description: key.description,
      policy: key.policy(arn(region, `key/${id}`)),
      isEnabled: true,
      deletionDate: undefined,
    };
    regionOf(region).keys.set(id, created);
    return created;
  };

  const createAlias = (region: string, name: string, key: KmsKey): KmsAlias => {
    const now = env.clock.now();
    const alias = { name, arn: arn(region, name), createdAt: now, updatedAt: now, keyId: key.id };
    regionOf(region).aliases.set(name, alias);
    return alias;
  };

  /** Gone once its waiting period is over, with all its aliases. */
  const findKey = (regionName: string, id: string): KmsKey | undefined => {
    const region = regionOf(regionName);
    const key = region.keys.get(id);
    if (key?.deletionDate === undefined || key.deletionDate > env.clock.now()) return key;
    region.keys.delete(id);
    for (const alias of region.aliases.values()) {
      if (alias.keyId === id) region.aliases.delete(alias.name);
    }
    return undefined;
  };

  /** AWS makes its own key of a service when it is first needed. */
  const findAlias = (region: string, name: string): KmsAlias | undefined => {
    const service = AWS_ALIAS.exec(name)?.[1];
    const alias = regionOf(region).aliases.get(name);
    if (alias || service === undefined) return alias && findKey(region, alias.keyId) ? alias : undefined;
    const key = createKey(region, {
      manager: 'AWS',
      description: `Default key that protects my ${service.toUpperCase()} data when no other key is defined`,
      policy: () => managedPolicy(service, region, env.account),
    });
    return createAlias(region, name, key);
  };

  /** By id, key ARN, alias name or alias ARN; undefined when there is no such key in the region. */
  const find = (region: string, reference: string): KmsKey | undefined => {
    const parsed = parseArn(reference);
    if (parsed && (parsed.service !== 'kms' || parsed.region !== region || parsed.account !== env.account))
      return undefined;
    const resource = parsed?.resource ?? reference;
    if (!resource.startsWith('alias/')) return findKey(region, resource.replace(/^key\//, ''));
    const alias = findAlias(region, resource);
    return alias && findKey(region, alias.keyId);
  };

  /** As `find`; throws KMS's error. `aliases: false` for operations that take a key's id or ARN only. */
  const requireKey = (region: string, reference: string, options: { aliases: boolean }): KmsKey => {
    const parsed = parseArn(reference);
    if (parsed && parsed.region !== region) throw notFound(`Invalid arn ${parsed.region}`);
    const resource = parsed?.resource ?? reference;
    if (options.aliases && resource.startsWith('alias/')) {
      const key = find(region, reference);
      if (!key) throw notFound(`Alias ${arn(region, resource)} is not found.`);
      return key;
    }
    const id = resource.replace(/^key\//, '');
    if (!/^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i.test(id)) {
      throw notFound(`Invalid keyId '${id}'`);
    }
    const key = find(region, reference);
    if (!key) throw keyNotFound(parsed ? reference : arn(region, `key/${id}`));
    return key;
  };

  return {
    createKey,
    createAlias,
    find,
    requireKey,
    findAlias,
    arn,
    /** By id. */
    keys: (region: string): readonly KmsKey[] =>
      [...regionOf(region).keys.keys()]
        .flatMap((id) => findKey(region, id) ?? [])
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    /** By name. */
    aliases: (region: string): readonly KmsAlias[] =>
      [...regionOf(region).aliases.values()]
        .filter((alias) => findKey(region, alias.keyId))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    deleteAlias: (region: string, name: string): void => void regionOf(region).aliases.delete(name),
    reset: (): void => regions.clear(),
  };
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html */
export function defaultPolicy(account: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
}

/**
 * Of an AWS managed key: for callers of the account that come through the service, never for another service.
 * https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk. The wording of the Sids is UNKNOWN.
 */
function managedPolicy(service: string, region: string, account: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: `auto-${service}-1`,
    Statement: [
      {
        Sid: `Allow access through ${service.toUpperCase()} for all principals in the account that are authorized to use ${service.toUpperCase()}`,
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncrypt*',
          'kms:GenerateDataKey*',
          'kms:CreateGrant',
          'kms:DescribeKey',
        ],
        Resource: '*',
        Condition: {
          StringEquals: {
            'kms:CallerAccount': account,
            'kms:ViaService': `${service}.${region}.amazonaws.com`,
          },
        },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource: '*',
      },
    ],
  });
}
