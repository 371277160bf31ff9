import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { get, put } from './documents.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { mailbox, watchedByBus, type BusEvent, type Watched } from './mailbox.ts';
import * as operations from './operations.ts';
import type { Operation } from './operations.ts';
import { admitting, bucket, queue } from './resources.ts';
import { eventually, refusal } from './target.ts';

const plain = shared((t: Target) => watchedByBus(t, { ObjectOwnership: 'ObjectWriter' }));
const versioned = shared((t: Target) => watchedByBus(t, { versioned: true }));
const locked = shared((t: Target) => watchedByBus(t, { ObjectLockEnabledForBucket: true }));
const suspended = shared(async (t: Target) => {
  const made = await watchedByBus(t, { versioned: true });
  const VersioningConfiguration = { Status: 'Suspended' as const };
  await t.s3.send(new PutBucketVersioningCommand({ Bucket: made.bucket, VersioningConfiguration }));
  await eventually(async () => {
    const probe = new PutObjectCommand({ Bucket: made.bucket, Key: 'suspended?', Body: 'x' });
    expect((await t.s3.send(probe)).VersionId).toBeUndefined();
  });
  return made;
});

type Where = (t: Target) => Promise<Watched<BusEvent>>;

async function caused(
  t: Target,
  where: Where,
  what: Operation,
  detailType: string,
  key = t.name('k'),
): Promise<BusEvent> {
  const { bucket: b, of } = await where(t);
  await what(t, b, key);
  return eventually(async () => {
    const found = (await of(key)).find((event) => event['detail-type'] === detailType);
    if (!found) throw new Error(`no ${detailType} of ${key}`);
    return found;
  });
}

const uploaded = (t: Target) => caused(t, plain, operations.putObject, 'Object Created');

const enabling: readonly Fact[] = [
  {
    id: '4.1-no-permission',
    source: 'AWS-doc',
    expectation: 'EventBridgeConfiguration needs no permission of anybody',
    async run(t) {
      const b = await bucket(t);
      await put(t, b, { EventBridgeConfiguration: {} });
      expect(await get(t, b)).toEqual({ EventBridgeConfiguration: {} });
    },
  },
  {
    id: '4.1-default-bus',
    source: 'AWS-doc',
    expectation: "events go to the default bus of the owner's account in the bucket's Region",
    async run(t) {
      expect(await uploaded(t)).toMatchObject({ account: t.account, region: t.region });
    },
  },
  {
    id: '4.1-no-key-filter',
    source: 'AWS-doc',
    expectation: 'all events of all keys are sent: the rule filters',
    async run(t) {
      const { bucket: b, of, rule } = await plain(t);
      const wanted = t.name('k');
      const detail = {
        bucket: { name: [b] },
        object: { key: [{ prefix: `${wanted}/` }, { prefix: 'probe/' }] },
      };
      const EventPattern = JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Created'], detail });
      const narrow = t.name('rule');
      const { RuleArn = '' } = await t.events.send(new PutRuleCommand({ Name: narrow, EventPattern }));
      t.cleanUp(() => t.events.send(new DeleteRuleCommand({ Name: narrow })));
      const box = mailbox(
        t,
        await queue(t, { admits: { service: 'events.amazonaws.com', sourceArn: RuleArn } }),
      );
      await t.events.send(new PutTargetsCommand({ Rule: narrow, Targets: [{ Id: 'q', Arn: box.arn }] }));
      t.cleanUp(() => t.events.send(new RemoveTargetsCommand({ Rule: narrow, Ids: ['q'] })));
      let probes = 0;
      await eventually(async () => {
        await operations.putObject(t, b, `probe/narrow-${++probes}`);
        await box.messages((body) => body.includes('probe/narrow-'), 1, 1);
      });
      await operations.putObject(t, b, `${wanted}-other`);
      await operations.putObject(t, b, `${wanted}/in`);
      await box.messages((body) => body.includes(`"${wanted}/in"`));
      expect(await box.messages((body) => body.includes(`"${wanted}-other"`), 0)).toEqual([]);
      // The rule of the bucket gets both.
      expect(await of(`${wanted}-other`), rule).toHaveLength(1);
    },
  },
  {
    id: '4.1-target-permission',
    source: 'AWS-recorded',
    expectation: "a queue is a target only when its policy admits events.amazonaws.com for the rule's ARN",
    async run(t) {
      const { bucket: b, of, rule } = await plain(t);
      const closed = await queue(t);
      await t.events.send(
        new PutTargetsCommand({ Rule: rule, Targets: [{ Id: 'closed', Arn: closed.arn }] }),
      );
      t.cleanUp(() => t.events.send(new RemoveTargetsCommand({ Rule: rule, Ids: ['closed'] })));
      const before = t.name('k');
      await operations.putObject(t, b, before);
      await of(before);
      const box = mailbox(t, closed);
      expect(await box.messages((body) => body.includes(`"${before}"`), 0)).toEqual([]);
      const { Arn: sourceArn = '' } = await t.events.send(new DescribeRuleCommand({ Name: rule }));
      const Policy = admitting(
        t,
        { service: 'events.amazonaws.com', sourceArn },
        'sqs:SendMessage',
        closed.arn,
      );
      await t.sqs.send(new SetQueueAttributesCommand({ QueueUrl: closed.url, Attributes: { Policy } }));
      let probes = 0;
      await eventually(async () => {
        await operations.putObject(t, b, `opened/${++probes}`);
        await box.messages((body) => body.includes('opened/'), 1, 1);
      });
    },
  },
  {
    id: '4.1-region',
    source: 'AWS-recorded',
    expectation: "account and region are those of the bucket, in another Region the other Region's bus",
    async run(t) {
      const region = t.region === 'eu-west-1' ? 'us-west-2' : 'eu-west-1';
      const clients = t.clients({ region });
      const { bucket: b, of } = await watchedByBus(t, {}, clients);
      await clients.s3.send(new PutObjectCommand({ Bucket: b, Key: 'there', Body: 'x' }));
      expect((await of('there'))[0]).toMatchObject({ account: t.account, region });
    },
  },
  {
    id: '4.1-aws-source-refused',
    source: 'second-hand',
    expectation: 'nobody but S3 can put an event whose source begins with aws.',
    async run(t) {
      const { FailedEntryCount, Entries } = await t.events.send(
        new PutEventsCommand({ Entries: [{ Source: 'aws.s3', DetailType: 'Object Created', Detail: '{}' }] }),
      );
      expect(FailedEntryCount).toBe(1);
      expect(Entries?.[0]).toMatchObject({ ErrorCode: 'NotAuthorizedForSourceException' });
      expect(Entries?.[0]?.EventId).toBeUndefined();
    },
  },
];

function mapped(
  id: string,
  expectation: string,
  what: Operation,
  detailType: string,
  /** Of `detail`; undefined: absent. */
  detail: Record<string, unknown>,
  more: { readonly source?: Fact['source']; readonly where?: Where; readonly needs?: string } = {},
): Fact {
  const { source = 'AWS-doc', where = plain, needs } = more;
  return {
    id: `4.2-${id}`,
    source,
    expectation,
    ...(needs !== undefined && { needs }),
    async run(t) {
      const event = await caused(t, where, what, detailType);
      for (const [field, value] of Object.entries(detail)) {
        expect({ [field]: event.detail[field] }).toEqual({ [field]: value });
      }
    },
  };
}

const TIME = { needs: 'time that passes' };
const LATER: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

const mapping: readonly Fact[] = [
  mapped(
    'put',
    'PutObject is Object Created, reason PutObject',
    operations.putObject,
    'Object Created',
    { reason: 'PutObject' },
    { source: 'AWS-recorded' },
  ),
  mapped(
    'post',
    'the POST of a form is Object Created, with a reason of its own',
    operations.formPost,
    'Object Created',
    { reason: expect.stringMatching(/post/i) as unknown },
  ),
  mapped(
    'copy',
    'CopyObject is Object Created, reason CopyObject, and says whether there are annotations',
    operations.copyObject,
    'Object Created',
    {
      reason: 'CopyObject',
      object: expect.objectContaining({ 'has-object-annotation': false }) as unknown,
    },
  ),
  mapped(
    'multipart',
    'CompleteMultipartUpload is Object Created, reason CompleteMultipartUpload',
    operations.multipartUpload,
    'Object Created',
    { reason: 'CompleteMultipartUpload' },
  ),
  mapped(
    'delete',
    'a delete is Object Deleted, reason DeleteObject, Permanently Deleted',
    operations.deleteObject,
    'Object Deleted',
    { reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted' },
  ),
  mapped(
    'delete-version',
    'the delete of a version is Permanently Deleted',
    operations.deleteVersion,
    'Object Deleted',
    { 'deletion-type': 'Permanently Deleted' },
    { where: versioned },
  ),
  mapped(
    'marker',
    'a delete marker is Object Deleted, Delete Marker Created',
    operations.deleteObject,
    'Object Deleted',
    { reason: 'DeleteObject', 'deletion-type': 'Delete Marker Created' },
    { where: versioned },
  ),
  mapped(
    'lifecycle-delete',
    'a delete by lifecycle is Object Deleted, reason Lifecycle Expiration, by s3.amazonaws.com from no address',
    operations.lifecycleExpiration,
    'Object Deleted',
    {
      reason: 'Lifecycle Expiration',
      'deletion-type': 'Permanently Deleted',
      requester: 's3.amazonaws.com',
      'source-ip-address': undefined,
    },
    TIME,
  ),
  mapped(
    'lifecycle-marker',
    'a delete marker by lifecycle is Object Deleted, Delete Marker Created',
    operations.lifecycleExpiration,
    'Object Deleted',
    {
      reason: 'Lifecycle Expiration',
      'deletion-type': 'Delete Marker Created',
      requester: 's3.amazonaws.com',
      'source-ip-address': undefined,
    },
    { ...TIME, where: versioned },
  ),
  mapped(
    'restore-initiated',
    'RestoreObject is Object Restore Initiated with the storage class',
    operations.restoreObject,
    'Object Restore Initiated',
    { reason: undefined, 'source-storage-class': 'GLACIER' },
  ),
  mapped(
    'restore-completed',
    'a finished restore is Object Restore Completed with storage class and end',
    operations.restoreCompleted,
    'Object Restore Completed',
    {
      reason: undefined,
      'source-storage-class': 'GLACIER',
      'restore-expiry-time': LATER,
    },
    TIME,
  ),
  mapped(
    'restore-expired',
    'the end of a restored copy is Object Restore Expired',
    operations.restoreExpired,
    'Object Restore Expired',
    { reason: undefined },
    TIME,
  ),
  mapped(
    'transition',
    'a lifecycle transition is Object Storage Class Changed',
    operations.lifecycleTransition,
    'Object Storage Class Changed',
    { reason: undefined, 'destination-storage-class': 'STANDARD_IA' },
    TIME,
  ),
  mapped(
    'tiering',
    'the move to an archive tier is Object Access Tier Changed',
    operations.intelligentTiering,
    'Object Access Tier Changed',
    { reason: undefined, 'destination-access-tier': 'ARCHIVE_ACCESS' },
    TIME,
  ),
  mapped('acl', 'a change of the ACL is Object ACL Updated', operations.putAcl, 'Object ACL Updated', {
    reason: undefined,
  }),
  mapped('tags-added', 'PutObjectTagging is Object Tags Added', operations.putTagging, 'Object Tags Added', {
    reason: undefined,
  }),
  mapped(
    'tags-deleted',
    'DeleteObjectTagging is Object Tags Deleted',
    operations.deleteTagging,
    'Object Tags Deleted',
    { reason: undefined },
  ),
  mapped(
    'annotation-created',
    'PutObjectAnnotation is Object Annotation Created with one object-annotation',
    operations.putAnnotation,
    'Object Annotation Created',
    {
      reason: 'PutObjectAnnotation',
      'object-annotation': {
        name: 'summary',
        size: 5,
        etag: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      },
    },
  ),
  mapped(
    'annotation-removed',
    'DeleteObjectAnnotation is Object Annotation Removed with its name',
    operations.deleteAnnotation,
    'Object Annotation Removed',
    {
      reason: 'DeleteObjectAnnotation',
      'object-annotation': { name: 'summary' },
    },
  ),
  mapped(
    'retention',
    'PutObjectRetention is Object Retention Updated with mode and date',
    operations.putRetention,
    'Object Retention Updated',
    {
      reason: undefined,
      'object-retention-event-data': expect.objectContaining({
        mode: 'GOVERNANCE',
        'retain-until-date': expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
      }) as unknown,
    },
    { where: locked },
  ),
];

const UUID: unknown = expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const ETAG: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
const SEQUENCER: unknown = expect.stringMatching(/^[0-9A-Fa-f]{16,18}$/);
const VERSION: unknown = expect.stringMatching(/^[A-Za-z0-9._-]{32}$/);

/** A row about exactly these fields of `detail.object`, the key aside. */
function objectFields(
  id: string,
  expectation: string,
  where: Where,
  what: Operation,
  detailType: string,
  object: Record<string, unknown>,
  more: { readonly source?: Fact['source']; readonly needs?: string } = {},
): Fact {
  const { source = 'AWS-recorded', needs } = more;
  return {
    id: `4.3-object-${id}`,
    source,
    expectation,
    ...(needs !== undefined && { needs }),
    async run(t) {
      const { key: _, ...rest } = (await caused(t, where, what, detailType)).detail.object;
      expect(rest).toEqual(object);
    },
  };
}

const CREATED = { size: 5, etag: ETAG, sequencer: SEQUENCER };

const shape: readonly Fact[] = [
  {
    id: '4.3-envelope',
    source: 'AWS-recorded',
    expectation:
      'the envelope has version 0, a UUID, source aws.s3, a time in seconds and the ARN of the bucket',
    async run(t) {
      const { bucket: b } = await plain(t);
      const { detail: _, ...envelope } = await uploaded(t);
      expect(envelope).toEqual({
        version: '0',
        id: UUID,
        'detail-type': 'Object Created',
        source: 'aws.s3',
        account: t.account,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: t.region,
        resources: [`arn:${t.partition}:s3:::${b}`],
      });
      expect(Object.keys(envelope)).toEqual([
        'version',
        'id',
        'detail-type',
        'source',
        'account',
        'time',
        'region',
        'resources',
      ]);
    },
  },
  {
    id: '4.3-detail',
    source: 'AWS-doc',
    expectation: 'the detail has an event-version, and its fields in the order of AWS',
    async run(t) {
      const { detail } = await uploaded(t);
      expect(Object.keys(detail)).toEqual([
        'version',
        'event-version',
        'bucket',
        'object',
        'request-id',
        'requester',
        'source-ip-address',
        'reason',
      ]);
      expect(detail).toMatchObject({ version: '0', 'event-version': expect.stringMatching(/^1\.\d+$/) });
    },
  },
  {
    id: '4.3-bucket',
    source: 'AWS-recorded',
    expectation: 'the detail names the bucket, without an ARN or an owner',
    async run(t) {
      const { bucket: name } = await plain(t);
      expect((await uploaded(t)).detail.bucket).toEqual({ name });
    },
  },
  {
    id: '4.3-key-raw',
    source: 'second-hand',
    expectation: 'the key is not URL-encoded',
    async run(t) {
      const key = `${t.name('k')}/red flower+é(1).jpg`;
      const event = await caused(t, plain, operations.putObject, 'Object Created', key);
      expect(event.detail.object.key).toBe(key);
    },
  },
  {
    id: '4.3-request-id',
    source: 'AWS-recorded',
    expectation: 'request-id is that of the response, and there is no x-amz-id-2',
    async run(t) {
      const { bucket: b, of } = await plain(t);
      const Key = t.name('k');
      const { $metadata } = await t.s3.send(new PutObjectCommand({ Bucket: b, Key, Body: 'x' }));
      const [event] = await of(Key);
      expect(event?.detail).toMatchObject({ 'request-id': $metadata.requestId });
      expect(JSON.stringify(event)).not.toContain($metadata.extendedRequestId);
    },
  },
  {
    id: '4.3-requester',
    source: 'AWS-recorded',
    expectation: "requester is the caller's account",
    async run(t) {
      expect((await uploaded(t)).detail).toMatchObject({ requester: t.account });
    },
  },
  objectFields(
    'created',
    'Object Created has size, etag and sequencer',
    plain,
    operations.putObject,
    'Object Created',
    CREATED,
  ),
  objectFields(
    'created-versioned',
    'Object Created has version-id while versioning is enabled',
    versioned,
    operations.putObject,
    'Object Created',
    { ...CREATED, 'version-id': VERSION },
  ),
  objectFields(
    'created-suspended',
    'Object Created has no version-id while versioning is suspended',
    suspended,
    operations.putObject,
    'Object Created',
    CREATED,
  ),
  objectFields(
    'deleted',
    'Object Deleted for good has the sequencer',
    plain,
    operations.deleteObject,
    'Object Deleted',
    { sequencer: SEQUENCER },
  ),
  objectFields(
    'deleted-version',
    'Object Deleted of a version names it',
    versioned,
    operations.deleteVersion,
    'Object Deleted',
    { 'version-id': VERSION, sequencer: SEQUENCER },
  ),
  objectFields(
    'marker',
    'Delete Marker Created has the etag of nothing, version-id and sequencer, no size',
    versioned,
    operations.deleteObject,
    'Object Deleted',
    {
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      'version-id': VERSION,
      sequencer: SEQUENCER,
    },
    { source: 'AWS-doc' },
  ),
  objectFields(
    'restore-initiated',
    'Object Restore Initiated has size and etag, no sequencer',
    plain,
    operations.restoreObject,
    'Object Restore Initiated',
    { size: 5, etag: ETAG },
  ),
  objectFields(
    'restore-completed',
    'Object Restore Completed has size and etag, no sequencer',
    plain,
    operations.restoreCompleted,
    'Object Restore Completed',
    { size: 5, etag: ETAG },
    TIME,
  ),
  objectFields(
    'acl',
    'Object ACL Updated has the etag only',
    plain,
    operations.putAcl,
    'Object ACL Updated',
    { etag: ETAG },
  ),
  {
    id: '4.3-restore-completed-address',
    source: 'AWS-recorded',
    expectation: 'Object Restore Completed has no source-ip-address',
    ...TIME,
    async run(t) {
      const event = await caused(t, plain, operations.restoreCompleted, 'Object Restore Completed');
      expect(event.detail).not.toHaveProperty('source-ip-address');
    },
  },
  {
    id: '4.3-marker-then-version',
    source: 'AWS-recorded',
    expectation: 'deleting a marker is one more Object Deleted, with its version-id',
    async run(t) {
      const { bucket: b, of } = await versioned(t);
      const Key = t.name('k');
      const { VersionId } = await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key }));
      await t.s3.send(new DeleteObjectCommand({ Bucket: b, Key, VersionId }));
      const events = await of(Key, 2);
      expect(events.map(({ detail }) => detail['deletion-type']).sort()).toEqual([
        'Delete Marker Created',
        'Permanently Deleted',
      ]);
      for (const { detail } of events) expect(detail.object).toMatchObject({ 'version-id': VersionId });
    },
  },
  {
    id: '4.3-rule-missing',
    source: 'AWS-recorded',
    expectation: 'DescribeRule of an unknown rule names it and the bus',
    async run(t) {
      const Name = t.name('nobody');
      expect(await refusal(t.events.send(new DescribeRuleCommand({ Name })))).toMatchObject({
        status: 400,
        code: 'ResourceNotFoundException',
        message: `Rule ${Name} does not exist on EventBus default.`,
      });
    },
  },
  {
    id: '4.3-rule-has-targets',
    source: 'AWS-recorded',
    expectation: 'a rule with targets cannot be deleted',
    async run(t) {
      const { rule } = await plain(t);
      expect(await refusal(t.events.send(new DeleteRuleCommand({ Name: rule })))).toMatchObject({
        status: 400,
        code: 'ValidationException',
        message: "Rule can't be deleted since it has targets.",
      });
    },
  },
  {
    id: '4.3-too-many-targets',
    source: 'AWS-recorded',
    expectation: 'a rule has at most five targets',
    async run(t) {
      const { rule } = await plain(t);
      const { arn: Arn } = await queue(t);
      const Targets = Array.from({ length: 6 }, (_, index) => ({ Id: `t${index}`, Arn }));
      expect(await refusal(t.events.send(new PutTargetsCommand({ Rule: rule, Targets })))).toMatchObject({
        status: 400,
        code: 'LimitExceededException',
        message: 'The requested resource exceeds the maximum number allowed.',
      });
    },
  },
];

const legacy: readonly Fact[] = [
  {
    id: '4.3-legacy',
    source: 'AWS-recorded',
    expectation: 'before mid-2026 the detail had no event-version',
    needs: 'the numbering of 2025',
    async run(t) {
      expect((await uploaded(t)).detail).not.toHaveProperty('event-version');
    },
  },
];

describeFacts('4 EventBridge', [...enabling, ...mapping, ...shape]);
describeFacts('4 EventBridge before event-version', legacy, { eventVersion: 'legacy' });
