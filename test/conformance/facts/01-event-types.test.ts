import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketNotificationConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
  type Event,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { EVENT_NAMES } from '../../../src/core/event-name.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { ALL_EVENTS, mailbox, recordsOf, watched, type S3Record } from './mailbox.ts';
import * as operations from './operations.ts';
import type { Operation } from './operations.ts';
import { BY_S3, bucket, configure, queue } from './resources.ts';
import { eventually, refusal } from './target.ts';

/** ACLs can be changed where the bucket's owner does not own everything. */
const plain = shared((t: Target) => watched(t, { ObjectOwnership: 'ObjectWriter' }));
const versioned = shared((t: Target) => watched(t, { versioned: true }));
const annotated = shared((t: Target) => watched(t, { events: [...ALL_EVENTS, 's3:ObjectAnnotation:*'] }));
const locked = shared((t: Target) =>
  watched(t, { ObjectLockEnabledForBucket: true, events: [...ALL_EVENTS, 's3:ObjectRetention:Put'] }),
);

const named = (records: readonly S3Record[], name: string) =>
  records.filter(({ eventName }) => eventName === name);

/** The one record of this name that the operation on a key of its own causes. */
async function recorded(t: Target, where: typeof plain, what: Operation, name: string): Promise<S3Record> {
  const { bucket: b, of } = await where(t);
  const key = t.name('k');
  await what(t, b, key);
  const records = await eventually(async () => {
    const found = named(await of(key), name);
    if (found.length === 0) throw new Error(`no ${name} of ${key}`);
    return found;
  });
  expect(records).toHaveLength(1);
  return records[0]!;
}

function reports(
  id: string,
  name: string,
  expectation: string,
  what: Operation,
  options: {
    readonly source?: Fact['source'];
    readonly where?: typeof plain;
    readonly needs?: string;
    /** The block that only this event has. */
    readonly block?: Record<string, unknown>;
  } = {},
): Fact {
  const { source = 'AWS-doc', where = plain, needs, block } = options;
  return {
    id: `1.2-${id}`,
    source,
    expectation: `${expectation} sends ${name}`,
    ...(needs !== undefined && { needs }),
    async run(t) {
      const record = await recorded(t, where, what, name);
      if (block) expect(record).toMatchObject(block);
    },
  };
}

const TIME = 'time that passes';

const rows: readonly Fact[] = [
  reports('put', 'ObjectCreated:Put', 'PutObject', operations.putObject),
  reports('put-presigned', 'ObjectCreated:Put', 'a presigned PUT', operations.presigned, {
    source: 'AWS-recorded',
  }),
  reports('post', 'ObjectCreated:Post', 'the POST of a form', operations.formPost),
  reports('copy', 'ObjectCreated:Copy', 'CopyObject', operations.copyObject, {
    block: { s3: { object: { hasObjectAnnotation: false } } },
  }),
  reports('copy-in-place', 'ObjectCreated:Copy', 'CopyObject onto itself', operations.copyInPlace),
  reports(
    'multipart',
    'ObjectCreated:CompleteMultipartUpload',
    'CompleteMultipartUpload',
    operations.multipartUpload,
  ),
  reports(
    'multipart-copy',
    'ObjectCreated:CompleteMultipartUpload',
    'CompleteMultipartUpload of parts made by UploadPartCopy',
    operations.multipartCopy,
  ),
  reports('delete', 'ObjectRemoved:Delete', 'DeleteObject in an unversioned bucket', operations.deleteObject),
  reports(
    'delete-objects',
    'ObjectRemoved:Delete',
    'DeleteObjects in an unversioned bucket',
    operations.deleteObjects,
  ),
  reports('delete-version', 'ObjectRemoved:Delete', 'DELETE with a versionId', operations.deleteVersion, {
    where: versioned,
  }),
  reports(
    'delete-marker',
    'ObjectRemoved:DeleteMarkerCreated',
    'DELETE without versionId in a versioned bucket',
    operations.deleteObject,
    {
      where: versioned,
    },
  ),
  reports('restore-post', 'ObjectRestore:Post', 'RestoreObject', operations.restoreObject),
  reports(
    'restore-completed',
    'ObjectRestore:Completed',
    'a restore that has finished',
    operations.restoreCompleted,
    {
      needs: TIME,
      block: {
        glacierEventData: {
          restoreEventData: {
            lifecycleRestorationExpiryTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
            lifecycleRestoreStorageClass: 'GLACIER',
          },
        },
      },
    },
  ),
  reports('restore-delete', 'ObjectRestore:Delete', 'the end of a restored copy', operations.restoreExpired, {
    needs: TIME,
  }),
  reports(
    'lifecycle-delete',
    'LifecycleExpiration:Delete',
    'a lifecycle rule that deletes an object',
    operations.lifecycleExpiration,
    {
      needs: TIME,
    },
  ),
  reports(
    'lifecycle-marker',
    'LifecycleExpiration:DeleteMarkerCreated',
    'a lifecycle rule that expires a current version',
    operations.lifecycleExpiration,
    { needs: TIME, where: versioned },
  ),
  reports(
    'lifecycle-transition',
    'LifecycleTransition',
    'a lifecycle rule that changes the storage class',
    operations.lifecycleTransition,
    {
      needs: TIME,
      block: { lifecycleEventData: { transitionEventData: { destinationStorageClass: 'STANDARD_IA' } } },
    },
  ),
  reports(
    'intelligent-tiering',
    'IntelligentTiering',
    'the move to an archive tier',
    operations.intelligentTiering,
    {
      needs: TIME,
      where: shared((t) => watched(t, { events: ['s3:ObjectCreated:*', 's3:IntelligentTiering'] })),
      block: { intelligentTieringEventData: { destinationAccessTier: 'ARCHIVE_ACCESS' } },
    },
  ),
  reports('tagging-put', 'ObjectTagging:Put', 'PutObjectTagging', operations.putTagging),
  reports('tagging-delete', 'ObjectTagging:Delete', 'DeleteObjectTagging', operations.deleteTagging),
  reports('acl-put', 'ObjectAcl:Put', 'PutObjectAcl that changes the ACL', operations.putAcl, {
    source: 'AWS-recorded',
  }),
  reports('annotation-put', 'ObjectAnnotation:Put', 'PutObjectAnnotation', operations.putAnnotation, {
    where: annotated,
    block: {
      objectAnnotation: [{ name: 'summary', size: 5, eTag: expect.stringMatching(/^[0-9a-f]{32}$/) }],
    },
  }),
  reports(
    'annotation-delete',
    'ObjectAnnotation:Delete',
    'DeleteObjectAnnotation',
    operations.deleteAnnotation,
    {
      where: annotated,
      block: { objectAnnotation: [{ name: 'summary' }] },
    },
  ),
  reports('retention-put', 'ObjectRetention:Put', 'PutObjectRetention', operations.putRetention, {
    where: locked,
    block: {
      objectRetentionEventData: {
        mode: 'GOVERNANCE',
        retainUntilDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    },
  }),
];

const names: readonly Fact[] = [
  {
    id: '1.2-configurable-names',
    source: 'model',
    expectation: 'each of the 31 event names may be configured',
    async run(t) {
      const b = await bucket(t);
      const { arn } = await queue(t, { admits: BY_S3 });
      expect(EVENT_NAMES).toHaveLength(31);
      // A family and its members may not share a configuration; without the destination's check one request is enough.
      const families = EVENT_NAMES.filter((name) => name.endsWith(':*'));
      const single = EVENT_NAMES.filter(
        (name) => !families.some((family) => name.startsWith(family.slice(0, -1))),
      );
      const members = EVENT_NAMES.filter((name) => !families.includes(name) && !single.includes(name));
      for (const Events of [[...families, ...single], members] as Event[][]) {
        await configure(t, b, { QueueConfigurations: [{ QueueArn: arn, Events }] });
        const { QueueConfigurations } = await t.s3.send(
          new GetBucketNotificationConfigurationCommand({ Bucket: b }),
        );
        expect([...(QueueConfigurations?.[0]?.Events ?? [])].sort()).toEqual([...Events].sort());
      }
    },
  },
  ...[
    's3:ObjectAcl:*',
    's3:ObjectRetention:*',
    's3:LifecycleTransition:*',
    's3:IntelligentTiering:*',
    's3:*',
  ].map((name, index): Fact => ({
    id: `1.2-no-wildcard-${index + 1}`,
    source: 'model',
    expectation: `there is no ${name}`,
    async run(t) {
      const { bucket: b, mailbox: box } = await plain(t);
      const put = new PutBucketNotificationConfigurationCommand({
        Bucket: b,
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: box.arn, Events: [name as Event] }] },
      });
      expect(await refusal(t.s3.send(put))).toMatchObject({ status: 400 });
    },
  })),
];

/** A row about something that is done to a key and causes no event, or just these. */
function silent(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  what: Operation,
  events: readonly string[] = [],
  where = plain,
): Fact {
  return {
    ...row,
    async run(t) {
      const { bucket: b, of, soFar } = await where(t);
      const key = t.name('k');
      await what(t, b, key);
      if (events.length > 0) await of(key, events.length);
      expect((await soFar(key)).map(({ eventName }) => eventName).sort()).toEqual([...events].sort());
    },
  };
}

const traps: readonly Fact[] = [
  {
    id: '1.2-trap-delete-objects',
    source: 'AWS-recorded',
    expectation: 'DeleteObjects sends one record per key, also for a key that never existed',
    async run(t) {
      const { bucket: b, of } = await plain(t);
      const keys = [t.name('k'), t.name('k'), t.name('never')];
      for (const Key of keys.slice(0, 2)) await operations.putObject(t, b, Key);
      const Objects = keys.map((Key) => ({ Key }));
      await t.s3.send(new DeleteObjectsCommand({ Bucket: b, Delete: { Objects } }));
      for (const [index, key] of keys.entries()) {
        const records = await of(key, index < 2 ? 2 : 1);
        expect(named(records, 'ObjectRemoved:Delete'), key).toHaveLength(1);
      }
    },
  },
  silent(
    {
      id: '1.2-trap-same-acl',
      source: 'AWS-recorded',
      expectation: 'PutObjectAcl with the same ACL sends nothing',
    },
    operations.putSameAcl,
    ['ObjectCreated:Put'],
  ),
  silent(
    {
      id: '1.2-trap-tags-of-put',
      source: 'AWS-doc',
      expectation: 'tags given to PutObject send no tagging event',
    },
    operations.putTagged,
    ['ObjectCreated:Put'],
  ),
  silent(
    { id: '1.2-trap-reads', source: 'AWS-doc', expectation: 'GET, HEAD and List send nothing' },
    async (t, Bucket, Key) => {
      await operations.putObject(t, Bucket, Key);
      await t.s3.send(new GetObjectCommand({ Bucket, Key }));
      await t.s3.send(new HeadObjectCommand({ Bucket, Key }));
      await t.s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    },
    ['ObjectCreated:Put'],
  ),
  silent(
    { id: '1.2-trap-failed', source: 'AWS-doc', expectation: 'a request that fails sends nothing' },
    async (t, Bucket, Key) => {
      const tooLate = new PutObjectCommand({
        Bucket,
        Key,
        Body: 'x',
        IfMatch: '"0123456789abcdef0123456789abcdef"',
      });
      expect(await refusal(t.s3.send(tooLate))).toMatchObject({ status: 404 });
    },
  ),
  silent(
    {
      id: '1.2-trap-unfinished-multipart',
      source: 'AWS-doc',
      expectation: 'CreateMultipartUpload, UploadPart and AbortMultipartUpload send nothing',
    },
    async (t, Bucket, Key) => {
      const { UploadId } = await t.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      await t.s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }));
      await t.s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    },
  ),
  silent(
    {
      id: '1.2-trap-annotations',
      source: 'AWS-doc',
      expectation: 'annotation calls send annotation events only, never ObjectCreated',
    },
    operations.deleteAnnotation,
    ['ObjectCreated:Put', 'ObjectAnnotation:Put', 'ObjectAnnotation:Delete'],
    annotated,
  ),
  {
    id: '1.2-trap-annotation-filter',
    source: 'AWS-doc',
    expectation: 'a prefix is that of the key of the object, never of the name of the annotation',
    async run(t) {
      const {
        bucket: b,
        of,
        soFar,
      } = await watched(t, {
        configurations: [
          { Id: 'probe', Events: ['s3:ObjectCreated:*'] },
          {
            Id: 'annotations',
            Events: ['s3:ObjectAnnotation:*'],
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'summary' }] } },
          },
        ],
      });
      const [inside, outside] = [`summary/${t.name('k')}`, t.name('k')];
      await operations.putAnnotation(t, b, outside);
      await operations.putAnnotation(t, b, inside);
      await of(inside, 2);
      expect((await soFar(outside)).map(({ eventName }) => eventName)).toEqual(['ObjectCreated:Put']);
    },
  },
  {
    id: '1.2-trap-annotation-delete-object',
    source: 'AWS-doc',
    expectation: 'the event of a DeleteObject carries no annotation fields',
    async run(t) {
      const { bucket: b, of } = await annotated(t);
      const Key = t.name('k');
      await operations.putAnnotation(t, b, Key);
      await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key }));
      const [removed] = named(await of(Key, 3), 'ObjectRemoved:Delete');
      expect(JSON.stringify(removed).toLowerCase()).not.toContain('annotation');
    },
  },
  {
    id: '1.2-trap-marker-date',
    source: 'AWS-doc',
    expectation: 'a delete marker made by lifecycle is dated 00:00 UTC',
    needs: TIME,
    async run(t) {
      const { bucket: Bucket } = await versioned(t);
      const Prefix = t.name('k');
      await operations.lifecycleExpiration(t, Bucket, Prefix);
      const { DeleteMarkers } = await t.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      expect(DeleteMarkers?.map(({ LastModified }) => LastModified?.toISOString())).toEqual([
        expect.stringMatching(/T00:00:00\.000Z$/),
      ]);
    },
  },
  {
    ...silent(
      {
        id: '1.2-trap-lifecycle',
        source: 'AWS-doc',
        expectation: 'what lifecycle deletes is no ObjectRemoved',
      },
      operations.lifecycleExpiration,
      ['ObjectCreated:Put', 'LifecycleExpiration:Delete'],
    ),
    needs: TIME,
  },
];

const versions: readonly Fact[] = [
  {
    id: '1.1-unified',
    source: 'AWS-doc',
    expectation: 'all event types have one eventVersion, 2.4 or higher',
    async run(t) {
      const seen = [
        await recorded(t, plain, operations.putObject, 'ObjectCreated:Put'),
        await recorded(t, plain, operations.deleteObject, 'ObjectRemoved:Delete'),
        await recorded(t, plain, operations.putTagging, 'ObjectTagging:Put'),
        await recorded(t, plain, operations.putAcl, 'ObjectAcl:Put'),
      ].map(({ eventVersion }) => eventVersion);
      expect(new Set(seen).size).toBe(1);
      const [major, minor] = (seen[0] ?? '').split('.').map(Number);
      expect([major, (minor ?? 0) >= 4]).toEqual([2, true]);
    },
  },
  {
    id: '1.1-schema-version',
    source: 'AWS-recorded',
    expectation: 's3SchemaVersion stays 1.0',
    async run(t) {
      expect(await recorded(t, plain, operations.putObject, 'ObjectCreated:Put')).toMatchObject({
        s3: { s3SchemaVersion: '1.0' },
      });
    },
  },
  {
    id: '1.1-message-size',
    source: 'AWS-doc',
    expectation: 'a queue whose MaximumMessageSize is too small rejects the message, and the event is lost',
    async run(t) {
      const b = await bucket(t);
      const box = mailbox(t, await queue(t, { admits: BY_S3, attributes: { MaximumMessageSize: '1024' } }));
      await configure(t, b, {
        QueueConfigurations: [{ Id: 'w', QueueArn: box.arn, Events: ['s3:ObjectCreated:*'] }],
      });
      const sized = async (size: number) => {
        const Key = `${t.name('k')}-${'x'.repeat(size)}`;
        await operations.putObject(t, b, Key);
        return (body: string) => recordsOf(body).some(({ s3 }) => s3.object.key === Key);
      };
      await eventually(async () => box.messages(await sized(0), 1, 1));
      const tooLong = await sized(900);
      await box.messages(await sized(1));
      expect(await box.messages(tooLong, 0)).toEqual([]);
    },
  },
];

const legacy: readonly Fact[] = (
  [
    ['ObjectCreated:Put', '2.1', operations.putObject],
    ['ObjectRemoved:Delete', '2.1', operations.deleteObject],
    ['ObjectRestore:Post', '2.1', operations.restoreObject],
    ['ObjectRestore:Completed', '2.1', operations.restoreCompleted],
    ['ObjectTagging:Put', '2.3', operations.putTagging],
    ['ObjectAcl:Put', '2.3', operations.putAcl],
    ['LifecycleTransition', '2.3', operations.lifecycleTransition],
  ] as const
).map(([name, version, what]) => ({
  id: `1.1-legacy-${name.replace(':', '-').toLowerCase()}`,
  source: name === 'LifecycleTransition' ? 'AWS-doc' : 'AWS-recorded',
  expectation: `before mid-2026 ${name} had the eventVersion ${version}`,
  needs: 'the numbering of 2025',
  async run(t) {
    expect((await recorded(t, plain, what, name)).eventVersion).toBe(version);
  },
}));

describeFacts('1.1 versions before their unification', legacy, { eventVersion: 'legacy' });
describeFacts('1.1 event versions, 1.2 event types', [...versions, ...rows, ...names, ...traps]);
