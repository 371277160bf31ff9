import { describe, expect, it } from 'vitest';
import { redact } from '../../src/core/redact.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=';

describe('redact', () => {
  it.each([
    [`aws_secret_access_key = ${SECRET}`],
    [`AWS_SECRET_ACCESS_KEY=${SECRET}`],
    [`{"SecretAccessKey":"${SECRET}","Expiration":"2026"}`],
    [`{ secretAccessKey: '${SECRET}' }`],
    [`"{\\"SessionToken\\":\\"${SECRET}\\"}"`],
    [`<SecretAccessKey>${SECRET}</SecretAccessKey>`],
    [`export AWS_SESSION_TOKEN="${SECRET}"`],
    [`x-amz-security-token:${SECRET}`],
    [`https://b.s3.amazonaws.com/k?X-Amz-Security-Token=${SECRET}&X-Amz-Expires=60`],
    [`redirect=https%3A%2F%2Fb%3FX-Amz-Security-Token%3D${SECRET}`],
    [`?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=${SECRET}&Expires=1`],
    [`AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261101, Signature=${SECRET}`],
    [`&X-Amz-Signature=${SECRET}`],
    [`<SignatureProvided>${SECRET}</SignatureProvided>`],
    [`authorization: Bearer ${SECRET}`],
    [`"Authorization":"Basic ${SECRET}"`],
    [`{"accessToken": "${SECRET}", "clientSecret": "x"}`],
  ])('%s', (text) => {
    expect(redact(text)).toContain('[redacted]');
    expect(redact(text)).not.toContain('wJalr');
    expect(redact(text)).not.toContain('EXAMPLEKEY');
  });

  it('takes the password out of a URL', () => {
    expect(redact('http://user:hunter2@127.0.0.1:4566/x')).toBe('http://user:[redacted]@127.0.0.1:4566/x');
  });

  it.each([
    ['The request signature we calculated does not match the signature you provided.'],
    ['signature: expected 64 digits'],
    ['AKIAIOSFODNN7EXAMPLE was refused'],
    ['pass --secret-name NAME'],
    ['http://127.0.0.1:4566/bucket@v1'],
    ['arn:aws:lambda:eu-north-1:123456789012:function:token'],
  ])('leaves %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('keeps what stands around a secret', () => {
    expect(redact('a X-Amz-Signature=abc123 b')).toBe('a X-Amz-Signature=[redacted] b');
  });

  it('takes a million characters of near misses', () => {
    for (const piece of [
      'secret_access_key ',
      'Signature=',
      'http://a:',
      'authorization: Bearer ',
      'a',
      ' ',
    ]) {
      expect(redact(piece.repeat(1_000_000 / piece.length)).length).toBeGreaterThan(0);
    }
  });
});
