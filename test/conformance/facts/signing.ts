/** Signatures that the SDK's clients do not make by themselves: a presigned URL and the policy of a form. */
import { createHash, createHmac } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Target } from './target.ts';

interface Signer {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  /** `20261122T101112Z` */
  readonly moment: string;
  readonly scope: string;
  readonly sign: (text: string) => string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, "Signature calculation". */
async function signer({ config }: S3Client, otherRegion?: string): Promise<Signer> {
  const [{ accessKeyId, secretAccessKey, sessionToken }, region] = await Promise.all([
    config.credentials(),
    otherRegion ?? config.region(),
  ]);
  const moment = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [moment.slice(0, 8), region, 's3', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return {
    accessKeyId,
    sessionToken,
    moment,
    scope: scope.join('/'),
    sign: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}

/** The bucket's address without a key, ends with a slash. */
async function bucketUrl(t: Target, bucket: string): Promise<URL> {
  const region = await t.s3.config.region();
  if (t.kind === 'aws') return new URL(`https://${bucket}.s3.${region}.amazonaws.com/`);
  const endpoint = await t.s3.config.endpoint?.();
  if (!endpoint) throw new Error('a sandbox has an address');
  return new URL(`http://${endpoint.hostname}:${endpoint.port ?? 80}/${bucket}/`);
}

/** A URL that lets whoever has it upload one object, for a minute. The key has letters, digits, `-` and `/` only. */
export async function presignedPut(t: Target, bucket: string, key: string): Promise<string> {
  const { accessKeyId, sessionToken, moment, scope, sign } = await signer(t.s3);
  const url = new URL(key, await bucketUrl(t, bucket));
  const parameters = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': moment,
    'X-Amz-Expires': '60',
    ...(sessionToken !== undefined && { 'X-Amz-Security-Token': sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  };
  const query = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const canonical = ['PUT', url.pathname, query, `host:${url.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join(
    '\n',
  );
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = sign(['AWS4-HMAC-SHA256', moment, scope, digest].join('\n'));
  return `${url.href}?${query}&X-Amz-Signature=${signature}`;
}

/** Lists a bucket with a signature for a Region of the caller's choice. */
export async function listSignedFor(t: Target, bucket: string, region: string): Promise<Response> {
  const { accessKeyId, sessionToken, moment, scope, sign } = await signer(t.s3, region);
  const url = await bucketUrl(t, bucket);
  const empty = createHash('sha256').update('').digest('hex');
  const headers: Record<string, string> = {
    'x-amz-content-sha256': empty,
    'x-amz-date': moment,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const all = Object.entries({ host: url.host, ...headers });
  const names = all.map(([name]) => name).join(';');
  const lines = all.map(([name, value]) => `${name}:${value}`);
  const canonical = ['GET', url.pathname, '', ...lines, '', names, empty].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = sign(['AWS4-HMAC-SHA256', moment, scope, digest].join('\n'));
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return fetch(url, { headers: { ...headers, authorization } });
}

/** A browser's form upload of one small file. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export async function postForm(t: Target, bucket: string, key: string, content: string): Promise<Response> {
  const { accessKeyId, sessionToken, moment, scope, sign } = await signer(t.s3);
  const fields: Record<string, string> = {
    key,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/${scope}`,
    'x-amz-date': moment,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(Date.now() + 60_000).toISOString(),
      conditions: [{ bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))],
    }),
  ).toString('base64');
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, policy, 'x-amz-signature': sign(policy) })) {
    form.set(name, value);
  }
  form.set('file', new Blob([content]), 'file.txt');
  return fetch(await bucketUrl(t, bucket), { method: 'POST', body: form });
}
