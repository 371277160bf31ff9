import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../src/sandbox/alarms.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { BUCKET, bodyText, createTestS3, type TestS3 } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const object = { Bucket: BUCKET, Key: 'cold' };
const EXPEDITED = { Days: 2, GlacierJobParameters: { Tier: 'Expedited' as const } };

async function setUp(StorageClass: 'GLACIER' | 'DEEP_ARCHIVE' | 'GLACIER_IR' = 'GLACIER'): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.withRule('s3:ObjectRestore:*');
  await s3.call('PutObject', { ...object, Body: 'frozen', StorageClass });
  return s3;
}

/** Status of the answer: 202 for a restore that begins, undefined for the usual 200. */
async function restore(s3: TestS3, RestoreRequest: object = { Days: 1 }) {
  const response: { headers: Record<string, string>; status?: number } = { headers: {} };
  await s3.call('RestoreObject', { ...object, RestoreRequest }, { response });
  return response.status;
}

const events = async (s3: TestS3) => (await s3.records()).map((record) => record.eventName);
const header = async (s3: TestS3) => (await s3.call('HeadObject', object)).Restore;

describe('an archived object', () => {
  it('can be described, not read or copied', async () => {
    const s3 = await setUp();
    const refused = { code: 'InvalidObjectState', status: 403, members: { StorageClass: 'GLACIER' } };
    await expect(s3.call('GetObject', object)).rejects.toMatchObject({
      ...refused,
      message: "The operation is not valid for the object's storage class",
    });
    const copy = { Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/cold` };
    await expect(s3.call('CopyObject', copy)).rejects.toMatchObject({
      ...refused,
      message: "Operation is not valid for the source object's storage class",
    });
    expect(await s3.call('HeadObject', object)).toMatchObject({
      StorageClass: 'GLACIER',
      Restore: undefined,
    });
  });

  it('is restored for days, and then only archived again', async () => {
    const s3 = await setUp();
    expect(await restore(s3, EXPEDITED)).toBe(202);
    expect(await header(s3)).toBe('ongoing-request="true"');
    await expect(s3.call('GetObject', object)).rejects.toMatchObject({ code: 'InvalidObjectState' });
    await s3.clock.advance(5 * 60_000);
    // 2026-01-02 03:09:05 and two days, then the next midnight.
    expect(await header(s3)).toBe('ongoing-request="false", expiry-date="Mon, 05 Jan 2026 00:00:00 GMT"');
    expect(bodyText(await s3.call('GetObject', object))).toBe('frozen');
    expect(await events(s3)).toEqual(['ObjectRestore:Post', 'ObjectRestore:Completed']);
    await s3.clock.advance(Date.UTC(2026, 0, 5) - s3.clock.now());
    expect(await header(s3)).toBeUndefined();
    await expect(s3.call('GetObject', object)).rejects.toMatchObject({ code: 'InvalidObjectState' });
    const [post, completed, deleted] = await s3.records();
    expect(completed).toMatchObject({
      eventName: 'ObjectRestore:Completed',
      glacierEventData: {
        restoreEventData: {
          lifecycleRestorationExpiryTime: '2026-01-05T00:00:00.000Z',
          lifecycleRestoreStorageClass: 'GLACIER',
        },
      },
    });
    expect(completed!.userIdentity.principalId).toMatch(/^AmazonCustomer:A[A-Z2-7]{13}$/);
    expect(completed!.requestParameters).not.toEqual(post!.requestParameters);
    expect(deleted).toMatchObject({
      eventName: 'ObjectRestore:Delete',
      userIdentity: { principalId: 's3.amazonaws.com' },
    });
    expect(s3.clock.sleepers).toBe(0);
  });

  it.each([
    ['GLACIER', 'Expedited', 5 * 60_000],
    ['GLACIER', 'Standard', 5 * HOUR],
    ['GLACIER', 'Bulk', 12 * HOUR],
    ['DEEP_ARCHIVE', 'Standard', 12 * HOUR],
    ['DEEP_ARCHIVE', 'Bulk', 48 * HOUR],
  ] as const)('in %s takes its time with %s', async (storageClass, Tier, duration) => {
    const s3 = await setUp(storageClass);
    await restore(s3, { Days: 1, Tier });
    await s3.clock.advance(duration - 1);
    expect(await header(s3)).toBe('ongoing-request="true"');
    await s3.clock.advance(1);
    expect(await header(s3)).toContain('ongoing-request="false"');
  });

  it('is asked for once, unless a later request is faster', async () => {
    const s3 = await setUp();
    await restore(s3, { Days: 1, Tier: 'Bulk' });
    await expect(restore(s3, { Days: 1, Tier: 'Bulk' })).rejects.toMatchObject({
      code: 'RestoreAlreadyInProgress',
      status: 409,
      message: 'Object restore is already in progress',
    });
    expect(await restore(s3, EXPEDITED)).toBe(202);
    await s3.clock.advance(5 * 60_000);
    expect(await header(s3)).toContain('ongoing-request="false"');
    await s3.clock.advance(12 * HOUR);
    expect(await events(s3)).toEqual(['ObjectRestore:Post', 'ObjectRestore:Completed']);
  });

  it('stays longer when it is asked for again', async () => {
    const s3 = await setUp();
    await restore(s3, EXPEDITED);
    await s3.clock.advance(5 * 60_000);
    expect(await restore(s3, { Days: 10 })).toBeUndefined();
    expect(await header(s3)).toContain('Tue, 13 Jan 2026 00:00:00 GMT');
    await s3.clock.advance(5 * DAY);
    expect(bodyText(await s3.call('GetObject', object))).toBe('frozen');
    expect(await events(s3)).toEqual(['ObjectRestore:Post', 'ObjectRestore:Completed']);
  });

  it('that is replaced meanwhile ends its restore', async () => {
    const s3 = await setUp();
    await restore(s3);
    await s3.call('PutObject', { ...object, Body: 'new' });
    await s3.clock.advance(9 * DAY);
    expect(await events(s3)).toEqual(['ObjectRestore:Post']);
  });
});

it.each([
  ['STANDARD', { Days: 1 }, 'InvalidObjectState', 403],
  ['GLACIER_IR', { Days: 1 }, 'InvalidObjectState', 403],
  ['GLACIER', {}, 'MalformedXML', 400],
  ['GLACIER', { Days: 0 }, 'MalformedXML', 400],
  ['GLACIER', { Days: 1, Tier: 'Slow' }, 'MalformedXML', 400],
  ['DEEP_ARCHIVE', EXPEDITED, 'InvalidArgument', 400],
] as const)('refuses to restore from %s with %j', async (StorageClass, request, code, status) => {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  await s3.call('PutObject', { ...object, Body: 'x', StorageClass });
  await expect(restore(s3, request)).rejects.toMatchObject({ code, status });
});

it('forgets on reset, and is no work in progress while it waits', async () => {
  const s3 = await setUp();
  await restore(s3);
  await s3.env.work.idle();
  expect(s3.clock.sleepers).toBe(1);
  s3.reset();
  expect(s3.clock.sleepers).toBe(0);
});

it('sleeps no longer than a timer can', async () => {
  const slept: number[] = [];
  const clock = createManualClock(0);
  const alarms = new Alarms({
    now: () => clock.now(),
    sleep: (ms, signal) => {
      slept.push(ms);
      return clock.sleep(ms, signal);
    },
  });
  let rang = 0;
  alarms.set(60 * DAY, () => rang++);
  await clock.advance(60 * DAY - 1);
  expect(rang).toBe(0);
  await clock.advance(1);
  expect(rang).toBe(1);
  expect(slept.length).toBeGreaterThan(1);
  expect(Math.max(...slept)).toBeLessThan(2 ** 31);
});
