import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { startLambda } from './harness.ts';

const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', '']);
    return true;
  } catch {
    return false;
  }
})();

const NBSP = '\u00a0';

describe.runIf(hasPython)('handlers', () => {
  test('event, context, result and environment', async () => {
    const { create, invoke, port } = await startLambda();
    await create(
      'fn',
      {
        'pkg/app.py': `
import os
def handler(event, context):
    return {
        "got": event["n"], "id": context.aws_request_id, "arn": context.invoked_function_arn,
        "name": context.function_name, "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(), "client": context.client_context,
        "env": dict(os.environ), "text": "Köln", "modules": __name__,
    }
`,
      },
      { Handler: 'pkg/app.handler', Timeout: 30 },
    );
    const clientContext = Buffer.from('{"custom":{"a":"ü"}}').toString('base64');
    const { value, requestId, error } = await invoke('fn', { n: 'é' }, { ClientContext: clientContext });
    expect(error).toBeUndefined();
    expect(value).toMatchObject({
      got: 'é',
      id: requestId,
      arn: 'arn:aws:lambda:us-east-1:111122223333:function:fn',
      name: 'fn',
      memory: '128',
      client: { custom: { a: 'ü' } },
      text: 'Köln',
      modules: 'pkg.app',
      env: { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_EXECUTION_ENV: 'AWS_Lambda_python3.13' },
    });
    expect(value!['left']).toBeGreaterThan(20_000);
    expect(value!['env']).not.toHaveProperty('SANDBOX_OUTPUT_TOKEN');
  });

  test('the environment is warm: module state survives', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.py': 'n = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return n\n' });
    expect([(await invoke('fn')).text, (await invoke('fn')).text]).toEqual(['1', '2']);
  });
});

describe.runIf(hasPython)('log', () => {
  test("the lines are AWS's", async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.py': `
import logging, os, subprocess, sys
print("at init")
def handler(event, context):
    print("one\\ntwo")
    print("to stderr", file=sys.stderr)
    logging.getLogger().info("hidden: the level is WARNING")
    logging.getLogger("x").warning("careful\\nsecond line")
    sys.stdout.flush()
    subprocess.run(["echo", "from a child"])
    os.write(1, b"straight\\n")
    print("unfinished", end="")
`,
    });
    const { requestId } = await invoke('fn');
    const patterns = [
      'INIT_START Runtime Version: python:3\\.13\\.v\\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n',
      'at init\n',
      `START RequestId: ${requestId} Version: \\$LATEST\n`,
      'one\n',
      'two\n',
      'to stderr\n',
      `\\[WARNING\\]\t\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,3}Z\t${requestId}\tcareful\nsecond line\n`,
      'from a child\n',
      'straight\n',
      'unfinished\n',
      `END RequestId: ${requestId}\n`,
      `REPORT RequestId: ${requestId}\tDuration: [\\d.]+ ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: [\\d.]+ ms\t\n`,
    ];
    expect(messages()).toEqual(
      patterns.map((text) => expect.stringMatching(new RegExp(`^${text}$`)) as unknown),
    );
  });

  test('JSON format', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.py': `
import logging
log = logging.getLogger("mine")
def handler(event, context):
    log.debug("hidden")
    log.info("hello %s", "world", extra={"bucket": "b"})
    print("raw")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("failed")
    raise KeyError("Records")
`,
      },
      { LoggingConfig: { LogFormat: 'JSON' } },
    );
    const { requestId, value } = await invoke('fn');
    expect(value).toMatchObject({ errorType: 'KeyError', errorMessage: "'Records'", requestId });
    const log = messages()
      .slice(2)
      .map((m) => (m.startsWith('{') ? (JSON.parse(m) as unknown) : m));
    expect(log).toEqual([
      {
        timestamp: expect.stringMatching(/Z$/),
        level: 'INFO',
        message: 'hello world',
        logger: 'mine',
        requestId,
        bucket: 'b',
      },
      'raw\n',
      expect.objectContaining({
        level: 'ERROR',
        message: 'failed',
        errorType: 'ZeroDivisionError',
        errorMessage: 'division by zero',
        location: '/var/task/app.py:handler:9',
      }),
      expect.objectContaining({ log_level: 'ERROR', errorType: 'KeyError', requestId }),
      expect.objectContaining({ type: 'platform.runtimeDone' }),
      expect.objectContaining({ type: 'platform.report' }),
    ]);
  });
});

describe.runIf(hasPython)('failures', () => {
  test('an exception: payload and one event with the traceback', async () => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', {
      'app.py':
        'def handler(event, context):\n    return deeper()\n\ndef deeper():\n    raise ValueError("intentional failure")\n',
    });
    const { value, error, requestId } = await invoke('fn');
    expect(error).toBe('Unhandled');
    expect(value).toEqual({
      errorMessage: 'intentional failure',
      errorType: 'ValueError',
      requestId,
      stackTrace: [
        '  File "/var/task/app.py", line 2, in handler\n    return deeper()\n',
        '  File "/var/task/app.py", line 5, in deeper\n    raise ValueError("intentional failure")\n',
      ],
    });
    const indent = (n: number) => NBSP.repeat(n);
    expect(messages()).toContain(
      [
        '[ERROR] ValueError: intentional failure',
        'Traceback (most recent call last):',
        `${indent(2)}File "/var/task/app.py", line 2, in handler`,
        `${indent(4)}return deeper()`,
        `${indent(2)}File "/var/task/app.py", line 5, in deeper`,
        `${indent(4)}raise ValueError("intentional failure")`,
      ].join('\n'),
    );
  });

  test.each<[string, Record<string, string>, string, string, string]>([
    [
      'a missing module',
      { 'other.py': '' },
      'app.handler',
      'Runtime.ImportModuleError',
      "Unable to import module 'app': No module named 'app'",
    ],
    [
      'a missing dependency',
      { 'app.py': 'import nowhere_at_all' },
      'app.handler',
      'Runtime.ImportModuleError',
      "Unable to import module 'app': No module named 'nowhere_at_all'",
    ],
    [
      'a missing handler',
      { 'app.py': 'x = 1' },
      'app.handler',
      'Runtime.HandlerNotFound',
      "Handler 'handler' missing on module 'app'",
    ],
    [
      'a syntax error',
      { 'app.py': 'def handler(:\n' },
      'app.handler',
      'Runtime.UserCodeSyntaxError',
      "Syntax error in module 'app': invalid syntax (app.py, line 1)",
    ],
    [
      'a handler without a dot',
      { 'app.py': '' },
      'handler',
      'Runtime.MalformedHandlerName',
      "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
    ],
    ['an error at import', { 'app.py': '{}["x"]' }, 'app.handler', 'KeyError', "'x'"],
  ])('%s', async (_, files, Handler, errorType, errorMessage) => {
    const { create, invoke, messages } = await startLambda();
    await create('fn', files, { Handler, Runtime: 'python3.13' });
    const { value, requestId } = await invoke('fn');
    expect(value).toMatchObject({ errorType, errorMessage, requestId: '', stackTrace: expect.any(Array) });
    const log = messages();
    expect(
      log.filter((m) =>
        m.startsWith(`[ERROR] ${errorType}: ${errorMessage}\nTraceback (most recent call last):`),
      ),
    ).toHaveLength(2);
    expect(log.filter((m) => m.startsWith('INIT_REPORT'))).toHaveLength(2);
    expect(log.at(-3)).toBe(`START RequestId: ${requestId} Version: $LATEST\n`);
    expect(log.at(-1)).toMatch(new RegExp(`\tStatus: error\tError Type: ${errorType}\n$`));
  });

  test('exits and timeouts', async () => {
    const { create, invoke, messages } = await startLambda();
    await create(
      'fn',
      {
        'app.py': `
import os, sys, time
def handler(event, context):
    print("begin")
    if "exit" in event: sys.exit(event["exit"])
    if "signal" in event: os.kill(os.getpid(), event["signal"])
    time.sleep(60)
`,
      },
      { Timeout: 1 },
    );
    const message = async (event: object) => (await invoke('fn', event)).value?.['errorMessage'];
    expect(await message({ exit: 1 })).toMatch(/Error: Runtime exited with error: exit status 1$/);
    expect(await message({ exit: 0 })).toMatch(/Error: Runtime exited without providing a reason$/);
    expect(await message({ signal: 11 })).toMatch(
      /Error: Runtime exited with error: signal: segmentation fault$/,
    );
    expect(await message({})).toMatch(/Error: Task timed out after 1\.00 seconds$/);
    expect(messages().filter((m) => m === 'begin\n')).toHaveLength(4);
    expect(messages().at(-1)).toMatch(/\tStatus: timeout\n$/);
  });

  test('a result that is no JSON', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.py': 'def handler(e, c):\n    return {1, 2}\n' });
    expect((await invoke('fn')).value).toMatchObject({
      errorType: 'Runtime.MarshalError',
      errorMessage: 'Unable to marshal response: Object of type set is not JSON serializable',
    });
  });

  test('a handler that closes its output is answered all the same', async () => {
    const { create, invoke } = await startLambda();
    await create(
      'fn',
      { 'app.py': 'import os\ndef handler(e, c):\n    os.close(1)\n    os.close(2)\n    return "ok"\n' },
      { Timeout: 1 },
    );
    expect((await invoke('fn')).text).toBe('"ok"');
  });
});

describe('a machine without python3', () => {
  const deps = { findPython: () => Promise.reject(new Error('spawn python3 ENOENT')) };

  test('the function can be created, its invocation says why it fails, and nodejs works', async () => {
    const { create, invoke, messages } = await startLambda({ deps });
    await create('py', { 'app.py': 'def handler(e, c): pass' });
    const text = 'no python3 was found on this machine: spawn python3 ENOENT';
    const { value, error, requestId } = await invoke('py');
    expect(error).toBe('Unhandled');
    expect(value).toEqual({
      errorType: 'Runtime.InvalidEntrypoint',
      errorMessage: `RequestId: ${requestId} Error: ${text}`,
    });
    expect(messages()).toContain(`RequestId: ${requestId} Error: ${text}\nRuntime.InvalidEntrypoint\n`);
    expect(messages().at(-1)).toMatch(/\tStatus: error\tError Type: Runtime\.InvalidEntrypoint\n$/);
    await create('js', { 'app.mjs': 'export const handler = async () => "fine";' });
    expect((await invoke('js')).text).toBe('"fine"');
  });

  test('a runtime that the sandbox does not run', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.rb': '' }, { Runtime: 'ruby3.4' });
    expect((await invoke('fn')).value).toMatchObject({ errorType: 'Runtime.InvalidEntrypoint' });
  });
});
