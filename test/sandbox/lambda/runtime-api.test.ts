import { request } from 'node:http';
import { expect, test } from 'vitest';
import { startLambda } from './harness.ts';

function call(port: number, method: string, path: string, body = '', headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('an environment that does not exist is refused', async () => {
  const { port } = await startLambda();
  const { status } = await call(port, 'GET', '/_sandbox/runtime/none/2018-06-01/runtime/invocation/next');
  expect(status).toBe(403);
});

test('answers for another request or attempt are refused, the right one is taken', async () => {
  const { port, create, invoke, messages } = await startLambda();
  // The handler answers through the API itself, as a runtime of one's own does.
  await create(
    'fn',
    {
      'app.mjs': `
        export const handler = async (event, context) => {
          const api = process.env.AWS_LAMBDA_RUNTIME_API;
          const post = (id, attempt) => fetch('http://' + api + '/2018-06-01/runtime/invocation/' + id + '/response', {
            method: 'POST', body: '"mine"', headers: attempt ? { 'Lambda-Runtime-Invocation-Id': attempt } : {},
          }).then(async (r) => [r.status, (await r.json()).errorType]);
          console.log(JSON.stringify([
            await post('other'), await post(context.awsRequestId, 'wrong'), await post(context.awsRequestId), await post(context.awsRequestId),
          ]));
        };`,
    },
    { Timeout: 30 },
  );
  expect((await invoke('fn')).text).toBe('"mine"');
  const line = messages().find((m) => m.includes('InvalidRequestID'))!;
  expect(JSON.parse(line.slice(line.indexOf('[[')))).toEqual([
    [400, 'InvalidRequestID'],
    [400, 'InvalidInvocationId'],
    [202, null],
    [400, 'InvalidRequestID'],
  ]);
  // Answered long before its last line: END waits for the output all the same.
  const log = messages();
  expect(log.indexOf(line)).toBeLessThan(log.findIndex((m) => m.startsWith('END')));
  const api = '/_sandbox/runtime/none/2018-06-01/runtime/init/error';
  expect((await call(port, 'POST', api, '{}')).status).toBe(403);
});
