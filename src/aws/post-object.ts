/** Uploads as a browser makes them: a form with a policy that is signed beforehand. */
import { createHmac } from 'node:crypto';
import type { AwsCredentialIdentity } from '@smithy/types';
import { S3evtError } from '../core/errors.ts';
import { OBJECT_MARK } from '../core/names.ts';
import type { Aws } from './clients.ts';
import { callOf, keyTaken, timed, type EventfulRequest, type PutRequest, type UploadBody } from './upload.ts';

/** A form is sent from memory. */
const LARGEST = 100 * 1024 * 1024;
const VALID_MS = 15 * 60_000;

/**
 * PostObject with a policy of its own (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html). A form knows no
 * `If-None-Match`: with `create` the key is looked up just before, and OBJECT_EXISTS thrown when it is taken.
 */
export async function postObject(aws: Aws, now: () => number, put: PutRequest): Promise<EventfulRequest> {
  const [s3, { HttpRequest }] = await Promise.all([aws.s3(), import('@smithy/core/transport')]);
  const file = await bytesOf(put.body);
  if (put.create) await refuseTaken(aws, put);
  const what = callOf(put, 's3:PutObject');
  const [credentials, region, path] = await Promise.all([
    aws.call(() => s3.config.credentials(), what),
    s3.config.region(),
    s3.config.endpoint?.(),
  ]);
  const { url } = s3.config.endpointProvider({
    Bucket: put.bucket,
    Region: region,
    ForcePathStyle: path !== undefined,
    ...(path === undefined ? {} : { Endpoint: originOf(path) }),
  });
  const form = new FormData();
  const fields = signedFields({ put, credentials, region, at: now() });
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  // Fields behind the file are not read.
  form.append('file', new Blob([file], { type: put.body.contentType }));
  const encoded = new Response(form);
  const body = new Uint8Array(await encoded.arrayBuffer());
  const request = new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    headers: {
      host: url.host,
      'content-type': encoded.headers.get('content-type') ?? '',
      'content-length': String(body.byteLength),
    },
    body,
  });
  // The handler of the client: it knows the certificates and the time limits of this run.
  return timed(now, () =>
    aws.call(async (options) => {
      const { response } = (await s3.config.requestHandler.handle(request, options)) as Answer;
      return postedObject(response.statusCode, response.headers, await textOf(response.body));
    }, what),
  );
}

/** As Node's handler gives it; the client's type leaves it open. */
interface Answer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: AsyncIterable<Uint8Array>;
  };
}

function originOf(endpoint: {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}) {
  return `${endpoint.protocol}//${endpoint.hostname}${endpoint.port === undefined ? '' : `:${endpoint.port}`}`;
}

async function refuseTaken(aws: Aws, put: PutRequest): Promise<void> {
  const [s3, { HeadObjectCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const what = callOf(put, 's3:GetObject');
  const command = new HeadObjectCommand({ Bucket: put.bucket, Key: put.key });
  try {
    await aws.call((options) => s3.send(command, options), what);
  } catch (error) {
    if (error instanceof S3evtError && error.code === 'NOT_FOUND') return;
    throw error;
  }
  throw keyTaken(what.resource);
}

/** The form's fields. Each has to be a condition of the policy too, the signature and the policy itself aside. */
function signedFields({
  put,
  credentials,
  region,
  at,
}: {
  readonly put: PutRequest;
  readonly credentials: AwsCredentialIdentity;
  readonly region: string;
  readonly at: number;
}): Readonly<Record<string, string>> {
  const stamp = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = stamp.slice(0, 8);
  const scope = `${date}/${region}/s3/aws4_request`;
  const fields: Record<string, string> = {
    key: put.key,
    'Content-Type': put.body.contentType,
    [`x-amz-meta-${OBJECT_MARK.key}`]: OBJECT_MARK.value,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': stamp,
    ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
  };
  const conditions = [
    { bucket: put.bucket },
    ['content-length-range', put.body.size, put.body.size],
    ...Object.entries(fields).map(([name, value]) => ['eq', `$${name}`, value]),
  ];
  const expiration = new Date(at + VALID_MS).toISOString();
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  return { ...fields, policy, 'X-Amz-Signature': hmac(key, policy).toString('hex') };
}

async function bytesOf(body: UploadBody): Promise<Uint8Array<ArrayBuffer>> {
  if (body.size > LARGEST) {
    throw new S3evtError('USAGE', 'a form is sent from memory: the file may have 100 MiB at most', {
      hint: 'Leave out "--operation post", or choose a smaller file.',
    });
  }
  const opened = body.open();
  if (opened instanceof Uint8Array) return Uint8Array.from(opened);
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened) chunks.push(chunk as Uint8Array);
  return Uint8Array.from(Buffer.concat(chunks));
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** As an SDK operation's output; an error as the SDK would throw it. */
function postedObject(status: number, headers: Readonly<Record<string, string>>, text: string) {
  const requestId = headers['x-amz-request-id'];
  if (status >= 300) {
    const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
    throw Object.assign(new Error(element('Message') ?? `HTTP ${status}`), {
      name: element('Code') ?? 'UnknownError',
      $metadata: { httpStatusCode: status, requestId },
    });
  }
  return {
    ETag: headers['etag'],
    VersionId: headers['x-amz-version-id'],
    $metadata: { requestId, attempts: 1 },
  };
}
