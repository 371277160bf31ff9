import { isIP } from 'node:net';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import { expect } from 'vitest';
import { put } from './documents.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { ALL_EVENTS, mailbox, recordsOf, watched, type S3Record, type Watched } from './mailbox.ts';
import * as operations from './operations.ts';
import type { Operation } from './operations.ts';
import { BY_S3, bucket, configure, lambdaFunction, queue, topic } from './resources.ts';
import { eventually } from './target.ts';

const plain = shared((t: Target) => watched(t, { ObjectOwnership: 'ObjectWriter' }));
const versioned = shared((t: Target) => watched(t, { versioned: true }));
const annotated = shared((t: Target) => watched(t, { events: [...ALL_EVENTS, 's3:ObjectAnnotation:*'] }));
const suspended = shared(async (t: Target) => {
  const made = await watched(t, { versioned: true });
  await t.s3.send(
    new PutBucketVersioningCommand({
      Bucket: made.bucket,
      VersioningConfiguration: { Status: 'Suspended' },
    }),
  );
  await eventually(async () => {
    const probe = new PutObjectCommand({ Bucket: made.bucket, Key: 'suspended?', Body: 'x' });
    expect((await t.s3.send(probe)).VersionId).toBeUndefined();
  });
  return made;
});

type Where = (t: Target) => Promise<Watched<S3Record>>;

async function caused(
  t: Target,
  where: Where,
  what: Operation,
  name: string,
  key = t.name('k'),
): Promise<S3Record> {
  const { bucket: b, of } = await where(t);
  await what(t, b, key);
  return eventually(async () => {
    const found = (await of(key)).find(({ eventName }) => eventName === name);
    if (!found) throw new Error(`no ${name} of ${key}`);
    return found;
  });
}

const uploaded = (t: Target) => caused(t, plain, operations.putObject, 'ObjectCreated:Put');

function field(
  id: string,
  source: Fact['source'],
  expectation: string,
  check: (record: S3Record, t: Target) => void,
): Fact {
  return {
    id: `2.1-${id}`,
    source,
    expectation,
    run: async (t) => check(await uploaded(t), t),
  };
}

const fields: readonly Fact[] = [
  {
    id: '2.1-one-record',
    source: 'AWS-doc',
    expectation: 'a message is Records with exactly one record',
    async run(t) {
      const { bucket: b, mailbox: box, of } = await plain(t);
      const key = t.name('k');
      await operations.putObject(t, b, key);
      await of(key);
      const [message] = await box.messages((body) => body.includes(key));
      const body = JSON.parse(message?.Body ?? '') as { Records: unknown[] };
      expect(Object.keys(body)).toEqual(['Records']);
      expect(body.Records).toHaveLength(1);
    },
  },
  {
    id: '2.1-order',
    source: 'AWS-recorded',
    expectation: 'the fields come in the order of AWS, and there is no other field',
    async run(t) {
      const record = await uploaded(t);
      expect(Object.keys(record)).toEqual([
        'eventVersion',
        'eventSource',
        'awsRegion',
        'eventTime',
        'eventName',
        'userIdentity',
        'requestParameters',
        'responseElements',
        's3',
      ]);
      expect(Object.keys(record.s3)).toEqual(['s3SchemaVersion', 'configurationId', 'bucket', 'object']);
      expect(Object.keys(record.s3.bucket)).toEqual(['name', 'ownerIdentity', 'arn']);
      expect(Object.keys(record.s3.object)).toEqual(['key', 'size', 'eTag', 'sequencer']);
    },
  },
  field('source', 'AWS-doc', 'eventSource is aws:s3', (record) => {
    expect(record).toMatchObject({ eventSource: 'aws:s3' });
  }),
  {
    id: '2.1-region',
    source: 'AWS-recorded',
    expectation: "awsRegion is the bucket's Region",
    async run(t) {
      const region = t.region === 'eu-west-1' ? 'us-west-2' : 'eu-west-1';
      const clients = t.clients({ region });
      const { bucket: b, of } = await watched(t, { clients });
      await clients.s3.send(new PutObjectCommand({ Bucket: b, Key: 'there', Body: 'x' }));
      expect((await of('there'))[0]).toMatchObject({ awsRegion: region });
      expect(await uploaded(t)).toMatchObject({ awsRegion: t.region });
    },
  },
  {
    id: '2.1-region-presigned',
    source: 'AWS-recorded',
    expectation: 'awsRegion is the same for an upload by a presigned URL',
    async run(t) {
      expect(await caused(t, plain, operations.presigned, 'ObjectCreated:Put')).toMatchObject({
        awsRegion: t.region,
      });
    },
  },
  field('time', 'AWS-doc', 'eventTime is ISO 8601 in UTC with milliseconds', ({ eventTime }) => {
    expect(eventTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(eventTime) - Date.now())).toBeLessThan(3_600_000);
  }),
  field('principal', 'second-hand', 'principalId is AWS: and the unique id of the caller', (record) => {
    expect(record.userIdentity).toEqual({
      principalId: expect.stringMatching(/^AWS:(?:A(?:IDA|ROA)[A-Z0-9]+(?::.+)?|\d{12})$/),
    });
  }),
  {
    id: '2.1-principal-lifecycle',
    source: 'AWS-doc',
    expectation: 'what lifecycle does has s3.amazonaws.com as principal and as source address',
    needs: 'time that passes',
    async run(t) {
      expect(
        await caused(t, plain, operations.lifecycleExpiration, 'LifecycleExpiration:Delete'),
      ).toMatchObject({
        userIdentity: { principalId: 's3.amazonaws.com' },
        requestParameters: { sourceIPAddress: 's3.amazonaws.com' },
      });
    },
  },
  {
    id: '2.1-principal-restore',
    source: 'AWS-recorded',
    expectation: "a finished restore has AmazonCustomer and the owner's id as principal",
    needs: 'time that passes',
    async run(t) {
      const record = await caused(t, plain, operations.restoreCompleted, 'ObjectRestore:Completed');
      const { principalId } = record.s3.bucket.ownerIdentity as { principalId: string };
      expect(record.userIdentity).toEqual({ principalId: `AmazonCustomer:${principalId}` });
    },
  },
  field('source-address', 'AWS-doc', "sourceIPAddress is the client's address", (record) => {
    const { sourceIPAddress } = record.requestParameters as { sourceIPAddress: string };
    expect(isIP(sourceIPAddress)).not.toBe(0);
  }),
  {
    id: '2.1-response-elements',
    source: 'AWS-doc',
    expectation: 'responseElements are the two ids of the response to the request',
    async run(t) {
      const { bucket: b, of } = await plain(t);
      const Key = t.name('k');
      const { $metadata } = await t.s3.send(new PutObjectCommand({ Bucket: b, Key, Body: 'x' }));
      expect((await of(Key))[0]?.responseElements).toEqual({
        'x-amz-request-id': $metadata.requestId,
        'x-amz-id-2': $metadata.extendedRequestId,
      });
    },
  },
  field('configuration-id', 'AWS-doc', 'configurationId is the Id of the configuration', ({ s3 }) => {
    expect(s3.configurationId).toBe('watch');
  }),
  {
    id: '2.1-bucket',
    source: 'AWS-doc',
    expectation: "the bucket's ARN has neither Region nor account",
    async run(t) {
      const { bucket: name } = await plain(t);
      expect((await uploaded(t)).s3.bucket).toEqual({
        name,
        ownerIdentity: { principalId: expect.stringMatching(/^A[A-Z0-9]+$/) },
        arn: `arn:${t.partition}:s3:::${name}`,
      });
    },
  },
  {
    id: '2.1-user-tags',
    source: 'AWS-doc',
    expectation: 'tags that users gave the bucket are in no record',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const TagSet = [{ Key: 'team', Value: 'media' }];
      await t.s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      expect((await uploaded(t)).s3.bucket).not.toHaveProperty('awsGeneratedTags');
    },
  },
  {
    id: '2.1-size',
    source: 'AWS-doc',
    expectation: 'size is the number of bytes, not of characters',
    async run(t) {
      const { bucket: b, of } = await plain(t);
      const Key = t.name('k');
      await t.s3.send(new PutObjectCommand({ Bucket: b, Key, Body: 'é€' }));
      expect((await of(Key))[0]?.s3.object).toMatchObject({ size: 5 });
    },
  },
  field('etag', 'AWS-recorded', 'eTag is the ETag without quotes', ({ s3 }) => {
    expect(s3.object).toMatchObject({ eTag: '5d41402abc4b2a76b9719d911017c592' });
  }),
  {
    id: '2.1-etag-multipart',
    source: 'AWS-recorded',
    expectation: 'the eTag of a multipart upload ends with the number of parts',
    async run(t) {
      const record = await caused(
        t,
        plain,
        operations.multipartUpload,
        'ObjectCreated:CompleteMultipartUpload',
      );
      expect(record.s3.object.eTag).toMatch(/^[0-9a-f]{32}-1$/);
    },
  },
];

const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';
const VERSION: unknown = expect.stringMatching(/^[A-Za-z0-9._-]{32}$/);
const ETAG: unknown = expect.stringMatching(/^[0-9a-f]{32}/);
const SEQUENCER: unknown = expect.stringMatching(/^[0-9A-F]{16,18}$/);

/** A row about exactly these fields of `s3.object`, the key aside. */
function objectFields(
  id: string,
  expectation: string,
  where: Where,
  what: Operation,
  name: string,
  object: Record<string, unknown>,
  more: { readonly source?: Fact['source']; readonly needs?: string } = {},
): Fact {
  const { source = 'AWS-recorded', needs } = more;
  return {
    id: `2.2-${id}`,
    source,
    expectation,
    ...(needs !== undefined && { needs }),
    async run(t) {
      const { key: _, ...rest } = (await caused(t, where, what, name)).s3.object;
      expect(rest).toEqual(object);
    },
  };
}

const TIME = { needs: 'time that passes' };
const CREATED = { size: 5, eTag: ETAG, sequencer: SEQUENCER };

const present: readonly Fact[] = [
  objectFields(
    'created',
    'a new object of a bucket without versioning has size, eTag and sequencer',
    plain,
    operations.putObject,
    'ObjectCreated:Put',
    CREATED,
  ),
  objectFields(
    'created-versioned',
    'while versioning is enabled versionId is there as well',
    versioned,
    operations.putObject,
    'ObjectCreated:Put',
    { ...CREATED, versionId: VERSION },
  ),
  objectFields(
    'created-suspended',
    'while versioning is suspended versionId is absent',
    suspended,
    operations.putObject,
    'ObjectCreated:Put',
    CREATED,
  ),
  objectFields(
    'copied',
    'a copy has the same fields, and says whether it has annotations',
    plain,
    operations.copyObject,
    'ObjectCreated:Copy',
    { ...CREATED, hasObjectAnnotation: false },
    { source: 'AWS-doc' },
  ),
  objectFields(
    'multipart',
    'a multipart upload has the same fields',
    plain,
    operations.multipartUpload,
    'ObjectCreated:CompleteMultipartUpload',
    CREATED,
  ),
  objectFields(
    'removed',
    'a delete without versioning has the sequencer only',
    plain,
    operations.deleteObject,
    'ObjectRemoved:Delete',
    { sequencer: SEQUENCER },
  ),
  objectFields(
    'removed-version',
    'the delete of a version names it and has no eTag',
    versioned,
    operations.deleteVersion,
    'ObjectRemoved:Delete',
    { versionId: VERSION, sequencer: SEQUENCER },
  ),
  {
    id: '2.2-removed-version-suspended',
    source: 'AWS-recorded',
    expectation: 'the delete of a version names it also while versioning is suspended',
    async run(t) {
      const { bucket: b, of } = await suspended(t);
      const Key = t.name('k');
      const status = async (Status: 'Enabled' | 'Suspended') => {
        await t.s3.send(new PutBucketVersioningCommand({ Bucket: b, VersioningConfiguration: { Status } }));
      };
      await status('Enabled');
      const VersionId = await eventually(async () => {
        const written = await t.s3.send(new PutObjectCommand({ Bucket: b, Key, Body: 'x' }));
        if (written.VersionId === undefined) throw new Error('versioning is not enabled yet');
        return written.VersionId;
      });
      await status('Suspended');
      await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key, VersionId }));
      const records = await of(Key, 2);
      const removed = records.find(({ eventName }) => eventName === 'ObjectRemoved:Delete');
      expect(removed?.s3.object).toMatchObject({ versionId: VersionId });
    },
  },
  objectFields(
    'marker',
    'a delete marker has the eTag of nothing, its own versionId and no size',
    versioned,
    operations.deleteObject,
    'ObjectRemoved:DeleteMarkerCreated',
    { eTag: MD5_OF_NOTHING, versionId: VERSION, sequencer: SEQUENCER },
  ),
  {
    id: '2.2-marker-deleted',
    source: 'AWS-recorded',
    expectation: "the delete of a delete marker is ObjectRemoved:Delete with the marker's versionId",
    async run(t) {
      const { bucket: b, of } = await versioned(t);
      const Key = t.name('k');
      const { VersionId } = await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key }));
      await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key, VersionId }));
      const records = await of(Key, 2);
      expect(records.map(({ eventName }) => eventName).sort()).toEqual([
        'ObjectRemoved:Delete',
        'ObjectRemoved:DeleteMarkerCreated',
      ]);
      for (const { s3 } of records) expect(s3.object).toMatchObject({ versionId: VersionId });
    },
  },
  objectFields(
    'restore',
    'the begin of a restore has size, eTag and sequencer',
    plain,
    operations.restoreObject,
    'ObjectRestore:Post',
    CREATED,
  ),
  objectFields(
    'restored',
    'a finished restore has size, eTag and sequencer',
    plain,
    operations.restoreCompleted,
    'ObjectRestore:Completed',
    CREATED,
    TIME,
  ),
  objectFields(
    'tagged',
    'a change of tags has the eTag only',
    plain,
    operations.putTagging,
    'ObjectTagging:Put',
    { eTag: ETAG },
  ),
  objectFields(
    'untagged',
    'the removal of tags has the eTag only',
    plain,
    operations.deleteTagging,
    'ObjectTagging:Delete',
    { eTag: ETAG },
  ),
  objectFields('acl', 'a change of the ACL has the eTag only', plain, operations.putAcl, 'ObjectAcl:Put', {
    eTag: ETAG,
  }),
  objectFields(
    'tiering',
    'the move to an archive tier has size and eTag, no sequencer',
    shared((t: Target) => watched(t, { events: ['s3:ObjectCreated:*', 's3:IntelligentTiering'] })),
    operations.intelligentTiering,
    'IntelligentTiering',
    { size: 131_072, eTag: ETAG },
    { source: 'AWS-doc', ...TIME },
  ),
  objectFields(
    'expired',
    'a delete by lifecycle has the sequencer only',
    plain,
    operations.lifecycleExpiration,
    'LifecycleExpiration:Delete',
    { sequencer: SEQUENCER },
    { source: 'AWS-doc', ...TIME },
  ),
  {
    id: '2.2-annotated',
    source: 'AWS-doc',
    expectation: 'an annotation event has no size of the object',
    async run(t) {
      const record = await caused(t, annotated, operations.putAnnotation, 'ObjectAnnotation:Put');
      expect(record.s3.object).toMatchObject({ eTag: ETAG });
      expect(record.s3.object).not.toHaveProperty('size');
    },
  },
];

/** How this part of a key stands in a record. */
const ENCODED: readonly (readonly [
  id: string,
  source: Fact['source'],
  what: string,
  raw: string,
  encoded: string,
])[] = [
  ['space', 'AWS-doc', 'a space becomes a plus sign', 'red flower.jpg', 'red+flower.jpg'],
  ['slash', 'AWS-recorded', 'a slash stays', 'dir1/testfile.txt', 'dir1/testfile.txt'],
  ['at', 'AWS-recorded', '@ becomes %40', 'a@b', 'a%40b'],
  ['equals', 'second-hand', '= becomes %3D', 'date=1', 'date%3D1'],
  ['colon', 'second-hand', ': becomes %3A', 'a:b', 'a%3Ab'],
  ['parentheses', 'second-hand', 'parentheses are encoded', 'a(1)', 'a%281%29'],
  ['plus', 'second-hand', 'a plus sign becomes %2B', 'a+b', 'a%2Bb'],
  ['unchanged', 'AWS-recorded', 'letters, digits, full stop, hyphen and underscore stay', 'aZ0.-_', 'aZ0.-_'],
  [
    'utf-8',
    'second-hand',
    'other characters become the upper-case codes of their UTF-8 bytes',
    'é€😀',
    '%C3%A9%E2%82%AC%F0%9F%98%80',
  ],
];

const keys: readonly Fact[] = ENCODED.map(([id, source, expectation, raw, encoded]) => ({
  id: `2.3-${id}`,
  source,
  expectation,
  async run(t) {
    const { bucket: b, mailbox: box } = await plain(t);
    const name = t.name('k');
    await operations.putObject(t, b, `${name}/${raw}`);
    const [message] = await box.messages((body) => body.includes(name));
    expect(recordsOf(message?.Body ?? '')[0]?.s3.object.key).toBe(`${name}/${encoded}`);
  },
}));

const sequencers: readonly Fact[] = [
  {
    id: '2.4-order',
    source: 'AWS-doc',
    expectation:
      'of two events of one key the later has the greater sequencer, padded with zeros on the left',
    async run(t) {
      const { bucket: b, of } = await plain(t);
      const key = t.name('k');
      const bySequence: string[] = [];
      for (const Body of ['1', '22', '333']) {
        await t.s3.send(new PutObjectCommand({ Bucket: b, Key: key, Body }));
      }
      await operations.deleteObject(t, b, key);
      const records = await of(key, 4);
      const padded = ({ s3 }: S3Record) => (s3.object.sequencer ?? '').padStart(32, '0').toUpperCase();
      const sorted = [...records].sort((a, z) => (padded(a) < padded(z) ? -1 : 1));
      for (const { eventName, s3 } of sorted) {
        bySequence.push(eventName === 'ObjectRemoved:Delete' ? 'gone' : String(s3.object.size));
      }
      expect(bySequence).toEqual(['1', '2', '3', 'gone']);
      expect(new Set(records.map(padded)).size).toBe(4);
    },
  },
  {
    id: '2.4-form',
    source: 'AWS-doc',
    expectation: 'a sequencer is hexadecimal, in upper case',
    async run(t) {
      expect((await uploaded(t)).s3.object.sequencer).toEqual(SEQUENCER);
    },
  },
  {
    id: '2.4-only-created-and-removed',
    source: 'AWS-doc',
    expectation: 'what neither creates nor deletes has no sequencer',
    async run(t) {
      const { s3 } = await caused(t, plain, operations.putTagging, 'ObjectTagging:Put');
      expect(s3.object).not.toHaveProperty('sequencer');
    },
  },
];

const isTestEvent = (body: string) => body.includes('s3:TestEvent');

const testEvents: readonly Fact[] = [
  {
    id: '2.5-form',
    source: 'AWS-doc',
    expectation: 'a queue gets a test event without Records before the PUT has returned',
    async run(t) {
      const b = await bucket(t);
      const box = mailbox(t, await queue(t, { admits: BY_S3 }));
      await configure(t, b, { QueueConfigurations: [{ QueueArn: box.arn, Events: ['s3:ObjectCreated:*'] }] });
      const [message] = await box.messages(isTestEvent);
      const event = JSON.parse(message?.Body ?? '') as Record<string, unknown>;
      expect(event).toEqual({
        Service: 'Amazon S3',
        Event: 's3:TestEvent',
        Time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        Bucket: b,
        RequestId: expect.stringMatching(/^[A-Z0-9]{16}$/),
        HostId: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      });
      expect(Object.keys(event)).toEqual(['Service', 'Event', 'Time', 'Bucket', 'RequestId', 'HostId']);
    },
  },
  {
    id: '2.5-every-put',
    source: 'second-hand',
    expectation: 'every PUT that has the destination sends one, also when nothing changed',
    async run(t) {
      const b = await bucket(t);
      const box = mailbox(t, await queue(t, { admits: BY_S3 }));
      const document = {
        QueueConfigurations: [{ Id: 'q', QueueArn: box.arn, Events: ['s3:ObjectCreated:*' as const] }],
      };
      await configure(t, b, document);
      await put(t, b, document);
      expect(await box.messages(isTestEvent, 2)).toHaveLength(2);
    },
  },
  {
    id: '2.5-topic',
    source: 'second-hand',
    expectation: 'a topic gets it too, with the subject Amazon S3 Notification',
    async run(t) {
      const b = await bucket(t);
      const TopicArn = await topic(t, { admits: BY_S3 });
      const box = mailbox(
        t,
        await queue(t, { admits: { service: 'sns.amazonaws.com', sourceArn: TopicArn } }),
      );
      await t.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: box.arn }));
      await configure(t, b, { TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectCreated:*'] }] });
      const [message] = await box.messages(isTestEvent);
      const envelope = JSON.parse(message?.Body ?? '') as { Subject: string; Message: string };
      expect(envelope.Subject).toBe('Amazon S3 Notification');
      expect(JSON.parse(envelope.Message)).toMatchObject({ Event: 's3:TestEvent', Bucket: b });
    },
  },
  {
    id: '2.5-not-to-functions',
    source: 'model',
    expectation: 'a function is not invoked: S3 only checks that it may',
    needs: 'the journal of invocations',
    async run(t) {
      const b = await bucket(t);
      const fn = await lambdaFunction(t);
      await t.lambda.send(
        new AddPermissionCommand({
          FunctionName: fn.name,
          StatementId: 's3',
          Action: 'lambda:InvokeFunction',
          Principal: 's3.amazonaws.com',
          SourceArn: `arn:${t.partition}:s3:::${b}`,
        }),
      );
      await configure(t, b, {
        LambdaFunctionConfigurations: [{ LambdaFunctionArn: fn.arn, Events: ['s3:ObjectCreated:*'] }],
      });
      const sandbox = t.local();
      await sandbox.idle();
      const sent = sandbox.journal.entries().filter((entry) => JSON.stringify(entry).includes(fn.name));
      expect(sent.filter(({ type }) => type === 'invocation' || type === 'delivery')).toEqual([]);
    },
  },
  {
    id: '2.5-skipped',
    source: 'model',
    expectation: 'with SkipDestinationValidation none is sent',
    async run(t) {
      const b = await bucket(t);
      const box = mailbox(t, await queue(t, { admits: BY_S3 }));
      const document = {
        QueueConfigurations: [{ Id: 'q', QueueArn: box.arn, Events: ['s3:ObjectCreated:*' as const] }],
      };
      await put(t, b, document, { skip: true });
      let probes = 0;
      await eventually(async () => {
        await operations.putObject(t, b, `probe/${++probes}`);
        await box.messages((body) => recordsOf(body).length > 0, 1, 1);
      });
      expect(await box.messages(isTestEvent, 0)).toEqual([]);
    },
  },
];

describeFacts('2 the notification record', [...fields, ...present, ...keys, ...sequencers, ...testEvents]);
