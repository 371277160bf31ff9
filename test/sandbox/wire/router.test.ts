import { describe, expect, it } from 'vitest';
import { createRouter, parseQuery } from '../../../src/sandbox/wire/router.ts';
import type { RequestContext } from '../../../src/sandbox/wire/types.ts';
import { ask, services, signedFor, startServer } from './support.ts';

const s3 = createRouter(services.s3.operations.values());
const lambda = createRouter(services.lambda.operations.values());

function route(method: string, url: string, headers: Record<string, string> = {}): string | undefined {
  const [path = '', query = ''] = url.split('?');
  return s3.match(method, path, parseQuery(query), headers)?.operation.name;
}

describe('S3 operations without x-id', () => {
  it.each([
    ['GET', '/', 'ListBuckets'],
    ['PUT', '/b', 'CreateBucket'],
    ['PUT', '/b/', 'CreateBucket'],
    ['HEAD', '/b', 'HeadBucket'],
    ['GET', '/b', 'ListObjects'],
    ['GET', '/b?prefix=x', 'ListObjects'],
    ['GET', '/b?list-type=2', 'ListObjectsV2'],
    ['GET', '/b?list-type=1', 'ListObjects'],
    ['GET', '/b?versions', 'ListObjectVersions'],
    ['GET', '/b?cors', 'GetBucketCors'],
    ['GET', '/b?location', 'GetBucketLocation'],
    ['GET', '/b?notification', 'GetBucketNotificationConfiguration'],
    ['PUT', '/b?notification', 'PutBucketNotificationConfiguration'],
    ['GET', '/b?analytics', 'ListBucketAnalyticsConfigurations'],
    ['GET', '/b?analytics&id=1', 'GetBucketAnalyticsConfiguration'],
    ['GET', '/b?uploads', 'ListMultipartUploads'],
    ['POST', '/b?delete', 'DeleteObjects'],
    ['GET', '/b/k', 'GetObject'],
    ['HEAD', '/b/k', 'HeadObject'],
    ['GET', '/b/k?acl', 'GetObjectAcl'],
    ['GET', '/b/k?uploadId=1', 'ListParts'],
    ['PUT', '/b/k', 'PutObject'],
    ['PUT', '/b/k?partNumber=1&uploadId=1', 'UploadPart'],
    ['DELETE', '/b/k?uploadId=1', 'AbortMultipartUpload'],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=1', 'CompleteMultipartUpload'],
    ['GET', '/b/dir/', 'GetObject'],
    ['GET', '/b//', 'GetObject'],
    ['POST', '/b', undefined],
    ['PATCH', '/b/k', undefined],
  ])('%s %s is %s', (method, url, operation) => {
    expect(route(method, url)).toBe(operation);
  });

  it('tells copies from uploads by their header', () => {
    const copy = { 'x-amz-copy-source': '/b/other' };
    expect(route('PUT', '/b/k', copy)).toBe('CopyObject');
    expect(route('PUT', '/b/k?partNumber=1&uploadId=1', copy)).toBe('UploadPartCopy');
  });

  it('does not take a subresource without its required header for a plain request', () => {
    expect(route('PUT', '/b/k?renameObject')).toBe('RenameObject');
    expect(route('GET', '/b/k?attributes')).toBe('GetObjectAttributes');
  });

  it('believes x-id', () => {
    expect(route('GET', '/?x-id=ListDirectoryBuckets')).toBe('ListDirectoryBuckets');
    expect(route('GET', '/?x-id=ListBuckets')).toBe('ListBuckets');
  });
});

describe('Lambda operations', () => {
  it.each([
    ['GET', '/2015-03-31/functions', 'ListFunctions'],
    ['GET', '/2015-03-31/functions/', 'ListFunctions'],
    ['POST', '/2015-03-31/functions', 'CreateFunction'],
    ['GET', '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af', 'GetFunction'],
    ['POST', '/2015-03-31/functions/f/invocations', 'Invoke'],
    ['DELETE', '/2015-03-31/functions/f/policy/sid', 'RemovePermission'],
    ['GET', '/2099-01-01/functions', undefined],
  ])('%s %s is %s', (method, path, operation) => {
    expect(lambda.match(method, path, new Map(), {})?.operation.name).toBe(operation);
  });
});

describe('parseQuery', () => {
  it('keeps order, empty values and repeated names', () => {
    expect([...parseQuery('a=1&b&a=2&c=&=x')]).toEqual([
      ['a', ['1', '2']],
      ['b', ['']],
      ['c', ['']],
      ['', ['x']],
    ]);
  });

  it('reads plus as space and decodes UTF-8', () => {
    expect(parseQuery('prefix=a+b%2B%C3%A9').get('prefix')).toEqual(['a b+é']);
  });

  it('refuses a malformed escape', () => {
    expect(() => parseQuery('a=%zz')).toThrow(URIError);
  });
});

describe('keys arrive as they were sent', () => {
  it.each([
    ['space', 'a b', 'a%20b'],
    ['plus', 'a+b', 'a+b'],
    ['percent', '100%', '100%25'],
    ['question mark', 'a?b', 'a%3Fb'],
    ['number sign', 'a#b', 'a%23b'],
    ['double slash', 'a//b', 'a//b'],
    ['leading slash', '/a', '/a'],
    ['dots', '../x/./y/..', '../x/./y/..'],
    ['UTF-8', 'é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
    ['line break', 'a\nb', 'a%0Ab'],
    ['encoded slash', 'a/b', 'a%2Fb'],
    ['final slash', 'dir/', 'dir/'],
    ['looks like Lambda', '2015-03-31/functions', '2015-03-31/functions'],
  ])('%s', async (_name, key, path) => {
    let seen: { Bucket: string | undefined; Key: string | undefined } | undefined;
    const server = await startServer({
      s3: { GetObject: ({ Bucket, Key }) => void (seen = { Bucket, Key }) },
    });
    const reply = await ask(server, { path: `/bucket/${path}`, headers: { authorization: signedFor('s3') } });
    expect(reply.status).toBe(200);
    expect(seen).toEqual({ Bucket: 'bucket', Key: key });
  });
});

describe('which service a request is for', () => {
  async function whoAnswers(request: Parameters<typeof ask>[1]): Promise<string> {
    const { promise, resolve } = withResolvers<string>();
    const server = await startServer({
      s3: {
        ListBuckets: () => resolve('s3:ListBuckets'),
        GetObject: (input) => resolve(`s3:GetObject ${input.Bucket}/${input.Key}`),
        ListObjects: (input) => resolve(`s3:ListObjects ${input.Bucket}`),
      },
      lambda: { ListFunctions: () => resolve('lambda:ListFunctions') },
      logs: { DescribeLogGroups: () => resolve('logs:DescribeLogGroups') },
      iam: { ListRoles: () => (resolve('iam:ListRoles'), { Roles: [] }) },
    });
    const reply = await ask(server, request);
    return reply.status === 200 ? promise : `${reply.status} ${reply.text}`;
  }

  it('follows X-Amz-Target', async () => {
    const headers = { 'x-amz-target': 'Logs_20140328.DescribeLogGroups' };
    expect(await whoAnswers({ method: 'POST', headers, body: '{}' })).toBe('logs:DescribeLogGroups');
  });

  it('follows Action and Version of a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const body = 'Action=ListRoles&Version=2010-05-08';
    expect(await whoAnswers({ method: 'POST', headers, body })).toBe('iam:ListRoles');
  });

  it('follows the credential scope', async () => {
    const path = '/2015-03-31/functions';
    expect(await whoAnswers({ path, headers: { authorization: signedFor('lambda') } })).toBe(
      'lambda:ListFunctions',
    );
    expect(await whoAnswers({ path, headers: { authorization: signedFor('s3') } })).toBe(
      's3:GetObject 2015-03-31/functions',
    );
    const scope = encodeURIComponent('AKID/20261122/eu-west-1/lambda/aws4_request');
    expect(await whoAnswers({ path: `${path}?X-Amz-Credential=${scope}` })).toBe('lambda:ListFunctions');
  });

  it('takes an unsigned dated path for Lambda and the rest for S3', async () => {
    expect(await whoAnswers({ path: '/2015-03-31/functions' })).toBe('lambda:ListFunctions');
    expect(await whoAnswers({ path: '/' })).toBe('s3:ListBuckets');
    expect(await whoAnswers({ path: '/bucket' })).toBe('s3:ListObjects bucket');
  });

  it.each([
    ['bucket.localhost:4566', 's3:GetObject bucket/key'],
    ['my.bucket.s3.localhost', 's3:GetObject my.bucket/key'],
    ['bucket.s3.eu-west-1.localhost:4566', 's3:GetObject bucket/key'],
    ['bucket.127.0.0.1:4566', 's3:GetObject bucket/key'],
    ['s3.localhost:4566', 's3:ListObjects key'],
    ['s3.eu-west-1.localhost', 's3:ListObjects key'],
    ['localhost:4566', 's3:ListObjects key'],
    ['127.0.0.1:4566', 's3:ListObjects key'],
  ])('reads host %s', async (host, answer) => {
    expect(await whoAnswers({ path: '/key', headers: { host } })).toBe(answer);
  });

  it('accepts the absolute form of a request target', async () => {
    expect(await whoAnswers({ path: 'http://127.0.0.1:4566/bucket/../k' })).toBe('s3:GetObject bucket/../k');
  });
});

describe('what a signature says', () => {
  async function contextOf(path: string, headers: Record<string, string> = {}): Promise<RequestContext> {
    const { promise, resolve } = withResolvers<RequestContext>();
    const server = await startServer({ s3: { GetObject: (_input, ctx) => resolve(ctx) } });
    await ask(server, { path, headers });
    return promise;
  }

  it('is read from the header', async () => {
    const ctx = await contextOf('/b/k', { authorization: signedFor('s3', 'ap-south-1') });
    expect(ctx).toMatchObject({
      region: 'ap-south-1',
      accessKeyId: 'AKIDEXAMPLE',
      account: '111122223333',
      sourceIp: '127.0.0.1',
    });
  });

  it('is read from a presigned URL', async () => {
    const ctx = await contextOf('/b/k?X-Amz-Credential=AKID%2F20261122%2Fsa-east-1%2Fs3%2Faws4_request');
    expect(ctx).toMatchObject({ region: 'sa-east-1', accessKeyId: 'AKID' });
    expect(await contextOf('/b/k?AWSAccessKeyId=AKIDV2')).toMatchObject({
      region: 'us-east-1',
      accessKeyId: 'AKIDV2',
    });
  });

  it('is nothing for an anonymous request', async () => {
    expect(await contextOf('/b/k')).toMatchObject({ region: 'us-east-1', accessKeyId: undefined });
  });
});

/** `Promise.withResolvers` is not in Node 20. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
