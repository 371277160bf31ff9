import { request } from 'node:http';
import * as S3 from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectRecord } from '../../../src/sandbox/delivery/object-event.ts';
import { createS3Service, type S3Service } from '../../../src/sandbox/services/s3/index.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { createWireServer, type WireServer } from '../../../src/sandbox/wire/server.ts';
import { ACCOUNT, createTestEnv, fakeDestination, QUEUE_ARN } from './support.ts';

const Bucket = 'http-bucket';
const sqs = fakeDestination();
const env = createTestEnv();
const errors: unknown[] = [];
let service: S3Service;
let server: WireServer;
let url: string;
let client: S3.S3Client;

beforeAll(async () => {
  service = createS3Service(env, { sqs });
  server = createWireServer({
    account: ACCOUNT,
    region: 'us-east-1',
    ids: env.ids,
    journal: env.journal,
    onError: (error) => errors.push(error),
  });
  server.mount(defineService(SERVICE_SPECS.s3, S3), service.handlers);
  url = `http://127.0.0.1:${await server.listen(0)}`;
  client = new S3.S3Client({
    endpoint: url,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});
beforeEach(async () => {
  service.reset();
  sqs.received.length = 0;
  await client.send(new S3.CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await client.send(
    new S3.PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          { Id: 'q', QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*', 's3:ObjectAnnotation:*'] },
        ],
      },
      SkipDestinationValidation: true,
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await server.close();
  expect(errors).toEqual([]);
});

async function records(): Promise<readonly ObjectRecord[]> {
  await env.work.idle();
  return sqs.received.flatMap(({ message }) => (JSON.parse(message) as { Records: ObjectRecord[] }).Records);
}

const policyOf = (conditions: readonly unknown[], expiration = new Date(env.clock.now() + 60_000)) =>
  Buffer.from(JSON.stringify({ expiration: expiration.toISOString(), conditions })).toString('base64');

const SIGNATURE = {
  'x-amz-algorithm': 'AWS4-HMAC-SHA256',
  'x-amz-credential': 'AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/s3/aws4_request',
  'x-amz-date': '20260102T030405Z',
  'x-amz-signature': 'f00',
};

/** Posts the fields in their order, then the file, then `late`. */
async function post(
  fields: Readonly<Record<string, string>>,
  file: { readonly name?: string; readonly content: string } = { content: 'hello' },
  target = Bucket,
): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append('file', new Blob([file.content]), file.name ?? 'a.txt');
  body.append('late', 'ignored');
  return fetch(`${url}/${target}`, { method: 'POST', body, redirect: 'manual' });
}

/** To `/` of a host, which fetch would have to look up. Resolves with the status. */
async function postByHost(host: string, encoded: Response): Promise<number | undefined> {
  const headers = { host, 'content-type': encoded.headers.get('content-type') ?? '' };
  const data = Buffer.from(await encoded.arrayBuffer());
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end(data);
  });
}

const head = (Key: string) => client.send(new S3.HeadObjectCommand({ Bucket, Key }));

/** Code, message and further elements of an error. */
async function errorOf(response: Response): Promise<Record<string, string>> {
  const text = await response.text();
  return Object.fromEntries(
    [...text.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('&quot;', '"').replaceAll('&apos;', "'"),
    ]),
  );
}

describe('a browser upload', () => {
  it('stores what the form says and is an event of its own', async () => {
    const response = await post({
      key: 'in box/${filename}',
      'Content-Type': 'text/plain',
      'x-amz-meta-Note': 'ä\nb',
      'x-amz-storage-class': 'STANDARD_IA',
      tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>',
      ...SIGNATURE,
      policy: policyOf([
        { bucket: Bucket },
        ['starts-with', '$key', 'in box/'],
        ['starts-with', '$Content-Type', 'text/'],
        ['eq', '$x-amz-meta-note', 'ä\nb'.replace('\n', '\r\n')],
        { 'X-Amz-Storage-Class': 'STANDARD_IA' },
        ['starts-with', '$tagging', ''],
        { 'x-amz-algorithm': SIGNATURE['x-amz-algorithm'] },
        { 'x-amz-credential': SIGNATURE['x-amz-credential'] },
        { 'x-amz-date': SIGNATURE['x-amz-date'] },
        ['content-length-range', 5, '5'],
      ]),
    });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(response.headers.get('etag')).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(response.headers.get('location')).toBe(`${url}/${Bucket}/in%20box%2Fa.txt`);
    const object = await head('in box/a.txt');
    expect(object).toMatchObject({
      ContentType: 'text/plain',
      ContentLength: 5,
      StorageClass: 'STANDARD_IA',
      VersionId: response.headers.get('x-amz-version-id'),
    });
    const { TagSet } = await client.send(new S3.GetObjectTaggingCommand({ Bucket, Key: 'in box/a.txt' }));
    expect(TagSet).toEqual([{ Key: 'a', Value: '1' }]);
    const put = await client.send(new S3.PutObjectCommand({ Bucket, Key: 'put', Body: 'x' }));
    const [posted, other] = await records();
    expect(posted).toMatchObject({
      eventName: 'ObjectCreated:Post',
      userIdentity: other!.userIdentity,
      responseElements: { 'x-amz-request-id': response.headers.get('x-amz-request-id') },
      s3: { object: { key: 'in+box/a.txt', size: 5, versionId: object.VersionId } },
    });
    expect(put.$metadata.requestId).toBe(other!.responseElements['x-amz-request-id']);
  });

  it('answers as the form wants', async () => {
    const created = await post({ key: 'a/é', success_action_status: '201' });
    expect(created.status).toBe(201);
    const location = `${url}/${Bucket}/a%2F%C3%A9`;
    expect(await created.text()).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${location}</Location><Bucket>${Bucket}</Bucket><Key>a/é</Key><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag></PostResponse>`,
    );
    expect((await post({ key: 'k', success_action_status: '200' })).status).toBe(200);
    expect((await post({ key: 'k', success_action_status: '404' })).status).toBe(204);
    const redirected = await post({ key: 'a b/c', success_action_redirect: 'http://example.com/done?x=1' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      303,
      `http://example.com/done?x=1&bucket=${Bucket}&key=a+b%2Fc&etag=%225d41402abc4b2a76b9719d911017c592%22`,
    ]);
    expect((await post({ key: 'k', success_action_redirect: '/relative' })).status).toBe(204);
  });

  it('goes to a bucket by its host name too, and to nothing else', async () => {
    const body = new FormData();
    body.append('key', 'k');
    body.append('file', new Blob(['x']), 'x');
    const onKey = await fetch(`${url}/${Bucket}/key`, { method: 'POST', body });
    expect([onKey.status, (await errorOf(onKey))['Code']]).toEqual([405, 'MethodNotAllowed']);
    const missing = await post({ key: 'k' }, { content: 'x' }, 'missing-bucket');
    expect([missing.status, (await errorOf(missing))['Code']]).toEqual([404, 'NoSuchBucket']);
    const byHost = await postByHost(`${Bucket}.localhost`, new Response(body));
    expect(byHost).toBe(204);
    expect(await head('k')).toMatchObject({ ContentLength: 1 });
  });

  const BASE = { key: 'user/k', ...SIGNATURE };
  const COVERED = Object.entries(SIGNATURE)
    .filter(([name]) => name !== 'x-amz-signature')
    .map(([name, value]) => ({ [name]: value }));
  it.each<[string, Record<string, string>, number, Record<string, string>]>([
    [
      'expired',
      { ...BASE, policy: policyOf([], new Date(0)) },
      403,
      { Code: 'AccessDenied', Message: 'Invalid according to Policy: Policy expired.' },
    ],
    [
      'for another key',
      { ...BASE, policy: policyOf([...COVERED, ['starts-with', '$key', 'other/']]) },
      403,
      { Message: 'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "other/"]' },
    ],
    [
      'for another bucket',
      { ...BASE, policy: policyOf([...COVERED, { bucket: 'b' }, { key: 'user/k' }]) },
      403,
      { Message: 'Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "b"]' },
    ],
    [
      'with a field that is absent',
      { ...BASE, policy: policyOf([...COVERED, { key: 'user/k' }, ['starts-with', '$acl', '']]) },
      403,
      { Message: 'Invalid according to Policy: Policy Condition failed: ["starts-with", "$acl", ""]' },
    ],
    [
      'silent on a field',
      { ...BASE, 'X-Extra': '1', 'x-ignore-me': '1', policy: policyOf([...COVERED, { key: 'user/k' }]) },
      403,
      { Message: 'Invalid according to Policy: Extra input fields: X-Extra' },
    ],
    [
      'for smaller files',
      { ...BASE, policy: policyOf([...COVERED, { key: 'user/k' }, ['content-length-range', 0, 4]]) },
      400,
      { Code: 'EntityTooLarge', ProposedSize: '5', MaxSizeAllowed: '4' },
    ],
    [
      'for larger files',
      { ...BASE, policy: policyOf([...COVERED, { key: 'user/k' }, ['content-length-range', 6, 9]]) },
      400,
      { Code: 'EntityTooSmall', ProposedSize: '5', MinSizeAllowed: '6' },
    ],
    [
      'that is no JSON',
      { ...BASE, policy: 'bm8=' },
      400,
      { Code: 'InvalidPolicyDocument', Message: 'Invalid Policy: Invalid JSON.' },
    ],
    [
      'with two properties in one',
      { ...BASE, policy: policyOf([{ a: '1', b: '2' }]) },
      400,
      {
        Message:
          'Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
      },
    ],
    [
      'without a signature',
      { key: 'k', 'x-amz-algorithm': 'A', 'x-amz-credential': 'c', 'x-amz-date': 'd' },
      400,
      {
        Message:
          "Bucket POST must contain a field named 'X-Amz-Signature'.  If it is specified, please check the order of the fields.",
        ArgumentName: 'X-Amz-Signature',
      },
    ],
    [
      'signed for another Region',
      { ...BASE, 'x-amz-credential': 'AK/20260102/eu-west-1/s3/aws4_request' },
      400,
      { Message: "the region 'eu-west-1' is wrong; expecting 'us-east-1'", Region: 'us-east-1' },
    ],
    ['without a key', { acl: 'private' }, 400, { Code: 'InvalidArgument', ArgumentName: 'key' }],
    [
      'with long fields',
      { key: 'k', 'x-amz-meta-a': 'x'.repeat(20_480) },
      400,
      { Code: 'MaxPostPreDataLengthExceeded', MaxPostPreDataLengthBytes: '20480' },
    ],
    ['of an unknown class', { key: 'k', 'x-amz-storage-class': 'X' }, 400, { Code: 'InvalidStorageClass' }],
    ['with other tags', { key: 'k', tagging: 'not-xml' }, 400, { Code: 'MalformedXML' }],
    ['with a wrong digest', { key: 'k', 'x-amz-checksum-crc32': 'AAAAAA==' }, 400, { Code: 'BadDigest' }],
  ])('with a policy or a form %s is refused and is no event', async (_, fields, status, error) => {
    const response = await post(fields);
    expect({ status: response.status, ...(await errorOf(response)) }).toMatchObject({ status, ...error });
    expect(await records()).toEqual([]);
  });

  it('needs one file and a form that can be read', async () => {
    const withoutFile = new FormData();
    withoutFile.append('key', 'k');
    const empty = await fetch(`${url}/${Bucket}`, { method: 'POST', body: withoutFile });
    expect(await errorOf(empty)).toMatchObject({
      Message: 'POST requires exactly one file upload per request.',
      ArgumentName: 'file',
      ArgumentValue: '0',
    });
    const broken = await fetch(`${url}/${Bucket}`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data' },
      body: 'x',
    });
    expect([broken.status, (await errorOf(broken))['Code']]).toEqual([400, 'MalformedPOSTRequest']);
  });
});

describe('a presigned URL', () => {
  const presigned = (key: string, seconds: number, ago = 0) => {
    const date = new Date(env.clock.now() - ago * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/s3/aws4_request',
      'X-Amz-Date': date,
      'X-Amz-Expires': String(seconds),
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': 'f00',
    });
    return `${url}/${Bucket}/${key}?${query.toString()}`;
  };

  it('uploads and downloads until its time is over', async () => {
    expect((await fetch(presigned('k', 60, 60), { method: 'PUT', body: 'x' })).status).toBe(200);
    expect(await (await fetch(presigned('k', 60))).text()).toBe('x');
    const [record] = await records();
    expect(record!.eventName).toBe('ObjectCreated:Put');
    expect(record!.userIdentity.principalId).toMatch(/^AWS:/);
    for (const options of [{ method: 'PUT', body: 'y' }, {}]) {
      const late = await fetch(presigned('k', 60, 61), options);
      expect({ status: late.status, ...(await errorOf(late)) }).toMatchObject({
        status: 403,
        Code: 'AccessDenied',
        Message: 'Request has expired',
        Expires: '2026-01-02T03:04:04Z',
        ServerTime: '2026-01-02T03:04:05Z',
      });
    }
    expect(await records()).toHaveLength(1);
  });

  it('is good for a week at most', async () => {
    const response = await fetch(presigned('k', 604_801));
    expect({ status: response.status, ...(await errorOf(response)) }).toMatchObject({
      status: 400,
      Code: 'AuthorizationQueryParametersError',
    });
  });

  it('of signature version 2 ends too', async () => {
    await client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const old = (expires: number) =>
      fetch(`${url}/${Bucket}/k?AWSAccessKeyId=AK&Expires=${expires}&Signature=x`);
    const now = Math.floor(env.clock.now() / 1000);
    expect([(await old(now)).status, (await old(now - 1)).status]).toEqual([200, 403]);
  });
});

describe('through the SDK', () => {
  it('stores lifecycle rules', async () => {
    const Rules: S3.LifecycleRule[] = [
      {
        ID: 'all',
        Status: 'Enabled',
        Filter: { And: { Prefix: 'a/', Tags: [{ Key: 'k', Value: 'v' }], ObjectSizeGreaterThan: 1 } },
        Transitions: [{ Days: 0, StorageClass: 'GLACIER' }],
        Expiration: { Days: 1 },
        NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 3 },
      },
      { ID: 'empty', Status: 'Disabled', Filter: {}, Expiration: { Date: new Date('2026-02-01') } },
    ];
    const LifecycleConfiguration = { Rules };
    await client.send(new S3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    const stored = await client.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(stored.Rules).toEqual(Rules);
    await client.send(new S3.DeleteBucketLifecycleCommand({ Bucket }));
    await expect(
      client.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket })),
    ).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
  });

  it('restores', async () => {
    const target = { Bucket, Key: 'cold' };
    await client.send(new S3.PutObjectCommand({ ...target, Body: 'x', StorageClass: 'GLACIER' }));
    const restored = await client.send(
      new S3.RestoreObjectCommand({
        ...target,
        RestoreRequest: { Days: 1, GlacierJobParameters: { Tier: 'Bulk' } },
      }),
    );
    expect(restored.$metadata.httpStatusCode).toBe(202);
    expect((await head('cold')).Restore).toBe('ongoing-request="true"');
    await expect(client.send(new S3.GetObjectCommand(target))).rejects.toThrow(S3.InvalidObjectState);
  });

  it('locks', async () => {
    const target = { Bucket, Key: 'k' };
    const until = new Date(env.clock.now() + 86_400_000);
    const { VersionId } = await client.send(
      new S3.PutObjectCommand({ ...target, Body: 'x', ObjectLockLegalHoldStatus: 'ON' }),
    );
    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: until };
    await client.send(new S3.PutObjectRetentionCommand({ ...target, Retention }));
    expect(await head('k')).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
      ObjectLockLegalHoldStatus: 'ON',
    });
    await expect(client.send(new S3.DeleteObjectCommand({ ...target, VersionId }))).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    const got = await client.send(new S3.GetObjectRetentionCommand(target));
    expect(got.Retention).toEqual(Retention);
  });

  it('annotates', async () => {
    const target = { Bucket, Key: 'k', AnnotationName: 'labels' };
    await client.send(new S3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await client.send(new S3.PutObjectAnnotationCommand({ ...target, AnnotationPayload: '["a"]' }));
    const got = await client.send(new S3.GetObjectAnnotationCommand(target));
    expect(await got.AnnotationPayload!.transformToString()).toBe('["a"]');
    const list = await client.send(new S3.ListObjectAnnotationsCommand({ Bucket, Key: 'k' }));
    expect(list.Annotations).toMatchObject([{ AnnotationName: 'labels', Size: 5 }]);
    await client.send(new S3.DeleteObjectAnnotationCommand(target));
    await expect(client.send(new S3.GetObjectAnnotationCommand(target))).rejects.toMatchObject({
      name: 'NoSuchAnnotation',
    });
    expect((await records()).map((record) => record.eventName)).toEqual([
      'ObjectCreated:Put',
      'ObjectAnnotation:Put',
      'ObjectAnnotation:Delete',
    ]);
  });
});
