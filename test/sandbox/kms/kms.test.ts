import * as Kms from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  callersOf,
  createMessaging,
  policy,
  REGION,
  serveMessaging,
  type Messaging,
} from '../sqs/harness.ts';

const ROOT = {
  Sid: 'root',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'kms:*',
  Resource: '*',
};
const DAY = 86_400_000;

let services: Messaging;
let kms: ReturnType<typeof callersOf>['kms'];

beforeEach(() => {
  services = createMessaging();
  kms = callersOf(services).kms;
});

async function createKey(...statements: readonly unknown[]): Promise<string> {
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [ROOT, ...statements] });
  const { KeyMetadata } = await kms('CreateKey', { Policy });
  return KeyMetadata?.KeyId ?? '';
}

const arnOf = (id: string) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`;

function s3Allowed(key: string, changes: Readonly<Record<string, string>> = {}): boolean {
  return services.kms.gate.allows(key, {
    service: 's3.amazonaws.com',
    actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
    sourceArn: 'arn:aws:s3:::photos',
    sourceAccount: ACCOUNT,
    region: REGION,
    ...changes,
  });
}

const S3 = { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Resource: '*' };

describe('the gate', () => {
  it.each([
    ['both actions', [{ ...S3, Action: ['kms:GenerateDataKey*', 'kms:Decrypt'] }], true],
    ['all actions', [{ ...S3, Action: 'kms:*' }], true],
    ['one action only', [{ ...S3, Action: 'kms:GenerateDataKey' }], false],
    ['no statement', [], false],
    [
      'the right source',
      [{ ...S3, Action: 'kms:*', Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:*:*:photos' } } }],
      true,
    ],
    [
      'another source',
      [{ ...S3, Action: 'kms:*', Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::other' } } }],
      false,
    ],
    [
      'a deny',
      [
        { ...S3, Action: 'kms:*' },
        { ...S3, Effect: 'Deny', Action: 'kms:Decrypt' },
      ],
      false,
    ],
    ['another service', [{ ...S3, Principal: { Service: 'sns.amazonaws.com' }, Action: 'kms:*' }], false],
  ])('%s', async (_, statements, expected) => {
    expect(s3Allowed(await createKey(...statements))).toBe(expected);
  });

  it('knows a key by id, ARN, alias and ARN of the alias, in its own region only', async () => {
    const id = await createKey({ ...S3, Action: 'kms:*' });
    await kms('CreateAlias', { AliasName: 'alias/queue', TargetKeyId: id });
    const aliasArn = `arn:aws:kms:${REGION}:${ACCOUNT}:alias/queue`;
    for (const name of [id, arnOf(id), 'alias/queue', aliasArn]) expect(s3Allowed(name)).toBe(true);
    expect(s3Allowed(arnOf(id), { region: 'us-east-1' })).toBe(false);
    expect(s3Allowed(id, { region: 'us-east-1' })).toBe(false);
    expect(s3Allowed('alias/none')).toBe(false);
  });

  it.each(['alias/aws/sqs', 'alias/aws/sns'])('never admits a service to %s', (alias) => {
    expect(s3Allowed(alias)).toBe(false);
    expect(s3Allowed(alias, { service: 'sns.amazonaws.com' })).toBe(false);
  });

  it('admits nobody to a key that is disabled or about to be deleted', async () => {
    const KeyId = await createKey({ ...S3, Action: 'kms:*' });
    await kms('DisableKey', { KeyId });
    expect(s3Allowed(KeyId)).toBe(false);
    await kms('EnableKey', { KeyId });
    expect(s3Allowed(KeyId)).toBe(true);
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    expect(s3Allowed(KeyId)).toBe(false);
  });
});

describe('keys', () => {
  it('describes a new key as KMS does, and AWS managed keys as such', async () => {
    const { KeyMetadata } = await kms('CreateKey', { Description: 'for queues' });
    expect(KeyMetadata).toEqual({
      AWSAccountId: ACCOUNT,
      Arn: arnOf(KeyMetadata?.KeyId ?? ''),
      CreationDate: new Date(services.env.clock.now()),
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      Description: 'for queues',
      Enabled: true,
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      KeyId: KeyMetadata?.KeyId,
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      MultiRegion: false,
      Origin: 'AWS_KMS',
    });
    const managed = await kms('DescribeKey', { KeyId: 'alias/aws/sqs' });
    expect(managed.KeyMetadata?.KeyManager).toBe('AWS');
    const again = await kms('DescribeKey', { KeyId: 'alias/aws/sqs' });
    expect(again.KeyMetadata?.KeyId).toBe(managed.KeyMetadata?.KeyId);
    await expect(
      kms('PutKeyPolicy', { KeyId: managed.KeyMetadata?.KeyId ?? '', Policy: policy(ROOT) }),
    ).rejects.toMatchObject({ code: 'NotAuthorizedException' });
  });

  it('goes through the states of a deletion', async () => {
    const KeyId = await createKey();
    const scheduled = await kms('ScheduleKeyDeletion', { KeyId });
    expect(scheduled.DeletionDate?.getTime()).toBe(services.env.clock.now() + 30 * DAY);
    await expect(kms('EnableKey', { KeyId })).rejects.toMatchObject({
      code: 'KMSInvalidStateException',
      message: `${arnOf(KeyId)} is pending deletion.`,
    });
    await kms('CancelKeyDeletion', { KeyId });
    expect((await kms('DescribeKey', { KeyId })).KeyMetadata?.KeyState).toBe('Disabled');
    await kms('CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyId });
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await services.env.clock.advance(7 * DAY - 1);
    expect((await kms('DescribeKey', { KeyId: 'alias/a' })).KeyMetadata?.KeyState).toBe('PendingDeletion');
    await services.env.clock.advance(1);
    await expect(kms('DescribeKey', { KeyId })).rejects.toMatchObject({
      message: `Key '${arnOf(KeyId)}' does not exist`,
    });
    expect(await kms('ListAliases', {})).toEqual({ Aliases: [], Truncated: false });
  });

  it('keeps a policy, and refuses one that locks everybody out', async () => {
    const KeyId = await createKey();
    const Policy = policy({ ...ROOT, Sid: 'changed' });
    await kms('PutKeyPolicy', { KeyId, PolicyName: 'default', Policy });
    expect(await kms('GetKeyPolicy', { KeyId })).toEqual({ Policy, PolicyName: 'default' });
    const locked = policy({ ...S3, Action: 'kms:*' });
    await expect(kms('PutKeyPolicy', { KeyId, Policy: locked })).rejects.toMatchObject({
      code: 'MalformedPolicyDocumentException',
    });
    await kms('PutKeyPolicy', { KeyId, Policy: locked, BypassPolicyLockoutSafetyCheck: true });
    await expect(kms('PutKeyPolicy', { KeyId, Policy: '{' })).rejects.toMatchObject({
      code: 'MalformedPolicyDocumentException',
    });
    await expect(kms('GetKeyPolicy', { KeyId: 'alias/a' })).rejects.toMatchObject({
      message: "Invalid keyId 'alias/a'",
    });
  });

  it.each([
    ['fake-key-id', "Invalid keyId 'fake-key-id'"],
    [
      '00000000-0000-4000-8000-000000000000',
      `Key '${arnOf('00000000-0000-4000-8000-000000000000')}' does not exist`,
    ],
    [
      'arn:aws:kms:ap-southeast-1:111122223333:key/00000000-0000-4000-8000-000000000000',
      'Invalid arn ap-southeast-1',
    ],
    ['alias/none', `Alias arn:aws:kms:${REGION}:${ACCOUNT}:alias/none is not found.`],
  ])('does not find %s', async (KeyId, message) => {
    await expect(kms('DescribeKey', { KeyId })).rejects.toMatchObject({
      code: 'NotFoundException',
      status: 400,
      message,
    });
  });

  it('pages through keys, each once', async () => {
    const ids = [await createKey(), await createKey(), await createKey()];
    const seen: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await kms('ListKeys', { Limit: 2, Marker });
      seen.push(...(page.Keys ?? []).map(({ KeyId }) => KeyId));
      expect(page.Truncated).toBe(page.NextMarker !== undefined);
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    expect(seen).toEqual(ids.sort());
  });
});

describe('aliases', () => {
  it('points to another key', async () => {
    const [a, b] = [await createKey(), await createKey()];
    await kms('CreateAlias', { AliasName: 'alias/x', TargetKeyId: a });
    await expect(kms('CreateAlias', { AliasName: 'alias/x', TargetKeyId: b })).rejects.toMatchObject({
      code: 'AlreadyExistsException',
      message: `An alias with the name arn:aws:kms:${REGION}:${ACCOUNT}:alias/x already exists`,
    });
    await kms('UpdateAlias', { AliasName: 'alias/x', TargetKeyId: b });
    expect((await kms('DescribeKey', { KeyId: 'alias/x' })).KeyMetadata?.KeyId).toBe(b);
    expect((await kms('ListAliases', { KeyId: a })).Aliases).toEqual([]);
    await kms('DeleteAlias', { AliasName: 'alias/x' });
    await expect(kms('DeleteAlias', { AliasName: 'alias/x' })).rejects.toMatchObject({
      code: 'NotFoundException',
    });
  });

  it.each([
    ['x', 'ValidationException'],
    ['alias/', 'ValidationException'],
    ['alias/a b', 'ValidationException'],
    ['alias/aws/x', 'NotAuthorizedException'],
  ])('refuses the name %s', async (AliasName, code) => {
    await expect(kms('CreateAlias', { AliasName, TargetKeyId: await createKey() })).rejects.toMatchObject({
      code,
    });
  });
});

describe('through the SDK', () => {
  let served: Awaited<ReturnType<typeof serveMessaging>>;
  beforeEach(async () => {
    served = await serveMessaging(services);
  });
  afterEach(() => served.close());

  it('makes, tags, uses and disables a key', async () => {
    const { kms: client } = served;
    const { KeyMetadata } = await client.send(
      new Kms.CreateKeyCommand({ Tags: [{ TagKey: 'made-by', TagValue: 'test' }] }),
    );
    const KeyId = KeyMetadata?.KeyId ?? '';
    expect(KeyMetadata?.CreationDate).toEqual(new Date(services.env.clock.now()));
    const { Tags } = await client.send(new Kms.ListResourceTagsCommand({ KeyId }));
    expect(Tags).toEqual([{ TagKey: 'made-by', TagValue: 'test' }]);
    const EncryptionContext = { a: '1', b: '2' };
    const { CiphertextBlob } = await client.send(
      new Kms.EncryptCommand({ KeyId, Plaintext: Buffer.from('secret'), EncryptionContext }),
    );
    const decrypted = await client.send(
      new Kms.DecryptCommand({ CiphertextBlob, EncryptionContext: { b: '2', a: '1' } }),
    );
    expect(Buffer.from(decrypted.Plaintext ?? []).toString()).toBe('secret');
    await expect(client.send(new Kms.DecryptCommand({ CiphertextBlob }))).rejects.toBeInstanceOf(
      Kms.InvalidCiphertextException,
    );
    const dataKey = await client.send(new Kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    expect(dataKey.Plaintext?.byteLength).toBe(32);
    await client.send(new Kms.DisableKeyCommand({ KeyId }));
    const attempt = client.send(new Kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    await expect(attempt).rejects.toBeInstanceOf(Kms.DisabledException);
    await expect(attempt).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
    services.kms.reset();
    await expect(client.send(new Kms.DescribeKeyCommand({ KeyId }))).rejects.toBeInstanceOf(
      Kms.NotFoundException,
    );
  });
});
