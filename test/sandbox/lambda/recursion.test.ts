import { describe, expect, test } from 'vitest';
import type { InvocationRequest } from '../../../src/sandbox/lambda/execution.ts';
import { startLambda } from './harness.ts';
import { failing, functionArn, queueArn, startAsync } from './async-harness.ts';

describe('recursive loops', () => {
  /** A function that sends itself its event again, with the header that it got: as an SDK inside of it does. */
  function startLoop(encode: (header: string) => string = (header) => header) {
    const harness = startAsync();
    const again = (name: string) => (_payload: unknown, request: InvocationRequest) => {
      if (harness.runs.length < 100) harness.submit(name, {}, encode(request.traceId));
    };
    return { ...harness, again };
  }

  test('the 17th invocation of a chain is stopped, and the event is a failure', async () => {
    const loop = startLoop();
    loop.addFunction('fn', loop.again('fn'), { deadLetterArn: queueArn('dead') });
    await loop.addQueue('dead');
    await loop.addQueue('failed');
    await loop.call('PutFunctionEventInvokeConfig', {
      FunctionName: 'fn',
      DestinationConfig: { OnFailure: { Destination: queueArn('failed') } },
    });
    loop.submit('fn');
    await loop.env.work.idle();
    expect(loop.runs).toHaveLength(16);
    expect(new Set(loop.runs.map(({ traceId }) => traceId.split(';')[0])).size).toBe(1);
    expect(loop.runs[0]?.traceId).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$/,
    );
    expect(loop.journal()).toContainEqual([1, 'dropped', 'recursive loop detected']);
    expect(loop.received('dead')).toHaveLength(1);
    expect(JSON.parse(loop.received('failed')[0]?.Body ?? '')).toMatchObject({
      requestContext: { approximateInvokeCount: 0 },
    });
    // Other events of the function are not concerned.
    loop.submit('fn');
    await loop.env.work.idle();
    expect(loop.runs).toHaveLength(32);
  });

  test('each function of a chain is counted for itself, in the header as boto3 encodes it too', async () => {
    const loop = startLoop((header) => header.replaceAll('|', '%7C'));
    loop.addFunction('a', loop.again('b'));
    loop.addFunction('b', loop.again('a'));
    loop.submit('a');
    await loop.env.work.idle();
    expect(loop.runs).toHaveLength(32);
    expect(loop.runs.at(-1)?.traceId).toMatch(/;Lineage=1:[0-9a-f]{8}:15\|1:[0-9a-f]{8}:15$/);
  });

  test('retries of one event do not count', async () => {
    const { env, addFunction, submit, pass, runs } = startAsync();
    addFunction('fn', failing);
    const header = 'Root=1-00000000-000000000000000000000000;Lineage=1:00000000:15';
    submit('fn', {}, header);
    await env.work.idle();
    await pass(60_000);
    await pass(120_000);
    expect(new Set(runs.map(({ traceId }) => traceId.replace(/1:[^:]+:0$/, '…')))).toEqual(
      new Set([`${header}|…`]),
    );
    expect(runs).toHaveLength(3);
  });

  test('Allow lets it run', async () => {
    const loop = startLoop();
    loop.addFunction('fn', loop.again('fn'));
    const config = { FunctionName: 'fn' };
    expect(await loop.call('GetFunctionRecursionConfig', config)).toEqual({ RecursiveLoop: 'Terminate' });
    const put = { ...config, RecursiveLoop: 'Allow' as const };
    expect(await loop.call('PutFunctionRecursionConfig', put)).toEqual({ RecursiveLoop: 'Allow' });
    expect(await loop.call('GetFunctionRecursionConfig', config)).toEqual({ RecursiveLoop: 'Allow' });
    loop.submit('fn');
    await loop.env.work.idle();
    expect(loop.runs).toHaveLength(100);
    await expect(
      loop.call('PutFunctionRecursionConfig', { ...config, RecursiveLoop: 'Never' as never }),
    ).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(loop.call('GetFunctionRecursionConfig', { FunctionName: 'nope' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Function not found: ${functionArn('nope')}`,
    });
  });

  test('a caller whose request belongs to the chain is told', async () => {
    const { call, addFunction, runs } = startAsync();
    addFunction('fn', () => 'ok');
    const invoke = async (header: string) =>
      call('Invoke', { FunctionName: 'fn' }, { headers: { 'x-amzn-trace-id': header } });
    let header = 'Root=1-00000000-000000000000000000000000';
    for (let i = 0; i < 16; i++) {
      await invoke(header);
      header = runs.at(-1)?.traceId ?? '';
    }
    await expect(invoke(header)).rejects.toMatchObject({ code: 'RecursiveInvocationException', status: 400 });
    expect(runs).toHaveLength(16);
  });
});

test('a real function that invokes itself by the API is stopped too', async () => {
  const { create, invoke, env } = await startLambda();
  await create('fn', {
    'app.mjs': `
export const handler = async () => {
  const url = process.env.AWS_ENDPOINT_URL + '/2015-03-31/functions/fn/invocations';
  const headers = { 'X-Amz-Invocation-Type': 'Event', 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID };
  return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
};`,
  });
  expect((await invoke('fn')).text).toBe('202');
  await env.journal.waitFor((entry) => entry.type === 'invocation' && entry.outcome === 'dropped');
  await env.work.idle();
  const outcomes = env.journal
    .entries()
    .flatMap((entry) => (entry.type === 'invocation' ? [entry.outcome] : []));
  expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(16);
});
