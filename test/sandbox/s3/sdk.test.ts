import { Readable } from 'node:stream';
import * as S3 from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createS3Service, type S3Service } from '../../../src/sandbox/services/s3/index.ts';
import type { ObjectRecord } from '../../../src/sandbox/delivery/object-event.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { createWireServer, type WireServer } from '../../../src/sandbox/wire/server.ts';
import { ACCOUNT, createTestEnv, fakeDestination, FUNCTION_ARN, QUEUE_ARN } from './support.ts';

const Bucket = 'sdk-bucket';
const [lambda, sqs] = [fakeDestination(), fakeDestination()];
const env = createTestEnv();
const errors: unknown[] = [];
let service: S3Service;
let server: WireServer;
let port: number;
let client: S3.S3Client;

function createClient(region: string, more: S3.S3ClientConfig = {}): S3.S3Client {
  return new S3.S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    ...more,
  });
}

beforeAll(async () => {
  service = createS3Service(env, { lambda, sqs });
  server = createWireServer({
    account: ACCOUNT,
    region: 'us-east-1',
    ids: env.ids,
    journal: env.journal,
    onError: (error) => errors.push(error),
  });
  server.mount(defineService(SERVICE_SPECS.s3, S3), service.handlers);
  port = await server.listen(0);
  client = createClient('us-east-1');
});
beforeEach(async () => {
  service.reset();
  sqs.received.length = 0;
  lambda.received.length = 0;
  lambda.problems = {};
  await client.send(new S3.CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  client.destroy();
  await server.close();
  expect(errors).toEqual([]);
});

describe('through the SDK', () => {
  it('uploads strings and streams and reads them back', async () => {
    const Metadata = { 'x-y': 'value' };
    const Key = 'in box/é (1)/../a+b';
    await client.send(new S3.PutObjectCommand({ Bucket, Key, Body: 'hello', Metadata, ContentType: 'a/b' }));
    const got = await client.send(new S3.GetObjectCommand({ Bucket, Key }));
    expect(await got.Body!.transformToString()).toBe('hello');
    expect(got).toMatchObject({
      Metadata,
      ContentType: 'a/b',
      ChecksumType: 'FULL_OBJECT',
      ContentLength: 5,
    });
    const Body = Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(5, 'b')]);
    await client.send(new S3.PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 70_005 }));
    const stream = await client.send(new S3.GetObjectCommand({ Bucket, Key: 'stream', Range: 'bytes=-7' }));
    expect(await stream.Body!.transformToString()).toBe('aabbbbb');
    expect([stream.$metadata.httpStatusCode, stream.ContentRange, stream.ContentEncoding]).toEqual([
      206,
      'bytes 69998-70004/70005',
      undefined,
    ]);
    const list = await client.send(new S3.ListObjectsV2Command({ Bucket }));
    expect(list.Contents?.map((entry) => [entry.Key, entry.Size])).toEqual([
      [Key, 5],
      ['stream', 70_005],
    ]);
  });

  it('maps errors to the classes of the SDK', async () => {
    await expect(client.send(new S3.GetObjectCommand({ Bucket, Key: 'no' }))).rejects.toThrow(S3.NoSuchKey);
    await expect(client.send(new S3.HeadObjectCommand({ Bucket, Key: 'no' }))).rejects.toThrow(S3.NotFound);
    await expect(client.send(new S3.HeadBucketCommand({ Bucket: 'missing' }))).rejects.toThrow(S3.NotFound);
    await client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const { ETag } = await client.send(new S3.HeadObjectCommand({ Bucket, Key: 'k' }));
    await expect(
      client.send(new S3.GetObjectCommand({ Bucket, Key: 'k', IfNoneMatch: ETag! })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    await expect(
      client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed', Condition: 'If-None-Match' });
  });

  it('finds buckets in other Regions', async () => {
    const europe = createClient('eu-west-1');
    const elsewhere = createClient('us-east-1', { followRegionRedirects: true });
    try {
      await europe.send(new S3.CreateBucketCommand({ Bucket: 'europe' }));
      const location = await client.send(new S3.GetBucketLocationCommand({ Bucket: 'europe' }));
      expect(location.LocationConstraint).toBe('eu-west-1');
      expect(
        (await client.send(new S3.GetBucketLocationCommand({ Bucket }))).LocationConstraint,
      ).toBeUndefined();
      await expect(client.send(new S3.ListObjectsV2Command({ Bucket: 'europe' }))).rejects.toMatchObject({
        name: 'PermanentRedirect',
        $metadata: { httpStatusCode: 301 },
      });
      const head = client.send(new S3.HeadBucketCommand({ Bucket: 'europe' }));
      await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 301 } });
      const error = (await head.catch((thrown: unknown) => thrown)) as {
        $response: { headers: Record<string, string> };
      };
      expect(error.$response.headers['x-amz-bucket-region']).toBe('eu-west-1');
      await elsewhere.send(new S3.PutObjectCommand({ Bucket: 'europe', Key: 'k', Body: 'x' }));
      expect((await europe.send(new S3.HeadBucketCommand({ Bucket: 'europe' }))).BucketRegion).toBe(
        'eu-west-1',
      );
    } finally {
      europe.destroy();
      elsewhere.destroy();
    }
  });

  it('stores notifications and delivers with the ids of the response', async () => {
    const NotificationConfiguration: S3.NotificationConfiguration = {
      LambdaFunctionConfigurations: [
        {
          Id: 'f',
          LambdaFunctionArn: FUNCTION_ARN,
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'in+box/' }] } },
        },
      ],
      QueueConfigurations: [{ Id: 'q', QueueArn: QUEUE_ARN, Events: ['s3:ObjectRemoved:*'] }],
      EventBridgeConfiguration: {},
    };
    await client.send(
      new S3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }),
    );
    expect(sqs.received).toHaveLength(1);
    const { $metadata: _, ...stored } = await client.send(
      new S3.GetBucketNotificationConfigurationCommand({ Bucket }),
    );
    NotificationConfiguration.LambdaFunctionConfigurations![0]!.Filter = {
      Key: { FilterRules: [{ Name: 'Prefix' as 'prefix', Value: 'in+box/' }] },
    };
    expect(stored).toEqual(NotificationConfiguration);
    const put = await client.send(new S3.PutObjectCommand({ Bucket, Key: 'in box/a', Body: 'x' }));
    await env.work.idle();
    const { Records } = JSON.parse(lambda.received[0]!.message) as { Records: ObjectRecord[] };
    expect(Records[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      responseElements: {
        'x-amz-request-id': put.$metadata.requestId,
        'x-amz-id-2': put.$metadata.extendedRequestId,
      },
      s3: { configurationId: 'f', object: { key: 'in+box/a', size: 1 } },
    });
    lambda.problems[FUNCTION_ARN] = { name: `${FUNCTION_ARN}, null`, value: 'Not authorized' };
    await expect(
      client.send(new S3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration })),
    ).rejects.toMatchObject({
      name: 'InvalidArgument',
      ArgumentName1: `${FUNCTION_ARN}, null`,
      ArgumentValue1: 'Not authorized',
    });
    await client.send(
      new S3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
    );
    const empty = await client.send(new S3.GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(Object.keys(empty)).toEqual(['$metadata']);
  });

  it('answers a delivery only after the upload', async () => {
    await client.send(
      new S3.PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [
            { Id: 'f', LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectCreated:*'] },
          ],
        },
      }),
    );
    const put = await client.send(new S3.PutObjectCommand({ Bucket, Key: 'order', Body: 'x' }));
    await env.work.idle();
    const steps = env.journal
      .entries()
      .filter(
        (entry) =>
          (entry.type === 'request' && entry.requestId === put.$metadata.requestId) ||
          (entry.type === 'delivery' && entry.key === 'order'),
      )
      .map(({ type }) => type);
    expect(steps).toEqual(['request', 'delivery']);
  });

  it('versions, tags, copies and deletes', async () => {
    await client.send(
      new S3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const one = await client.send(new S3.PutObjectCommand({ Bucket, Key: 'a b', Body: '1' }));
    await client.send(new S3.PutObjectCommand({ Bucket, Key: 'a b', Body: '2' }));
    const copy = await client.send(
      new S3.CopyObjectCommand({
        Bucket,
        Key: 'copy',
        CopySource: `${Bucket}/a%20b?versionId=${one.VersionId!}`,
      }),
    );
    expect(copy.CopySourceVersionId).toBe(one.VersionId);
    const copied = await client.send(new S3.GetObjectCommand({ Bucket, Key: 'copy' }));
    expect(await copied.Body!.transformToString()).toBe('1');
    const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] };
    await client.send(new S3.PutObjectTaggingCommand({ Bucket, Key: 'copy', Tagging }));
    expect((await client.send(new S3.GetObjectTaggingCommand({ Bucket, Key: 'copy' }))).TagSet).toEqual(
      Tagging.TagSet,
    );
    const deleted = await client.send(
      new S3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'copy' }, { Key: 'never' }] } }),
    );
    expect(deleted.Deleted?.map(({ Key, DeleteMarker }) => [Key, DeleteMarker])).toEqual([
      ['copy', true],
      ['never', true],
    ]);
    const versions = await client.send(new S3.ListObjectVersionsCommand({ Bucket }));
    expect([versions.Versions?.length, versions.DeleteMarkers?.length]).toEqual([3, 2]);
  });

  it('uploads in parts', async () => {
    const target = { Bucket, Key: 'parts' };
    const { UploadId } = await client.send(new S3.CreateMultipartUploadCommand(target));
    const sizes = [5 * 1024 * 1024, 10];
    const Parts = await Promise.all(
      sizes.map(async (size, index) => {
        const part = { ...target, UploadId, PartNumber: index + 1, Body: Buffer.alloc(size, index) };
        const { ETag } = await client.send(new S3.UploadPartCommand(part));
        return { ETag, PartNumber: index + 1 };
      }),
    );
    const done = await client.send(
      new S3.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const got = await client.send(new S3.GetObjectCommand(target));
    expect((await got.Body!.transformToByteArray()).length).toBe(5 * 1024 * 1024 + 10);
  });

  it('reads the settings of a bucket', async () => {
    const acl = await client.send(new S3.GetBucketAclCommand({ Bucket }));
    expect(acl.Grants?.[0]?.Grantee).toMatchObject({ Type: 'CanonicalUser', ID: acl.Owner?.ID });
    const block = await client.send(new S3.GetPublicAccessBlockCommand({ Bucket }));
    expect(block.PublicAccessBlockConfiguration?.BlockPublicAcls).toBe(true);
    const Resource = `arn:aws:s3:::${Bucket}`;
    const given = JSON.stringify({
      Statement: { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource },
    });
    await client.send(new S3.PutBucketPolicyCommand({ Bucket, Policy: given }));
    const { Policy } = await client.send(new S3.GetBucketPolicyCommand({ Bucket }));
    expect(Policy).toBe(given);
    const versioning = await client.send(new S3.GetBucketVersioningCommand({ Bucket }));
    expect(versioning.Status).toBeUndefined();
    const { Buckets } = await client.send(new S3.ListBucketsCommand({ Prefix: 'sdk' }));
    expect(Buckets?.map(({ Name, BucketRegion }) => [Name, BucketRegion])).toEqual([[Bucket, 'us-east-1']]);
  });
});
