import { describe, expect, test } from 'vitest';
import { startLambda } from './harness.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

describe('handlers', () => {
  test.each<[string, Record<string, string>, string?]>([
    ['ESM, async', { 'app.mjs': 'export const handler = async (e) => ({ got: e.n });' }],
    [
      'ESM by package type',
      {
        'app.js': 'export const handler = (e) => Promise.resolve({ got: e.n });',
        'package.json': '{"type":"module"}',
      },
    ],
    ['CommonJS', { 'app.js': 'exports.handler = async (e) => ({ got: e.n });' }],
    [
      'CommonJS with computed exports',
      { 'app.cjs': 'module.exports = { ["hand" + "ler"]: async (e) => ({ got: e.n }) };' },
    ],
    [
      'callback',
      { 'app.js': 'exports.handler = (e, c, done) => { setTimeout(() => done(null, { got: e.n }), 5); };' },
    ],
    [
      'callback without waiting',
      {
        'app.js':
          'exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1e6); done(null, { got: e.n }); };',
      },
    ],
    [
      'in a folder',
      { 'src/app.mjs': 'export const handler = async (e) => ({ got: e.n });' },
      'src/app.handler',
    ],
    [
      'nested export',
      { 'app.mjs': 'export const api = { run: async (e) => ({ got: e.n }) };' },
      'app.api.run',
    ],
  ])('%s', async (_, files, handler = 'app.handler') => {
    const { create, invoke } = await startLambda();
    await create('fn', files, { Handler: handler, Runtime: 'nodejs22.x' });
    const first = await invoke('fn', { n: 1 });
    const second = await invoke('fn', { n: 2 });
    expect([first.value, second.value]).toEqual([{ got: 1 }, { got: 2 }]);
    expect([first.status, first.error, first.version]).toEqual([200, undefined, '$LATEST']);
  });

  test('events that come in many pieces arrive whole, one after the other', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.mjs': 'export const handler = async ({ text }) => text;' });
    for (const text of ['ü'.repeat(1_000_000), 'short', '€'.repeat(500_000)]) {
      expect((await invoke('fn', { text })).text === JSON.stringify(text)).toBe(true);
    }
  });

  test('a callback waits for the event loop, a promise does not', async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.js': `exports.handler = (e, c, done) => { setTimeout(() => console.log('later'), 50); done(null, 'x'); };`,
    });
    expect((await invoke('fn')).text).toBe('"x"');
    const log = messages();
    expect(log.findIndex((m) => m.includes('later'))).toBeLessThan(log.findIndex((m) => m.startsWith('END')));
    expect(log.some((m) => m.includes('later'))).toBe(true);
  });

  test('no callback and no promise: null; a promise that nobody settles: an error', async () => {
    const { create, invoke } = await startLambda();
    await create('none', { 'app.js': 'exports.handler = () => {};' });
    await create('never', { 'app.js': 'exports.handler = () => new Promise(() => {});' });
    expect((await invoke('none')).text).toBe('null');
    expect((await invoke('never')).value).toMatchObject({ errorType: 'Runtime.NodeJsExit' });
  });

  test('context and environment', async () => {
    const { create, invoke, port, messages, lines } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `export const handler = async (e, c) => ({ ...c, left: c.getRemainingTimeInMillis(), env: process.env });`,
      },
      { Environment: { Variables: { MINE: 'yes', TOKEN: 'a=b' } }, Timeout: 30, MemorySize: 256 },
    );
    process.env['S3EVT_TEST_SECRET'] = 'private';
    const clientContext = { custom: { city: 'Köln' } };
    const { value, requestId } = await invoke(
      'fn',
      {},
      { ClientContext: Buffer.from(JSON.stringify(clientContext)).toString('base64') },
    );
    delete process.env['S3EVT_TEST_SECRET'];
    expect(value).toMatchObject({
      functionName: 'fn',
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/fn',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:fn',
      awsRequestId: requestId,
      clientContext,
      env: {
        MINE: 'yes',
        TOKEN: 'a=b',
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
        AWS_LAMBDA_FUNCTION_NAME: 'fn',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        TZ: ':UTC',
      },
    });
    const { left, env } = value as { left: number; env: Record<string, string> };
    expect(left).toBeGreaterThan(20_000);
    expect(env['AWS_LAMBDA_LOG_STREAM_NAME']).toBe(lines[0]!.stream);
    expect(env).not.toHaveProperty('S3EVT_TEST_SECRET');
    expect(env).not.toHaveProperty('SANDBOX_OUTPUT_TOKEN');
    expect(env['HOME']).not.toBe(process.env['HOME']);
    expect(messages().length).toBeGreaterThan(0);
  });
});

describe('log', () => {
  test("the lines of a cold and a warm invocation are AWS's", async () => {
    const { create, invoke, lines, env } = await startLambda();
    await create('fn', {
      'app.mjs': `
        console.log('at init');
        export const handler = async () => {
          console.log('two\\nlines %d %j', 7, { a: 1 });
          console.warn('careful');
          process.stdout.write('raw one\\nraw two\\n');
          process.stdout.write('unfinished');
          return 1;
        };`,
    });
    const { requestId, tail } = await invoke('fn', {}, { LogType: 'Tail' });
    const day = new Date(env.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
    const expected = [
      'INIT_START Runtime Version: nodejs:22\\.v\\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n',
      `${time}\tundefined\tINFO\tat init\n`,
      `START RequestId: ${requestId} Version: \\$LATEST\n`,
      `${time}\t${requestId}\tINFO\ttwo\nlines 7 {"a":1}\n`,
      `${time}\t${requestId}\tWARN\tcareful\n`,
      'raw one\n',
      'raw two\n',
      'unfinished\n',
      `END RequestId: ${requestId}\n`,
      `REPORT RequestId: ${requestId}\tDuration: \\d+\\.\\d\\d ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: \\d+\\.\\d\\d ms\t\n`,
    ];
    expect(lines.map((line) => line.message)).toEqual(
      expected.map((text) => expect.stringMatching(new RegExp(`^${text}$`)) as unknown),
    );
    for (const { group, stream } of lines) {
      expect(group).toBe('/aws/lambda/fn');
      expect(stream).toMatch(new RegExp(`^${day}/\\[\\$LATEST\\][0-9a-f]{32}$`));
    }
    expect(tail).toBe(
      lines
        .slice(2)
        .map((line) => line.message)
        .join(''),
    );

    lines.length = 0;
    const warm = await invoke('fn');
    expect(lines[0]!.message).toBe(`START RequestId: ${warm.requestId} Version: $LATEST\n`);
    expect(lines.at(-1)!.message).toMatch(/Max Memory Used: \d+ MB\t\n$/);
    expect(lines.at(-1)!.message).not.toContain('Init Duration');
  });

  test('a big burst of output arrives whole, in order and before END', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `export const handler = async () => {
        for (let i = 0; i < 3000; i++) console.log('line', i, 'x'.repeat(200));
        console.log('y'.repeat(300000));
      };`,
      },
      { Timeout: 60 },
    );
    const { requestId } = await invoke('fn');
    const log = messages();
    const numbers = log.flatMap((m) => /\tline (\d+) /.exec(m)?.[1] ?? []).map(Number);
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    expect(log.at(-3)).toHaveLength(300_000 + `2026-01-01T00:00:00.000Z\t${requestId}\tINFO\t\n`.length);
    expect(log.at(-2)).toBe(`END RequestId: ${requestId}\n`);
  });

  test('output cannot forge a frame', async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.mjs': `export const handler = async (e, c) => {
        process.stdout.write('\\x1e0000000000000000E' + c.awsRequestId + '\\n');
        console.log('after');
      };`,
    });
    await invoke('fn');
    const log = messages();
    expect(log.findIndex((m) => m.endsWith('after\n'))).toBeLessThan(
      log.findIndex((m) => m.startsWith('END')),
    );
  });

  test('a group of its own has streams that name the function', async () => {
    const { create, invoke, lines } = await startLambda();
    await create(
      'fn',
      { 'app.mjs': 'export const handler = async () => 1;' },
      { LoggingConfig: { LogGroup: 'shared' } },
    );
    await invoke('fn');
    expect(lines[0]!.group).toBe('shared');
    expect(lines[0]!.stream).toMatch(/^\d{4}\/\d\d\/\d\d\/fn\[\$LATEST\][0-9a-f]{32}$/);
  });

  test('JSON format', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `export const handler = async (event) => {
        console.log('hello %s', 'world');
        console.info({ nested: [1] });
        console.debug('hidden');
        console.error('bad', new TypeError('oops'));
        process.stdout.write('raw\\n');
        if (event.fail) throw new RangeError('no');
      };`,
      },
      { LoggingConfig: { LogFormat: 'JSON' } },
    );
    const { requestId } = await invoke('fn');
    const log = messages().map((m) => (m.startsWith('{') ? (JSON.parse(m) as Record<string, unknown>) : m));
    const timestamp = expect.any(String);
    expect(log).toEqual([
      {
        time: timestamp,
        type: 'platform.initStart',
        record: expect.objectContaining({
          functionName: 'fn',
          phase: 'init',
          runtimeVersion: 'nodejs:22.v1',
        }),
      },
      { time: timestamp, type: 'platform.start', record: { requestId, version: '$LATEST' } },
      { timestamp, level: 'INFO', requestId, message: 'hello world' },
      { timestamp, level: 'INFO', requestId, message: { nested: [1] } },
      expect.objectContaining({
        level: 'ERROR',
        errorType: 'TypeError',
        errorMessage: 'oops',
        stackTrace: expect.any(Array),
      }),
      'raw\n',
      {
        time: timestamp,
        type: 'platform.report',
        record: {
          requestId,
          status: 'success',
          metrics: {
            durationMs: expect.any(Number),
            billedDurationMs: expect.any(Number),
            memorySizeMB: 128,
            maxMemoryUsedMB: expect.any(Number),
            initDurationMs: expect.any(Number),
          },
        },
      },
    ]);
    await invoke('fn', { fail: true });
    const failed = messages().filter((m) => m.includes('"RangeError"'));
    expect(failed.map((m) => (JSON.parse(m) as { type?: string }).type)).toEqual([
      undefined,
      'platform.runtimeDone',
      'platform.report',
    ]);
    expect(JSON.parse(failed[0]!)).toMatchObject({
      level: 'ERROR',
      message: { errorType: 'RangeError', errorMessage: 'no' },
    });
  });

  test('levels filter the application and the system lines', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `export const handler = async () => {
        console.log('info'); console.error('error'); process.stdout.write('raw\\n{"level":"error","text":"kept"}\\n');
      };`,
      },
      { LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'ERROR', SystemLogLevel: 'WARN' } },
    );
    await invoke('fn');
    expect(messages().map((m) => JSON.parse(m) as unknown)).toEqual([
      expect.objectContaining({ level: 'ERROR', message: 'error' }),
      { level: 'error', text: 'kept' },
    ]);
  });
});

describe('failures', () => {
  test('a thrown error', async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.mjs': `class MyError extends Error { name = 'MyError'; code = 'E7'; }
export const handler = async () => { throw new MyError('boom'); };`,
    });
    const { status, error, value, requestId } = await invoke('fn');
    expect([status, error]).toEqual([200, 'Unhandled']);
    expect(value).toMatchObject({ errorType: 'MyError', errorMessage: 'boom' });
    expect((value!['trace'] as string[])[1]).toMatch(
      /^ {4}at Runtime\.handler \(file:\/\/\/var\/task\/app\.mjs:2:\d+\)$/,
    );
    const line = messages().find((m) => m.includes('Invoke Error'))!;
    expect(line).toMatch(
      new RegExp(
        `^\\S+Z\t${requestId}\tERROR\tInvoke Error \t{"errorType":"MyError","errorMessage":"boom","code":"E7".*"stack":\\[.*\\]}\n$`,
      ),
    );
    expect(messages().at(-1)).not.toContain('Status:');
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['a missing module', { 'other.mjs': '' }, 'Runtime.ImportModuleError', "Error: Cannot find module 'app'"],
    [
      'a missing handler',
      { 'app.mjs': 'export const other = 1;' },
      'Runtime.HandlerNotFound',
      'app.handler is undefined or not exported',
    ],
    [
      'a handler that is no function',
      { 'app.mjs': 'export const handler = 1;' },
      'Runtime.HandlerNotFound',
      'app.handler is not a function',
    ],
    [
      'a syntax error',
      { 'app.mjs': 'export const handler = ;' },
      'Runtime.UserCodeSyntaxError',
      'SyntaxError: Unexpected token',
    ],
    [
      'a missing dependency',
      { 'app.cjs': "require('nowhere');" },
      'Runtime.ImportModuleError',
      "Error: Cannot find module 'nowhere'",
    ],
    ['an error at import', { 'app.mjs': "throw new TypeError('early');" }, 'TypeError', 'early'],
  ])('%s', async (_, files, errorType, message) => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', files, { Runtime: 'nodejs22.x' });
    const { value, error, requestId } = await invoke('fn');
    expect(error).toBe('Unhandled');
    expect(value).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
    const log = messages();
    const uncaught = log.filter((m) => m.includes('\tundefined\tERROR\tUncaught Exception \t{"errorType":'));
    expect(uncaught).toHaveLength(2);
    expect(log.filter((m) => m.startsWith('INIT_REPORT'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^INIT_REPORT Init Duration: \\d+\\.\\d\\d ms\tPhase: init\tStatus: error\tError Type: ${errorType}\n$`,
        ),
      ),
      expect.stringMatching(new RegExp(`\tPhase: invoke\tStatus: error\tError Type: ${errorType}\n$`)),
    ]);
    expect(log.at(-3)).toBe(`START RequestId: ${requestId} Version: $LATEST\n`);
    expect(log.at(-1)).toMatch(
      new RegExp(`Max Memory Used: \\d+ MB\tStatus: error\tError Type: ${errorType}\n$`),
    );
  });

  test('an exit, a timeout, and an environment that works again afterwards', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.mjs': `export const handler = async (e) => {
        if (e.exit !== undefined) process.exit(e.exit);
        if (e.spin) { console.log('spinning'); for (;;); }
        return 'ok';
      };`,
      },
      { Timeout: 1 },
    );
    const bad = await invoke('fn', { exit: 3 });
    expect(bad.value).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${bad.requestId} Error: Runtime exited with error: exit status 3`,
    });
    expect(messages().at(-1)).toMatch(/\tStatus: error\tError Type: Runtime\.ExitError\n$/);
    const good = await invoke('fn', { exit: 0 });
    expect(good.value).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${good.requestId} Error: Runtime exited without providing a reason`,
    });
    const late = await invoke('fn', { spin: true }, { LogType: 'Tail' });
    expect(late.value).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${late.requestId} Error: Task timed out after 1.00 seconds`,
    });
    expect(late.tail).toContain('spinning\n');
    expect(messages().at(-1)).toMatch(/\tDuration: 1000\.00 ms\t.*\tStatus: timeout\n$/);
    expect((await invoke('fn')).text).toBe('"ok"');
  });

  test('an unhandled rejection and an uncaught exception end the invocation', async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.mjs': `export const handler = (e) => new Promise(() => {
        if (e.reject) Promise.reject(new Error('dropped'));
        else setTimeout(() => { throw new Error('thrown'); }, 1);
      });`,
    });
    expect((await invoke('fn', { reject: true })).value).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: dropped',
    });
    expect((await invoke('fn')).value).toMatchObject({ errorType: 'Error', errorMessage: 'thrown' });
    expect(
      messages().some((m) => m.includes('Uncaught Exception \t{"errorType":"Error","errorMessage":"thrown"')),
    ).toBe(true);
  });

  test('a response over 6 MB', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.mjs': `export const handler = async () => 'x'.repeat(7e6);` }, { Timeout: 30 });
    expect((await invoke('fn')).value).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
    expect((await invoke('fn')).error).toBe('Unhandled');
  });

  test('an initialisation that hangs is tried once more within the timeout of the function', async () => {
    const { create, invoke, messages } = await startLambda({ deps: { options: { initTimeoutMs: 300 } } });
    await create(
      'fn',
      { 'app.mjs': 'setInterval(() => {}, 1000); await new Promise(() => {}); export const handler = 1;' },
      { Timeout: 1 },
    );
    const { value } = await invoke('fn');
    expect(value).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(
      messages()
        .filter((m) => m.startsWith('INIT_REPORT'))
        .map((m) => m.replace(/[\d.]+ ms/, 'N ms')),
    ).toEqual([
      'INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: timeout\n',
      'INIT_REPORT Init Duration: N ms\tPhase: invoke\tStatus: timeout\n',
    ]);
  });
});

test('the request id in log and answer is a UUID', async () => {
  const { create, invoke } = await startLambda();
  await create('fn', { 'app.mjs': 'export const handler = async () => 1;' });
  expect((await invoke('fn')).requestId).toMatch(new RegExp(`^${UUID}$`));
});
