import { expect, test } from 'vitest';
import { startServer } from '../aws/support.ts';
import { runBinary } from '../support/binary.ts';

test('the page that was asked for ahead is given up with the command, and not asked for again', async () => {
  const { url, seen } = await startServer(({ body }, response) => {
    // The second page never comes.
    if (body.includes('"nextToken"')) return;
    const events = [
      {
        eventId: '1',
        logStreamName: 's',
        message: 'first\n',
        timestamp: Date.now(),
        ingestionTime: Date.now(),
      },
    ];
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ events, nextToken: 'more' }));
  });
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const { code, stdout, stderr } = await runBinary(['tail', '/g', '--no-follow', '--limit', '1'], { env });
  expect(stderr).toBe('');
  expect(stdout).toContain('first');
  expect(code).toBe(0);
  expect(seen.length).toBeLessThanOrEqual(2);
}, 20_000);
