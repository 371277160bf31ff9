import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { callerIdentityXml, sendXml, startServer } from '../aws/support.ts';
import { runBinary } from '../support/binary.ts';

const certificate = resolve('test/fixtures/tls/server.pem');

// The build loads Node's https with the first request that needs it.
test('the binary calls an endpoint over HTTPS, with the certificates that it is told', async () => {
  const { url, seen } = await startServer(
    (_request, response) => sendXml(response, 200, callerIdentityXml('arn:aws:iam::111122223333:user/ann')),
    { key: readFileSync(resolve('test/fixtures/tls/server-key.pem')), cert: readFileSync(certificate) },
  );
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  };
  const trusted = await runBinary(['whoami', '--json'], {
    env: { ...env, AWS_CA_BUNDLE: resolve('test/fixtures/tls/ca.pem') },
  });
  expect(trusted.stderr).toBe('');
  expect(trusted.code).toBe(0);
  expect(trusted.stdout).toContain('user/ann');
  expect(seen).toHaveLength(1);

  const { code, stderr } = await runBinary(['whoami'], { env });
  expect(code).toBe(1);
  expect(stderr).toContain('certificate');
  expect(seen).toHaveLength(1);
});
