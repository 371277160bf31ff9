import type { LifecycleRule } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BUCKET, createTestS3, type TestS3 } from './support.ts';

const object = { Bucket: BUCKET, Key: 'logs/a' };
const DAY = 86_400_000;
/** The clock begins at 2026-01-02 03:04:05. */
const at = (day: number, hour = 0) => Date.UTC(2026, 0, day, hour);

/** With the prefix of the old form, which the SDK advises against. */
type Rule = Partial<Omit<LifecycleRule, 'Prefix'>> & { readonly Prefix?: string };

async function setUp(rules: readonly Rule[], versioning?: 'Enabled' | 'Suspended'): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.withRule('s3:LifecycleExpiration:*', 's3:LifecycleTransition', 's3:IntelligentTiering');
  if (versioning) {
    await s3.call('PutBucketVersioning', {
      Bucket: BUCKET,
      VersioningConfiguration: { Status: versioning },
    });
  }
  await configure(s3, rules);
  return s3;
}

const configure = (s3: TestS3, rules: readonly Rule[], more: object = {}) =>
  s3.call('PutBucketLifecycleConfiguration', {
    Bucket: BUCKET,
    LifecycleConfiguration: {
      Rules: rules.map((rule) => ({
        Status: 'Enabled' as const,
        ...(rule.Prefix === undefined && { Filter: {} }),
        ...rule,
      })),
    },
    ...more,
  });

const put = (s3: TestS3, more: object = {}) => s3.call('PutObject', { ...object, Body: 'x', ...more });
const events = async (s3: TestS3) => (await s3.records()).map((record) => record.eventName);
const keys = async (s3: TestS3) =>
  (await s3.call('ListObjectVersions', { Bucket: BUCKET })).Versions?.map(({ Key }) => Key);
const BIG = 'x'.repeat(128 * 1024);

describe('expiration', () => {
  it('deletes after so many days, rounded up to midnight', async () => {
    const s3 = await setUp([{ Expiration: { Days: 3 } }]);
    await put(s3);
    expect(s3.runLifecycle({ now: at(6) - 1 })).toMatchObject({ expired: 0 });
    expect(s3.runLifecycle({ now: at(6) })).toMatchObject({ expired: 1, markersCreated: 0 });
    expect(await keys(s3)).toEqual([]);
    const [record] = await s3.records();
    expect(record).toMatchObject({
      eventName: 'LifecycleExpiration:Delete',
      eventTime: new Date(s3.clock.now()).toISOString(),
      userIdentity: { principalId: 's3.amazonaws.com' },
      requestParameters: { sourceIPAddress: 's3.amazonaws.com' },
    });
    expect(Object.keys(record!.s3.object)).toEqual(['key', 'sequencer']);
  });

  it('looks at the clock by default, and at the one bucket that it is told', async () => {
    const s3 = await setUp([{ Expiration: { Days: 1 } }]);
    await put(s3);
    await s3.clock.advance(3 * DAY);
    await s3.call('CreateBucket', { Bucket: 'other-bucket' });
    expect(s3.runLifecycle({ bucket: 'other-bucket' })).toMatchObject({ expired: 0 });
    expect(s3.runLifecycle()).toMatchObject({ expired: 1 });
    expect(() => s3.runLifecycle({ bucket: 'missing' })).toThrow(
      expect.objectContaining({ code: 'NoSuchBucket' }),
    );
  });

  it('hides the current version behind a marker of the day where there are versions', async () => {
    const s3 = await setUp([{ Expiration: { Days: 1 } }], 'Enabled');
    await put(s3);
    expect(s3.runLifecycle({ now: at(20, 7) })).toMatchObject({ expired: 0, markersCreated: 1 });
    expect(s3.runLifecycle({ now: at(20, 8) })).toMatchObject({ expired: 0, markersCreated: 0 });
    const { DeleteMarkers } = await s3.call('ListObjectVersions', { Bucket: BUCKET });
    expect(DeleteMarkers).toMatchObject([{ Key: 'logs/a', IsLatest: true, LastModified: new Date(at(20)) }]);
    const [record] = await s3.records();
    expect(record).toMatchObject({
      eventName: 'LifecycleExpiration:DeleteMarkerCreated',
      s3: { object: { eTag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: DeleteMarkers![0]!.VersionId } },
    });
  });

  it('puts a null marker in place of a null version while versioning is suspended', async () => {
    const s3 = await setUp([{ Expiration: { Days: 1 } }], 'Suspended');
    await put(s3);
    expect(s3.runLifecycle({ now: at(9) })).toMatchObject({ markersCreated: 1 });
    const { DeleteMarkers, Versions } = await s3.call('ListObjectVersions', { Bucket: BUCKET });
    expect([DeleteMarkers?.map(({ VersionId }) => VersionId), Versions]).toEqual([['null'], []]);
    expect((await s3.records())[0]!.s3.object.versionId).toBe('null');
  });

  it('by date is due from that day on', async () => {
    const s3 = await setUp([{ Expiration: { Date: new Date(at(5)) } }]);
    await put(s3);
    expect(s3.runLifecycle({ now: at(5) - 1 })).toMatchObject({ expired: 0 });
    expect(s3.runLifecycle({ now: at(5) })).toMatchObject({ expired: 1 });
  });

  it('removes a delete marker that is the last of its key', async () => {
    const s3 = await setUp([{ Expiration: { ExpiredObjectDeleteMarker: true } }], 'Enabled');
    const { VersionId } = await put(s3);
    await s3.call('DeleteObject', object);
    expect(s3.runLifecycle()).toMatchObject({ expired: 0 });
    await s3.call('DeleteObject', { ...object, VersionId: VersionId! });
    expect(s3.runLifecycle()).toMatchObject({ expired: 1 });
    expect(await events(s3)).toEqual(['LifecycleExpiration:Delete']);
  });

  it.each<[string, Rule, boolean]>([
    ['another prefix', { Filter: { Prefix: 'logs/b' } }, false],
    ['the prefix', { Filter: { Prefix: 'logs/' } }, true],
    ['a prefix of the old form', { Prefix: 'logs/' }, true],
    ['a tag', { Filter: { Tag: { Key: 'a', Value: '1' } } }, true],
    ['another value of the tag', { Filter: { Tag: { Key: 'a', Value: '2' } } }, false],
    ['a size below', { Filter: { ObjectSizeLessThan: 10 } }, false],
    ['a size above', { Filter: { ObjectSizeGreaterThan: 9 } }, true],
    ['all of several', { Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'a', Value: '1' }] } } }, true],
    ['not all of several', { Filter: { And: { Prefix: 'x', Tags: [{ Key: 'a', Value: '1' }] } } }, false],
    ['a rule that is off', { Status: 'Disabled' }, false],
  ])('asks for %s', async (_, rule, isDue) => {
    const s3 = await setUp([{ Expiration: { Days: 1 }, ...rule }]);
    await put(s3, { Body: 'x'.repeat(10), Tagging: 'a=1&b=2' });
    expect(s3.runLifecycle({ now: at(9) }).expired).toBe(isDue ? 1 : 0);
  });
});

describe('noncurrent versions', () => {
  it('go so many days after their successor came, but the newest are kept', async () => {
    const s3 = await setUp(
      [{ NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 } }],
      'Enabled',
    );
    const first = await put(s3);
    await s3.clock.advance(5 * DAY);
    await put(s3);
    await put(s3);
    expect(s3.runLifecycle()).toMatchObject({ expired: 0 });
    expect(s3.runLifecycle({ now: at(9) })).toMatchObject({ expired: 1 });
    expect(await keys(s3)).toHaveLength(2);
    const [record] = await s3.records();
    expect(record!.s3.object).toMatchObject({ versionId: first.VersionId });
  });

  it('stay while they are locked', async () => {
    const s3 = await setUp([{ NoncurrentVersionExpiration: { NoncurrentDays: 1 } }], 'Enabled');
    await s3.call('PutObjectLockConfiguration', {
      Bucket: BUCKET,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    });
    await put(s3, { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(at(20)) });
    await put(s3);
    expect(s3.runLifecycle({ now: at(20) - 1 })).toMatchObject({ expired: 0 });
    expect(s3.runLifecycle({ now: at(20) })).toMatchObject({ expired: 1 });
  });

  it('change their class', async () => {
    const s3 = await setUp(
      [{ NoncurrentVersionTransitions: [{ NoncurrentDays: 0, StorageClass: 'GLACIER' }] }],
      'Enabled',
    );
    const { VersionId } = await put(s3, { Body: BIG });
    await put(s3, { Body: BIG });
    expect(s3.runLifecycle({ now: at(3) })).toMatchObject({ transitioned: 1 });
    expect(await s3.call('HeadObject', { ...object, VersionId: VersionId! })).toMatchObject({
      StorageClass: 'GLACIER',
    });
    expect((await s3.records())[0]!.s3.object).toMatchObject({ versionId: VersionId });
  });
});

describe('transitions', () => {
  const TRANSITIONS: Rule = {
    Transitions: [
      { Days: 30, StorageClass: 'STANDARD_IA' },
      { Days: 90, StorageClass: 'GLACIER' },
    ],
  };

  it('take an object to the class of its age', async () => {
    const s3 = await setUp([TRANSITIONS]);
    await put(s3, { Body: BIG });
    expect(s3.runLifecycle({ now: at(2 + 31) })).toMatchObject({ transitioned: 1 });
    expect(s3.runLifecycle({ now: at(2 + 32) })).toMatchObject({ transitioned: 0 });
    expect(s3.runLifecycle({ now: at(2 + 91) })).toMatchObject({ transitioned: 1 });
    expect(await s3.call('HeadObject', object)).toMatchObject({ StorageClass: 'GLACIER' });
    const records = await s3.records();
    expect(records.map((record) => record['lifecycleEventData'])).toEqual([
      { transitionEventData: { destinationStorageClass: 'STANDARD_IA' } },
      { transitionEventData: { destinationStorageClass: 'GLACIER' } },
    ]);
    expect(Object.keys(records[0]!.s3.object)).toEqual(['key', 'size', 'eTag']);
  });

  it('leave small objects, unless the rule or the configuration says otherwise', async () => {
    const s3 = await setUp([TRANSITIONS]);
    await put(s3);
    expect(s3.runLifecycle({ now: at(400) })).toMatchObject({ transitioned: 0 });
    await configure(s3, [TRANSITIONS], { TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' });
    expect(s3.runLifecycle({ now: at(40) })).toMatchObject({ transitioned: 0 });
    expect(s3.runLifecycle({ now: at(400) })).toMatchObject({ transitioned: 1 });
    await put(s3, { Key: 'b' });
    await configure(s3, [{ ...TRANSITIONS, Filter: { ObjectSizeLessThan: 100 } }]);
    expect(s3.runLifecycle({ now: at(40) })).toMatchObject({ transitioned: 1 });
  });

  it('never lead back', async () => {
    const s3 = await setUp([{ Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }] }]);
    await put(s3, { Body: BIG, StorageClass: 'DEEP_ARCHIVE' });
    expect(s3.runLifecycle({ now: at(400) })).toMatchObject({ transitioned: 0 });
  });

  it('come before a marker and not before a deletion', async () => {
    const both: Rule = { ...TRANSITIONS, Expiration: { Days: 365 } };
    for (const [versioning, expected] of [
      [undefined, ['LifecycleExpiration:Delete']],
      ['Enabled', ['LifecycleTransition', 'LifecycleExpiration:DeleteMarkerCreated']],
    ] as const) {
      const s3 = await setUp([both], versioning);
      await put(s3, { Body: BIG });
      s3.runLifecycle({ now: at(400) });
      expect(await events(s3)).toEqual(expected);
    }
  });
});

it('aborts uploads, without an event', async () => {
  const s3 = await setUp([
    { Filter: { Prefix: 'logs/' }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } },
  ]);
  await s3.call('CreateMultipartUpload', object);
  await s3.call('CreateMultipartUpload', { Bucket: BUCKET, Key: 'other' });
  expect(s3.runLifecycle({ now: at(5) - 1 })).toMatchObject({ uploadsAborted: 0 });
  expect(s3.runLifecycle({ now: at(5) })).toMatchObject({ uploadsAborted: 1 });
  const { Uploads } = await s3.call('ListMultipartUploads', { Bucket: BUCKET });
  expect(Uploads?.map(({ Key }) => Key)).toEqual(['other']);
  expect(await events(s3)).toEqual([]);
});

it('finishes restores that are due by then, each step once', async () => {
  const s3 = createTestS3();
  await s3.withRule('s3:ObjectRestore:*');
  await put(s3, { StorageClass: 'GLACIER' });
  await s3.call('RestoreObject', { ...object, RestoreRequest: { Days: 1 } });
  expect(s3.runLifecycle({ now: at(2, 9) })).toMatchObject({ restoresCompleted: 1, restoresExpired: 0 });
  expect((await s3.call('HeadObject', object)).Restore).toContain('Sun, 04 Jan 2026 00:00:00 GMT');
  expect(s3.runLifecycle({ now: at(4) })).toMatchObject({ restoresCompleted: 0, restoresExpired: 1 });
  await s3.clock.advance(9 * DAY);
  expect(await events(s3)).toEqual(['ObjectRestore:Post', 'ObjectRestore:Completed', 'ObjectRestore:Delete']);
});

describe('intelligent tiering', () => {
  const TIERS = {
    Bucket: BUCKET,
    Id: 'archive',
    IntelligentTieringConfiguration: {
      Id: 'archive',
      Status: 'Enabled' as const,
      Tierings: [
        { AccessTier: 'ARCHIVE_ACCESS' as const, Days: 90 },
        { AccessTier: 'DEEP_ARCHIVE_ACCESS' as const, Days: 180 },
      ],
    },
  };

  it('archives what nobody reads, until it is restored', async () => {
    const s3 = await setUp([{ Expiration: { Days: 9999 } }]);
    await s3.call('PutBucketIntelligentTieringConfiguration', TIERS);
    await put(s3, { Body: BIG, StorageClass: 'INTELLIGENT_TIERING' });
    await put(s3, { Key: 'small', StorageClass: 'INTELLIGENT_TIERING' });
    await s3.clock.advance(80 * DAY);
    await s3.call('GetObject', object);
    expect(s3.runLifecycle({ now: s3.clock.now() + 89 * DAY })).toMatchObject({ tiered: 0 });
    expect(s3.runLifecycle({ now: s3.clock.now() + 90 * DAY })).toMatchObject({ tiered: 1 });
    expect(s3.runLifecycle({ now: s3.clock.now() + 91 * DAY })).toMatchObject({ tiered: 0 });
    expect((await s3.records())[0]).toMatchObject({
      eventName: 'IntelligentTiering',
      intelligentTieringEventData: { destinationAccessTier: 'ARCHIVE_ACCESS' },
    });
    expect(await s3.call('HeadObject', object)).toMatchObject({ ArchiveStatus: 'ARCHIVE_ACCESS' });
    await expect(s3.call('GetObject', object)).rejects.toMatchObject({
      code: 'InvalidObjectState',
      members: { StorageClass: 'INTELLIGENT_TIERING', AccessTier: 'ARCHIVE_ACCESS' },
    });
    await s3.call('RestoreObject', { ...object, RestoreRequest: {} });
    await s3.clock.advance(5 * 3_600_000);
    expect(await s3.call('HeadObject', object)).toMatchObject({
      ArchiveStatus: undefined,
      Restore: undefined,
    });
    await s3.call('GetObject', object);
  });

  it('keeps configurations by id', async () => {
    const s3 = await setUp([{ Expiration: { Days: 9999 } }]);
    const one = { Bucket: BUCKET, Id: 'archive' };
    const missing = { code: 'NoSuchConfiguration', status: 404 };
    await expect(s3.call('GetBucketIntelligentTieringConfiguration', one)).rejects.toMatchObject(missing);
    await s3.call('PutBucketIntelligentTieringConfiguration', TIERS);
    expect(await s3.call('ListBucketIntelligentTieringConfigurations', { Bucket: BUCKET })).toMatchObject({
      IntelligentTieringConfigurationList: [TIERS.IntelligentTieringConfiguration],
    });
    await s3.call('DeleteBucketIntelligentTieringConfiguration', one);
    await expect(s3.call('DeleteBucketIntelligentTieringConfiguration', one)).rejects.toMatchObject(missing);
    await expect(
      s3.call('PutBucketIntelligentTieringConfiguration', {
        ...TIERS,
        IntelligentTieringConfiguration: {
          ...TIERS.IntelligentTieringConfiguration,
          Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: 89 }],
        },
      }),
    ).rejects.toMatchObject({ code: 'MalformedXML' });
  });
});

describe('the configuration', () => {
  it('comes back as it went, with ids', async () => {
    const s3 = await setUp([{ ID: 'mine', Expiration: { Days: 1 } }, { Expiration: { Days: 2 } }]);
    const { Rules, TransitionDefaultMinimumObjectSize } = await s3.call('GetBucketLifecycleConfiguration', {
      Bucket: BUCKET,
    });
    expect(Rules).toEqual([
      { ID: 'mine', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } },
      {
        ID: expect.stringMatching(/^[A-Za-z0-9]{48}$/) as string,
        Status: 'Enabled',
        Filter: {},
        Expiration: { Days: 2 },
      },
    ]);
    expect(TransitionDefaultMinimumObjectSize).toBe('all_storage_classes_128K');
    await s3.call('DeleteBucketLifecycle', { Bucket: BUCKET });
    await expect(s3.call('GetBucketLifecycleConfiguration', { Bucket: BUCKET })).rejects.toMatchObject({
      code: 'NoSuchLifecycleConfiguration',
      status: 404,
    });
  });

  it('tells when an object expires', async () => {
    const s3 = await setUp([
      { ID: 'late', Expiration: { Days: 9 } },
      { ID: 'soon rule', Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } },
    ]);
    const header = 'expiry-date="Sun, 04 Jan 2026 00:00:00 GMT", rule-id="soon rule"';
    expect((await put(s3)).Expiration).toBe(header);
    expect((await s3.call('HeadObject', object)).Expiration).toBe(header);
    expect((await put(s3, { Key: 'other' })).Expiration).toContain('rule-id="late"');
  });

  const EXPIRE: Rule = { Expiration: { Days: 1 } };
  const TAG = { Tag: { Key: 'a', Value: '1' } };
  it.each<[string, readonly Rule[], string, string?]>([
    ['no rules', [], 'MalformedXML'],
    ['no action', [{}], 'InvalidRequest', 'At least one action needs to be specified in a rule'],
    ['another status', [{ ...EXPIRE, Status: 'enabled' as never }], 'MalformedXML'],
    ['filter and prefix', [{ ...EXPIRE, Filter: {}, Prefix: '' }], 'MalformedXML'],
    ['two predicates', [{ ...EXPIRE, Filter: { Prefix: 'a', ObjectSizeLessThan: 1 } }], 'MalformedXML'],
    ['an And of one', [{ ...EXPIRE, Filter: { And: { Prefix: 'a' } } }], 'MalformedXML'],
    [
      'a tag key twice',
      [{ ...EXPIRE, Filter: { And: { Tags: [TAG.Tag, TAG.Tag] } } }],
      'InvalidRequest',
      'Duplicate Tag Keys are not allowed.',
    ],
    [
      'sizes that exclude each other',
      [{ ...EXPIRE, Filter: { And: { ObjectSizeGreaterThan: 5, ObjectSizeLessThan: 5 } } }],
      'InvalidRequest',
      "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    ],
    [
      'a size of nothing',
      [{ ...EXPIRE, Filter: { ObjectSizeLessThan: 0 } }],
      'InvalidRequest',
      "'ObjectSizeLessThan' should be between 1 and 1099511627776000.",
    ],
    [
      'zero days',
      [{ Expiration: { Days: 0 } }],
      'InvalidArgument',
      "'Days' for Expiration action must be a positive integer",
    ],
    [
      'a date at noon',
      [{ Expiration: { Date: new Date(at(5, 12)) } }],
      'InvalidArgument',
      "'Date' must be at midnight GMT",
    ],
    ['days and a marker', [{ Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }], 'MalformedXML'],
    ['an empty expiration', [{ Expiration: {} }], 'MalformedXML'],
    [
      'uploads with tags',
      [{ Filter: TAG, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
      'InvalidRequest',
      'AbortIncompleteMultipartUpload cannot be specified with Tags.',
    ],
    [
      'markers by size',
      [{ Filter: { ObjectSizeLessThan: 9 }, Expiration: { ExpiredObjectDeleteMarker: false } }],
      'InvalidRequest',
      'ExpiredObjectDeleteMarker cannot be specified with Object Size.',
    ],
    ['no noncurrent days', [{ NoncurrentVersionExpiration: {} }], 'MalformedXML'],
    [
      'newer versions in the old form',
      [{ Prefix: '', NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 1 } }],
      'InvalidRequest',
      'NewerNoncurrentVersions element can only be used in Lifecycle V2.',
    ],
    [
      'an early transition',
      [{ Transitions: [{ Days: 29, StorageClass: 'ONEZONE_IA' }] }],
      'InvalidArgument',
      "'Days' in Transition action must be greater than or equal to 30 for storageClass 'ONEZONE_IA'",
    ],
    [
      'an unknown class',
      [{ Transitions: [{ Days: 30, StorageClass: 'STANDARD' as never }] }],
      'MalformedXML',
    ],
    [
      'a class twice',
      [
        {
          Transitions: [
            { Days: 30, StorageClass: 'GLACIER' },
            { Days: 60, StorageClass: 'GLACIER' },
          ],
        },
      ],
      'InvalidRequest',
      "'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=)'",
    ],
    [
      'days and dates',
      [{ Expiration: { Date: new Date(at(9)) }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }],
      'InvalidRequest',
      "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '(prefix=)'",
    ],
    [
      'expiration before transition',
      [{ Expiration: { Days: 5 }, Transitions: [{ Days: 5, StorageClass: 'GLACIER' }] }],
      'InvalidArgument',
    ],
    ['a long id', [{ ...EXPIRE, ID: 'x'.repeat(256) }], 'InvalidArgument'],
    [
      'an id twice',
      [
        { ...EXPIRE, ID: 'a' },
        { ...EXPIRE, ID: 'a' },
      ],
      'InvalidArgument',
      'Rule ID must be unique. Found same ID for more than one rule',
    ],
    [
      'a filter behind a prefix',
      [{ ...EXPIRE, Prefix: 'a' }, EXPIRE],
      'InvalidRequest',
      'Filter element can only be used in Lifecycle V2.',
    ],
    [
      'a prefix behind a filter',
      [EXPIRE, { ...EXPIRE, Prefix: 'a' }],
      'InvalidRequest',
      'Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.',
    ],
  ])('with %s is refused', async (_, rules, code, message) => {
    const s3 = await setUp([EXPIRE]);
    const error = { code, status: 400, ...(message !== undefined && { message }) };
    await expect(configure(s3, rules)).rejects.toMatchObject(error);
    const { Rules } = await s3.call('GetBucketLifecycleConfiguration', { Bucket: BUCKET });
    expect(Rules).toMatchObject([EXPIRE]);
  });
});
