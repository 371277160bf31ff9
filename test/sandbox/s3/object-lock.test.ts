import { describe, expect, it } from 'vitest';
import { BUCKET, createTestS3, QUEUE_ARN, type TestS3 } from './support.ts';

const object = { Bucket: BUCKET, Key: 'k' };
const DAY = 86_400_000;
const LOCKED = {
  code: 'AccessDenied',
  status: 403,
  message: 'Access Denied because object protected by object lock.',
};

async function setUp(): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET, ObjectLockEnabledForBucket: true });
  await s3.call('PutBucketNotificationConfiguration', {
    Bucket: BUCKET,
    NotificationConfiguration: {
      QueueConfigurations: [{ Id: 'rule', QueueArn: QUEUE_ARN, Events: ['s3:ObjectRetention:Put'] }],
    },
    SkipDestinationValidation: true,
  });
  return s3;
}

const put = async (s3: TestS3, more: object = {}) =>
  (await s3.call('PutObject', { ...object, Body: 'x', ...more })).VersionId!;
const inDays = (s3: TestS3, days: number) => new Date(s3.clock.now() + days * DAY);
const retain = (s3: TestS3, Retention: object, BypassGovernanceRetention = false) =>
  s3.call('PutObjectRetention', { ...object, Retention, BypassGovernanceRetention });

describe('a bucket with Object Lock', () => {
  it('has versions for good', async () => {
    const s3 = await setUp();
    expect(await s3.call('GetBucketVersioning', { Bucket: BUCKET })).toEqual({ Status: 'Enabled' });
    expect(await s3.call('GetObjectLockConfiguration', { Bucket: BUCKET })).toEqual({
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    });
    const suspend = { Bucket: BUCKET, VersioningConfiguration: { Status: 'Suspended' as const } };
    await expect(s3.call('PutBucketVersioning', suspend)).rejects.toMatchObject({
      code: 'InvalidBucketState',
      status: 409,
    });
  });

  it('gives new versions its default retention, and sends no event for it', async () => {
    const s3 = await setUp();
    await s3.call('PutObjectLockConfiguration', {
      Bucket: BUCKET,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
      },
    });
    await put(s3);
    const head = await s3.call('HeadObject', object);
    expect(head).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: inDays(s3, 30),
    });
    await put(s3, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(s3, 1) });
    expect(await s3.call('HeadObject', object)).toMatchObject({
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inDays(s3, 1),
    });
    await s3.call('CopyObject', { Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/k` });
    expect(await s3.call('HeadObject', { Bucket: BUCKET, Key: 'copy' })).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
    });
    expect(await s3.records()).toEqual([]);
  });

  it.each([
    [{ ObjectLockEnabled: undefined }, 'MalformedXML'],
    [{ Rule: {} }, 'MalformedXML'],
    [{ Rule: { DefaultRetention: { Mode: 'GOVERNANCE' } } }, 'MalformedXML'],
    [{ Rule: { DefaultRetention: { Days: 1 } } }, 'MalformedXML'],
    [{ Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1, Years: 1 } } }, 'MalformedXML'],
    [{ Rule: { DefaultRetention: { Mode: 'governance', Days: 1 } } }, 'MalformedXML'],
    [{ Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 0 } } }, 'InvalidArgument'],
    [{ Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Years: 101 } } }, 'InvalidArgument'],
  ])('refuses the configuration %j', async (configuration, code) => {
    const s3 = await setUp();
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', ...configuration } as object;
    await expect(
      s3.call('PutObjectLockConfiguration', { Bucket: BUCKET, ObjectLockConfiguration }),
    ).rejects.toMatchObject({ code, status: 400 });
  });
});

describe('a locked version', () => {
  it('is not deleted for good, but hidden by a marker', async () => {
    const s3 = await setUp();
    const VersionId = await put(s3, {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inDays(s3, 1),
    });
    const remove = { ...object, VersionId };
    await expect(s3.call('DeleteObject', remove)).rejects.toMatchObject(LOCKED);
    await expect(
      s3.call('DeleteObject', { ...remove, BypassGovernanceRetention: true }),
    ).rejects.toMatchObject(LOCKED);
    const many = await s3.call('DeleteObjects', {
      Bucket: BUCKET,
      Delete: { Objects: [{ Key: 'k', VersionId }] },
    });
    expect(many).toMatchObject({
      Deleted: [],
      Errors: [{ Key: 'k', VersionId, Code: 'AccessDenied', Message: LOCKED.message }],
    });
    expect(await s3.call('DeleteObject', object)).toMatchObject({ DeleteMarker: true });
    await s3.clock.advance(DAY);
    await s3.call('DeleteObject', remove);
    await expect(s3.call('HeadObject', remove)).rejects.toMatchObject({ code: 'NoSuchVersion' });
  });

  it('of governance mode yields to the bypass', async () => {
    const s3 = await setUp();
    const VersionId = await put(s3, {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: inDays(s3, 9),
    });
    await expect(retain(s3, {})).rejects.toMatchObject(LOCKED);
    await expect(retain(s3, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(s3, 8) })).rejects.toMatchObject(
      LOCKED,
    );
    await retain(s3, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(s3, 10) });
    await retain(s3, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(s3, 2) }, true);
    await expect(s3.call('DeleteObject', { ...object, VersionId })).rejects.toMatchObject(LOCKED);
    await s3.call('DeleteObject', { ...object, VersionId, BypassGovernanceRetention: true });
  });

  it('of compliance mode can only be kept longer', async () => {
    const s3 = await setUp();
    await put(s3);
    await retain(s3, { Mode: 'COMPLIANCE', RetainUntilDate: inDays(s3, 2) });
    for (const weaker of [{ Mode: 'GOVERNANCE', RetainUntilDate: inDays(s3, 3) }, {}]) {
      await expect(retain(s3, weaker, true)).rejects.toMatchObject(LOCKED);
    }
    await retain(s3, { Mode: 'COMPLIANCE', RetainUntilDate: inDays(s3, 3) });
    const { Retention } = await s3.call('GetObjectRetention', object);
    expect(Retention).toMatchObject({ Mode: 'COMPLIANCE', RetainUntilDate: inDays(s3, 3) });
    expect((await s3.records()).map((record) => record['objectRetentionEventData'])).toEqual([
      { mode: 'COMPLIANCE', retainUntilDate: inDays(s3, 2).toISOString() },
      { mode: 'COMPLIANCE', retainUntilDate: inDays(s3, 3).toISOString() },
    ]);
  });

  it('under a legal hold waits for its end, without an event', async () => {
    const s3 = await setUp();
    const VersionId = await put(s3);
    await expect(s3.call('GetObjectLegalHold', object)).rejects.toMatchObject({
      code: 'NoSuchObjectLockConfiguration',
      status: 404,
    });
    await s3.call('PutObjectLegalHold', { ...object, LegalHold: { Status: 'ON' } });
    expect(await s3.call('GetObjectLegalHold', object)).toEqual({ LegalHold: { Status: 'ON' } });
    await expect(
      s3.call('DeleteObject', { ...object, VersionId, BypassGovernanceRetention: true }),
    ).rejects.toMatchObject(LOCKED);
    await s3.call('PutObjectLegalHold', { ...object, LegalHold: { Status: 'OFF' } });
    await s3.call('DeleteObject', { ...object, VersionId });
    expect(await s3.records()).toEqual([]);
  });

  it('under an event hold is kept until so long after its release', async () => {
    const s3 = await setUp();
    const VersionId = await put(s3);
    const hold = { Mode: 'COMPLIANCE', EventHold: 'ON', EventHoldDuration: { Days: 90 } };
    await retain(s3, hold);
    await s3.clock.advance(200 * DAY);
    await expect(s3.call('DeleteObject', { ...object, VersionId })).rejects.toMatchObject(LOCKED);
    await retain(s3, { Mode: 'COMPLIANCE', EventHold: 'OFF' });
    await s3.clock.advance(89 * DAY);
    await expect(s3.call('DeleteObject', { ...object, VersionId })).rejects.toMatchObject(LOCKED);
    await s3.clock.advance(DAY);
    await s3.call('DeleteObject', { ...object, VersionId });
    const [held] = await s3.records();
    expect(held!['objectRetentionEventData']).toMatchObject({
      eventHold: 'ON',
      eventHoldDuration: { days: 90 },
    });
  });
});

it.each([
  [{ ObjectLockMode: 'GOVERNANCE' }, 'x-amz-object-lock-retain-until-date'],
  [{ ObjectLockRetainUntilDate: new Date('2030-01-01') }, 'x-amz-object-lock-mode'],
  [
    { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(0) },
    'x-amz-object-lock-retain-until-date',
  ],
  [{ ObjectLockMode: 'x', ObjectLockRetainUntilDate: new Date('2030-01-01') }, 'x-amz-object-lock-mode'],
  [{ ObjectLockLegalHoldStatus: 'on' }, 'x-amz-object-lock-legal-hold'],
])('refuses an upload with %j', async (lock, ArgumentName) => {
  const s3 = await setUp();
  await expect(put(s3, lock)).rejects.toMatchObject({ code: 'InvalidArgument', members: { ArgumentName } });
});

it('needs Object Lock on the bucket', async () => {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  await s3.call('PutObject', { ...object, Body: 'x' });
  const missing = { code: 'InvalidRequest', message: 'Bucket is missing Object Lock Configuration' };
  await expect(put(s3, { ObjectLockLegalHoldStatus: 'ON' })).rejects.toMatchObject(missing);
  await expect(s3.call('GetObjectRetention', object)).rejects.toMatchObject(missing);
  await expect(s3.call('GetObjectLockConfiguration', { Bucket: BUCKET })).rejects.toMatchObject({
    code: 'ObjectLockConfigurationNotFoundError',
    status: 404,
  });
  const configuration = {
    Bucket: BUCKET,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' as const },
  };
  await expect(s3.call('PutObjectLockConfiguration', configuration)).rejects.toMatchObject({
    code: 'InvalidBucketState',
    status: 409,
  });
  await s3.call('PutBucketVersioning', { Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } });
  await s3.call('PutObjectLockConfiguration', configuration);
  await retain(s3, { Mode: 'GOVERNANCE', RetainUntilDate: inDays(s3, 1) });
});
