import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createAws, type Aws } from '../../src/aws/clients.ts';
import { postObject } from '../../src/aws/post-object.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { readFormData, type FormData } from '../../src/sandbox/wire/form-data.ts';
import { targetOf } from './sandbox-aws.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const BODY = { size: 5, open: () => new TextEncoder().encode('hello'), contentType: 'text/plain' };
const PUT = { bucket: 'demo', key: 'a b+é.txt', body: BODY, create: false };

/** An S3 that keeps the form it is sent. */
async function server(status: number, text = ''): Promise<{ aws: Aws; form: () => FormData }> {
  let form: FormData | undefined;
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      form = readFormData(request.headers['content-type'] ?? '', Buffer.concat(chunks));
      response.writeHead(status, { etag: '"abc"', 'x-amz-request-id': 'R1', 'x-amz-version-id': 'v1' });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const aws = createAws({
    target: () => Promise.resolve({ ...targetOf(`http://127.0.0.1:${port}`), sandbox: false }),
    env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' },
    clock: systemClock,
    signal: new AbortController().signal,
  });
  onTestFinished(() => {
    aws.destroy();
    http.closeAllConnections();
    http.close();
  });
  const sent = () => {
    if (!form) throw new Error('no form was sent');
    return form;
  };
  return { aws, form: sent };
}

test('each field is a condition of the policy, the policy is signed, and the file comes last', async () => {
  const { aws, form: sent } = await server(204);
  expect(await postObject(aws, () => AT, PUT)).toMatchObject({
    requestId: 'R1',
    eTag: 'abc',
    versionId: 'v1',
    attempts: 1,
  });
  const { fields, file } = sent();
  const textOf = (name: string) => fields.get(name.toLowerCase())?.value ?? '';
  // The fields are those before the file: S3 reads no others.
  const names = [...fields.values()].map(({ name }) => name);
  expect(file?.data.toString()).toBe('hello');
  const policy = textOf('policy');
  const { expiration, conditions } = JSON.parse(Buffer.from(policy, 'base64').toString()) as {
    expiration: string;
    conditions: unknown[];
  };
  expect(expiration).toBe('2026-01-02T03:19:05.000Z');
  for (const name of names.filter((one) => !['policy', 'X-Amz-Signature'].includes(one))) {
    expect(conditions).toContainEqual(['eq', `$${name}`, textOf(name)]);
  }
  expect(textOf('key')).toBe(PUT.key);
  expect(textOf('X-Amz-Security-Token')).toBe('token');
  expect(textOf('X-Amz-Credential')).toBe('AKID/20260102/us-east-1/s3/aws4_request');
  expect(textOf('X-Amz-Date')).toBe('20260102T030405Z');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = mac(mac(mac(mac('AWS4secret', '20260102'), 'us-east-1'), 's3'), 'aws4_request');
  expect(textOf('X-Amz-Signature')).toBe(mac(key, policy).toString('hex'));
});

test('a refusal is explained like that of any other call', async () => {
  const { aws } = await server(
    403,
    '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
  );
  await expect(postObject(aws, () => AT, PUT)).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
    aws: { name: 'AccessDenied', status: 403, requestId: 'R1' },
    message: expect.stringContaining('s3:PutObject on demo/a b+é.txt') as string,
  });
});

test('a form is not sent from a file that memory should not hold', async () => {
  const { aws } = await server(204);
  const body = { ...BODY, size: 200 * 1024 * 1024 };
  await expect(postObject(aws, () => AT, { ...PUT, body })).rejects.toMatchObject({ code: 'USAGE' });
});
