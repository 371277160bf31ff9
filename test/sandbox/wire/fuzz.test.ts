import { beforeEach, describe, expect, it } from 'vitest';
import { ask, rawExchange, services, signedFor, startServer, type TestServer } from './support.ts';

/** mulberry32 (Tommy Ettinger): a run can be repeated from its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const everyHandler = (operations: ReadonlyMap<string, unknown>): Record<string, () => object> =>
  Object.fromEntries([...operations.keys()].map((name) => [name, () => ({})]));

describe('no request brings the server down', () => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startServer({
      s3: everyHandler(services.s3.operations),
      lambda: everyHandler(services.lambda.operations),
      logs: everyHandler(services.logs.operations),
      iam: everyHandler(services.iam.operations),
    });
  });

  const stillAnswers = async (): Promise<void> => {
    expect((await ask(server, { path: '/bucket/key' })).status).toBe(200);
  };

  it('random bytes', async () => {
    const next = random(1);
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(
        Array.from({ length: Math.floor(next() * 400) }, () => Math.floor(next() * 256)),
      );
      await rawExchange(server, bytes);
    }
    await stillAnswers();
  });

  it('damaged requests', async () => {
    const next = random(2);
    const valid = [
      'PUT /b/k?partNumber=1&uploadId=u HTTP/1.1\r\nHost: b.localhost\r\nContent-Length: 5\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\r\n0\r\n\r\n',
      'PUT /b?notification HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n<NotificationConfiguration/>  ',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 38\r\n\r\nAction=GetRole&Version=2010-05-08&RoleN',
      'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Logs_20140328.PutLogEvents\r\nContent-Length: 20\r\n\r\n{"logEvents":[{"x":1',
      `GET /2015-03-31/functions/%41?Marker=%20 HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('lambda')}\r\n\r\n`,
    ];
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(valid[round % valid.length]!);
      const damages = 1 + Math.floor(next() * 4);
      for (let i = 0; i < damages; i++)
        bytes[Math.floor(next() * bytes.byteLength)] = Math.floor(next() * 256);
      await rawExchange(server, bytes);
    }
    await stillAnswers();
  });

  it('garbage where each protocol expects its own', async () => {
    const next = random(3);
    const alphabet = [
      '%',
      '%zz',
      '%00',
      '<',
      '>',
      '&',
      '&#x0;',
      '<a>',
      '</a>',
      '<![CDATA[',
      ']]>',
      '{',
      '}',
      '[',
      '"',
      ':',
      ',',
      '1',
      '\\',
      '..',
      '.',
      '/',
      '//',
      '?',
      '=',
      ';',
      '__proto__',
      'constructor',
      'é',
      '\u0000',
      '\r\n',
    ];
    const garbage = (): string =>
      Array.from(
        { length: Math.floor(next() * 12) },
        () => alphabet[Math.floor(next() * alphabet.length)],
      ).join('');
    const inPath = (): string => garbage().replace(/[^\x21-\xff]/g, '');
    const statuses = new Set<number>();
    for (let round = 0; round < 60; round++) {
      const answers = await Promise.all([
        ask(server, { method: 'PUT', path: '/b?notification', body: garbage() }),
        ask(server, { method: 'POST', path: '/b?delete', body: `<Delete>${garbage()}</Delete>` }),
        ask(server, { path: `/${inPath()}` }),
        ask(server, { path: `/b/k?${inPath()}` }),
        ask(server, {
          method: 'POST',
          headers: { 'x-amz-target': 'Logs_20140328.PutLogEvents' },
          body: garbage(),
        }),
        ask(server, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `Action=CreateRole&Version=2010-05-08&${garbage()}`,
        }),
        ask(server, { method: 'POST', path: `/2015-03-31/functions/${inPath()}`, body: garbage() }),
        ask(server, {
          method: 'PUT',
          path: '/b/k',
          headers: { 'content-encoding': 'aws-chunked' },
          body: garbage(),
        }),
      ]);
      for (const { status } of answers) statuses.add(status);
    }
    expect(server.errors).toEqual([]);
    expect([...statuses].filter((status) => status >= 500 && status !== 501)).toEqual([]);
    await stillAnswers();
  }, 60_000);

  it('polluted names', async () => {
    await ask(server, {
      method: 'POST',
      headers: { 'x-amz-target': 'Logs_20140328.TagResource' },
      body: '{"resourceArn":"a","tags":{"__proto__":"x","constructor":"y"},"__proto__":{"polluted":1}}',
    });
    await ask(server, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=CreateRole&Version=2010-05-08&__proto__.polluted=1&Tags.__proto__.1.Key=x',
    });
    await ask(server, { path: '/b?__proto__=polluted' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    await stillAnswers();
  });
});
