import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorOf, readLogMessage, type AppMessage } from '../../src/core/log-record.ts';
import { damaged, seededRandom } from './seeded-random.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, fixtures), 'utf8');
const ID = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const TIME = '2026-10-05T09:15:03.412Z';

const put = JSON.stringify(JSON.parse(textOf('events/notification-objectcreated-put.json')));
const putRecord = {
  eventName: 'ObjectCreated:Put',
  bucket: 'example-bucket',
  key: 'uploads/report.csv',
  size: 2048,
};

function app(message: string): AppMessage {
  const read = readLogMessage(message);
  if (read.kind !== 'app') throw new Error(`expected an app message, got ${read.kind}`);
  return read;
}

describe('system lines as text', () => {
  it.each<[string, unknown]>([
    [`START RequestId: ${ID} Version: $LATEST\n`, { kind: 'start', requestId: ID, version: '$LATEST' }],
    [`START RequestId: ${ID} Version: 7\n`, { kind: 'start', requestId: ID, version: '7' }],
    [`END RequestId: ${ID}\n`, { kind: 'end', requestId: ID }],
    [
      `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n`,
      {
        kind: 'report',
        requestId: ID,
        durationMs: 3.01,
        billedMs: 4,
        memoryMb: 128,
        maxMemoryMb: 36,
        initMs: 110.1,
        status: 'ok',
      },
    ],
    [
      `REPORT RequestId: ${ID}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\nXRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true\t\n`,
      {
        kind: 'report',
        requestId: ID,
        durationMs: 3.01,
        billedMs: 4,
        memoryMb: 128,
        maxMemoryMb: 36,
        status: 'ok',
        xrayTraceId: '1-2-3',
      },
    ],
    [
      `INIT_START Runtime Version: python:3.13.v50\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:00\n`,
      { kind: 'init', phase: 'start', runtimeVersion: 'python:3.13.v50' },
    ],
    [
      `INIT_REPORT Init Duration: 137.69 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n`,
      {
        kind: 'init',
        phase: 'report',
        initMs: 137.69,
        status: 'error',
        errorType: 'Runtime.ImportModuleError',
      },
    ],
    [
      'XRAY TraceId: 1-2\tSegmentId: 3\tSampled: true\t\n',
      { kind: 'platform', type: 'XRAY', text: 'XRAY TraceId: 1-2\tSegmentId: 3\tSampled: true\t' },
    ],
    [
      'EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE]\n',
      { kind: 'platform', type: 'EXTENSION', text: 'EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE]' },
    ],
  ])('%j', (message, expected) => {
    expect(readLogMessage(message)).toStrictEqual(expected);
  });

  it('reports of failures', () => {
    const lines = JSON.parse(textOf('events/logs-lambda-error-lines.json'));
    expect(readLogMessage(lines.timeout_report)).toMatchObject({
      kind: 'report',
      status: 'timeout',
      initMs: 402.04,
    });
    expect(readLogMessage(lines.oom_report)).toMatchObject({
      kind: 'report',
      status: 'error',
      errorType: 'Runtime.OutOfMemory',
      maxMemoryMb: 1024,
    });
  });

  it.each([
    'START RequestId: ',
    'END RequestId: ',
    `REPORT RequestId: ${ID}\n`,
    `REPORT RequestId: ${ID}\tDuration: soon\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB`,
    'STARTED',
    ' START RequestId: x',
  ])('%j is shown as it is', (message) => {
    expect(readLogMessage(message)).toMatchObject({
      kind: 'app',
      text: message.trimEnd() === message ? message : expect.any(String),
      records: [],
    });
  });
});

describe('system lines as JSON', () => {
  const line = (type: string, record: unknown) => JSON.stringify({ time: TIME, type, record });
  const metrics = { durationMs: 3.01, billedDurationMs: 4, memorySizeMB: 128, maxMemoryUsedMB: 36 };

  it('start, report and initialisation', () => {
    const { messages } = JSON.parse(textOf('events/logs-lambda-json-lines.json')) as { messages: unknown[] };
    expect(messages.map((message) => readLogMessage(JSON.stringify(message)))).toStrictEqual([
      { kind: 'init', phase: 'start', runtimeVersion: 'python:3.13.v50' },
      { kind: 'start', requestId: ID, version: '$LATEST' },
      { kind: 'app', requestId: ID, level: 'INFO', text: 'hello', records: [] },
      {
        kind: 'report',
        requestId: ID,
        durationMs: 3.01,
        billedMs: 4,
        memoryMb: 128,
        maxMemoryMb: 36,
        initMs: 110.1,
        status: 'ok',
      },
    ]);
  });

  it.each([
    ['success', 'ok'],
    ['timeout', 'timeout'],
    ['error', 'error'],
    ['failure', 'error'],
  ])('status %s', (status, expected) => {
    const read = readLogMessage(
      line('platform.report', { requestId: ID, metrics, status, errorType: 'X.Y' }),
    );
    expect(read).toMatchObject({ kind: 'report', status: expected, errorType: 'X.Y' });
  });

  it('failed initialisation, other lines, and reports that lack figures', () => {
    const init = line('platform.initReport', {
      metrics: { durationMs: 5 },
      status: 'error',
      errorType: 'Runtime.ExitError',
    });
    expect(readLogMessage(init)).toStrictEqual({
      kind: 'init',
      phase: 'report',
      initMs: 5,
      status: 'error',
      errorType: 'Runtime.ExitError',
    });
    const done = line('platform.runtimeDone', { requestId: ID });
    expect(readLogMessage(done)).toStrictEqual({
      kind: 'platform',
      type: 'platform.runtimeDone',
      requestId: ID,
      text: done,
    });
    expect(readLogMessage(line('platform.report', { requestId: ID }))).toMatchObject({ kind: 'platform' });
  });
});

describe('lines of loggers', () => {
  it.each<[string, unknown]>([
    ['hello from print\n', { kind: 'app', text: 'hello from print', records: [] }],
    [
      `[INFO]\t${TIME}\t${ID}\thi\tthere\n`,
      { kind: 'app', requestId: ID, level: 'INFO', text: 'hi\tthere', records: [] },
    ],
    [`${TIME}\t${ID}\tWARN\thi\n`, { kind: 'app', requestId: ID, level: 'WARN', text: 'hi', records: [] }],
    [`${TIME}\tundefined\tINFO\tinit\n`, { kind: 'app', level: 'INFO', text: 'init', records: [] }],
    [
      `[WARNING]\t${TIME}\t\tLAMBDA_WARNING: x`,
      { kind: 'app', level: 'WARNING', text: 'LAMBDA_WARNING: x', records: [] },
    ],
    ['[INFO] not a prefix', { kind: 'app', text: '[INFO] not a prefix', records: [] }],
    ['{"a": 1}', { kind: 'app', text: '{"a": 1}', records: [] }],
    ['{broken', { kind: 'app', text: '{broken', records: [] }],
    ['', { kind: 'app', text: '', records: [] }],
    [
      JSON.stringify({ timestamp: TIME, level: 'info', message: { a: 1 }, AWSrequestId: ID }),
      { kind: 'app', requestId: ID, level: 'INFO', text: '{"a":1}', records: [] },
    ],
  ])('%j', (message, expected) => {
    expect(readLogMessage(message)).toStrictEqual(expected);
  });

  it('takes any depth of nesting', () => {
    const deep = `{"timestamp":"x","message":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(readLogMessage(deep)).toMatchObject({ kind: 'app', records: [] });
  });
});

describe('printed events', () => {
  const encoded = { key: 'in box/café (1)/a@b=c+d.txt', size: 2048, via: [] };
  it.each<[string, unknown]>([
    ['python-print.txt', encoded],
    ['python-pprint.txt', encoded],
    ['python-json-indent.txt', encoded],
    ['node-inspect.txt', encoded],
    ['node-console-log-record.txt', encoded],
    ['python-print-sqs.txt', { key: 'uploads/report.csv', via: ['sqs'] }],
    ['python-pprint-sqs.txt', { key: 'uploads/report.csv', via: ['sqs'] }],
    ['node-inspect-sqs.txt', { key: 'uploads/report.csv', via: ['sqs'] }],
  ])('%s', (name, expected) => {
    const printed = textOf(`printed/${name}`);
    expect(app(printed).records).toMatchObject([expected]);
    expect(app(printed).text).toBe(printed.trimEnd());
    for (const prefix of [
      'Received event: ',
      `[INFO]\t${TIME}\t${ID}\tevent=`,
      `${TIME}\t${ID}\tINFO\t`,
      "it's {odd} [1 of 2 ",
    ]) {
      expect(app(`${prefix}${printed} and more {}`).records).toMatchObject([expected]);
    }
    const inJson = JSON.stringify({
      timestamp: TIME,
      level: 'INFO',
      message: `got ${printed}`,
      requestId: ID,
    });
    expect(app(inJson)).toMatchObject({ requestId: ID, level: 'INFO', records: [expected] });
  });

  it("Node's default depth hides bucket and key: the line stays, without records", () => {
    expect(app(textOf('printed/node-console-log.txt')).records).toEqual([]);
  });

  it.each<[string, string]>([
    ['JSON', put],
    [
      'JSON log line with an object',
      JSON.stringify({ timestamp: TIME, level: 'INFO', message: JSON.parse(put) }),
    ],
    ['JSON log line with a text', JSON.stringify({ timestamp: TIME, level: 'INFO', message: put })],
    [
      'JSON log line with a field of its own',
      JSON.stringify({ timestamp: TIME, level: 'INFO', message: 'got', event: JSON.parse(put) }),
    ],
    ['encoded twice', JSON.stringify(put)],
    ['inside a string', `body='${put}'`],
    ['after a bracket that leads nowhere', `step [1/3 {x: ${put}`],
    ['beside what cannot be read', `{'context': <ctx, 'event': ${put}, 'x': ?}`],
    ['beside a call', `{'context': LambdaContext([id=1]), 'event': ${put}}`],
    ['an object of its own', `{"event":${put},"n":1}`],
  ])('%s', (_, message) => {
    expect(app(message).records).toMatchObject([putRecord]);
  });

  it('several in one line', () => {
    expect(app(`a ${put} b ${put} c`).records).toMatchObject([putRecord, putRecord]);
  });

  it('s3:TestEvent', () => {
    const test = JSON.stringify(JSON.parse(textOf('events/notification-test-event.json')));
    expect(app(`Received ${test}`)).toMatchObject({ records: [], testEvent: { bucket: 'example-bucket' } });
    expect(app(test)).toMatchObject({ records: [], testEvent: { bucket: 'example-bucket' } });
  });

  it('cut off anywhere, the line is shown without records', () => {
    const line = `Received event: ${put}`;
    // The record itself is complete two characters before the end: `]}`.
    for (let length = 0; length < line.length - 2; length++) {
      expect(app(line.slice(0, length))).toMatchObject({ text: line.slice(0, length), records: [] });
    }
  });

  it('does not take time that grows with the square of the length', () => {
    const shapes = [
      (n: number) => '['.repeat(n),
      (n: number) => '{"a":'.repeat(n / 5),
      (n: number) => '"{}\\'.repeat(n / 4),
      (n: number) => "'{}".repeat(n / 3),
      (n: number) => "{'a".repeat(n / 3),
      (n: number) => `${'['.repeat(150)}${'1,'.repeat(n / 2)}`,
      (n: number) => '[1,[2,"x",'.repeat(n / 10),
    ];
    for (const shape of shapes) {
      const best = (size: number) => {
        const text = `${shape(size)} aws:s3`;
        let least = Infinity;
        for (let round = 0; round < 3; round++) {
          const before = performance.now();
          expect(app(text).records).toEqual([]);
          least = Math.min(least, performance.now() - before);
        }
        return least;
      };
      const small = best(1 << 14);
      // 16 times the text: linear is 16 times the work, quadratic 256 times.
      expect(best(1 << 18) / Math.max(small, 0.5), shape(20)).toBeLessThan(100);
    }
  });
});

describe('errors', () => {
  it.each<[string, unknown]>([
    [
      '[ERROR] Exception: intentional failure\nTraceback (most recent call last):\n\u00a0\u00a0File "/var/task/handler.py", line 7',
      { type: 'Exception', message: 'intentional failure' },
    ],
    [
      "[ERROR] KeyError: 'Records'\nTraceback (most recent call last):",
      { type: 'KeyError', message: "'Records'" },
    ],
    [
      '[ERROR] AssertionError\nTraceback (most recent call last):\n  x',
      { type: 'AssertionError', message: '' },
    ],
    [
      '[ERROR] botocore.exceptions.ClientError: An error: x',
      { type: 'botocore.exceptions.ClientError', message: 'An error: x' },
    ],
    [
      "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'\nTraceback (most recent call last):",
      {
        type: 'Runtime.ImportModuleError',
        message: "Unable to import module 'app': No module named 'requests'",
      },
    ],
    [
      "Unable to import module 'app': No module named 'requests'",
      {
        type: 'Runtime.ImportModuleError',
        message: "Unable to import module 'app': No module named 'requests'",
      },
    ],
    [
      "Handler 'handler' missing on module 'app'",
      { type: 'Runtime.HandlerNotFound', message: "Handler 'handler' missing on module 'app'" },
    ],
    [
      'Invoke Error \t{"errorType":"TypeError","errorMessage":"x is undefined","stack":["TypeError: x"]}',
      { type: 'TypeError', message: 'x is undefined' },
    ],
    [
      'Uncaught Exception \t{"errorType":"Runtime.Imp',
      { type: 'Error', message: '{"errorType":"Runtime.Imp' },
    ],
    [
      'Task timed out after 3.00 seconds',
      { type: 'Sandbox.Timedout', message: 'Task timed out after 3.00 seconds' },
    ],
    [
      `RequestId: ${ID} Error: Runtime exited with error: exit status 127\nRuntime.ExitError`,
      { type: 'Runtime.ExitError', message: 'Runtime exited with error: exit status 127' },
    ],
    [
      `RequestId: ${ID} Process exited before completing request`,
      { type: 'Runtime.ExitError', message: 'Process exited before completing request' },
    ],
    ['Runtime.OutOfMemory: gone', { type: 'Runtime.OutOfMemory', message: 'gone' }],
    [`[ERROR]\t${TIME}\t${ID}\tlogged`, undefined],
    ['[ERROR] something went wrong', undefined],
    ["Handler 'x' ran", undefined],
    ['The task: Task timed out after 3.00 seconds', undefined],
    ['Error: x', undefined],
  ])('%j', (text, expected) => {
    expect(errorOf(text)).toEqual(expected);
  });

  it('in whole lines', () => {
    const lines = JSON.parse(textOf('events/logs-lambda-error-lines.json'));
    expect(app(lines.python_import[0])).toMatchObject({
      level: 'ERROR',
      error: { type: 'Runtime.ImportModuleError' },
    });
    expect(app(lines.python_handler_missing[0]).error?.type).toBe('Runtime.HandlerNotFound');
    expect(app(lines.node_init_error[0])).toMatchObject({
      level: 'ERROR',
      error: { type: 'Runtime.ImportModuleError', message: "Error: Cannot find module 'index'" },
    });
    expect(app(lines.timeout_line_older)).toStrictEqual({
      kind: 'app',
      requestId: ID,
      level: 'ERROR',
      text: 'Task timed out after 3.00 seconds',
      records: [],
      error: { type: 'Sandbox.Timedout', message: 'Task timed out after 3.00 seconds' },
    });
    const exited = `RequestId: ${ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n`;
    expect(app(exited)).toMatchObject({ requestId: ID, error: { type: 'Runtime.ExitError' } });
  });

  it('in the JSON format', () => {
    const error = { errorType: 'ValueError', errorMessage: 'bad' };
    const expected = { level: 'ERROR', requestId: ID, error: { type: 'ValueError', message: 'bad' } };
    expect(
      app(JSON.stringify({ timestamp: TIME, log_level: 'ERROR', ...error, requestId: ID })),
    ).toMatchObject(expected);
    expect(
      app(JSON.stringify({ timestamp: TIME, level: 'ERROR', requestId: ID, message: error })),
    ).toMatchObject(expected);
    const logged = app(
      JSON.stringify({ timestamp: TIME, level: 'ERROR', message: 'only logged', requestId: ID }),
    );
    expect(logged.error).toBeUndefined();
  });
});

describe('damaged lines', () => {
  it('never throw, and keep every record whole', () => {
    const random = seededRandom(99);
    const samples = [
      put,
      textOf('printed/python-print-sqs.txt'),
      textOf('printed/node-inspect.txt'),
      textOf('printed/python-pprint.txt'),
      JSON.stringify({ timestamp: TIME, level: 'INFO', message: `got ${put}`, requestId: ID }),
      ...(JSON.parse(textOf('events/logs-lambda-text-lines.json')) as { messages: string[] }).messages,
      ...(JSON.parse(textOf('events/logs-lambda-json-lines.json')) as { messages: unknown[] }).messages.map(
        (line) => JSON.stringify(line),
      ),
    ];
    for (let i = 0; i < 4000; i++) {
      const text = damaged(random, random.pick(samples), [
        '{',
        '}',
        '[',
        '"',
        "'",
        '\\',
        '\t',
        '\n',
        ': ',
        'RequestId: ',
        'NaN',
        '[ERROR] ',
      ]);
      const read = readLogMessage(text);
      if (read.kind !== 'app') continue;
      for (const record of read.records)
        expect([typeof record.bucket, typeof record.key]).toEqual(['string', 'string']);
    }
  });
});
