import { describe, expect, it } from 'vitest';
import type { TailItem } from '../../src/commands/tail.ts';
import type { TestUploadResult, UploadReport } from '../../src/commands/test-upload.ts';
import type { Delivery } from '../../src/commands/watch-deliveries.ts';
import { createTheme } from '../../src/ui/theme.ts';
import type { ShownItem, ViewOptions } from '../../src/ui/view-options.ts';
import { viewDemo, viewDemoItem } from '../../src/ui/views/demo.ts';
import { viewTail, viewTailItem } from '../../src/ui/views/tail.ts';
import { viewTestUpload } from '../../src/ui/views/test-upload.ts';
import { fakeTerminal } from './fake-terminal.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 8, 500);

function options(more: Partial<ViewOptions> & { color?: 'always' | 'never' } = {}): ViewOptions {
  const { color = 'never', ...rest } = more;
  return {
    theme: createTheme(fakeTerminal({ color }).io.stdout),
    width: 80,
    plain: false,
    now: NOW,
    ...rest,
  };
}

/** What would stand on the screen, between bars, so that blanks at the ends are seen. */
function lines(content: readonly string[]): string {
  return content.map((line) => `|${line}|`).join('\n');
}

function shown({ stdout = [], stderr = [] }: ShownItem): string {
  return lines([...stdout, ...stderr.map((line) => `stderr: ${line}`)]);
}

const HOSTILE = 'a\u001b[2Jb\u0007\u202egnp\n\u009b31m\ud800';

const base = {
  time: '2026-01-02T03:04:05.678Z',
  logGroup: '/aws/lambda/Demo-S3',
  logStream: '2026/01/02/[$LATEST]0123456789abcdef',
  requestId: '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f',
  message: 'the line',
};

const record = {
  eventName: 'ObjectCreated:Put',
  eventTime: '2026-01-02T03:04:05.500Z',
  bucket: 'demo',
  key: 'in/beach.jpeg',
  rawKey: 'in/beach.jpeg',
  size: 2_621_440,
  eTag: 'd41d8cd98f00b204e9800998ecf8427e',
  versionId: null,
  sequencer: '0055AED6DCD90281E5',
  configurationId: 'rule',
};

const report = {
  durationMs: 3.01,
  billedMs: 4,
  memoryMb: 128,
  maxMemoryMb: 36,
  initMs: 110.1,
  status: 'ok',
} as const;

describe('tail', () => {
  const item = (value: TailItem, more?: Parameters<typeof options>[0]) =>
    shown(viewTailItem(value, options(more)));

  it('draws a record on one line', () => {
    expect(item({ type: 'record', ...base, record })).toMatchInlineSnapshot(
      `"|03:04:05.678  ObjectCreated:Put  demo/in/beach.jpeg  2.5 MiB  3s old|"`,
    );
    const bare = { ...record, size: null, eventTime: null, eventName: 'ObjectRemoved:Delete' };
    expect(item({ type: 'record', ...base, record: bare })).toMatchInlineSnapshot(
      `"|03:04:05.678  ObjectRemoved:Delete  demo/in/beach.jpeg|"`,
    );
    // A clock that is behind AWS's makes no negative age.
    const future = { ...record, eventTime: '2026-01-02T03:05:00.000Z', size: 0 };
    expect(item({ type: 'record', ...base, record: future })).toMatchInlineSnapshot(
      `"|03:04:05.678  ObjectCreated:Put  demo/in/beach.jpeg  0 B|"`,
    );
  });

  it('rounds an age to seconds after the first', () => {
    const ages = [400, 1_499, 59_700, 3_600_000, 90_000_000].map((ms) => {
      const eventTime = new Date(NOW - ms).toISOString();
      return item({ type: 'record', ...base, record: { ...record, eventTime } }).replace(/.*MiB {2}/, '');
    });
    expect(ages).toMatchInlineSnapshot(`
      [
        "400ms old|",
        "1s old|",
        "1m old|",
        "1h old|",
        "1d1h old|",
      ]
    `);
  });

  it('draws log lines, those of several lines too, and reports', () => {
    const log = { type: 'log', ...base, level: null, error: null } as const;
    expect(item(log)).toMatchInlineSnapshot(`"|03:04:05.678  the line|"`);
    expect(item({ ...log, message: 'one\r\n\ttwo\nthree' })).toMatchInlineSnapshot(`
      "|03:04:05.678  one|
      |              	two|
      |              three|"
    `);
    expect(item({ type: 'report', ...base, report })).toMatchInlineSnapshot(
      `"|03:04:05.678  invocation 1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f ok: 3.01 ms, init 110.1 ms, 36 of 128 MB|"`,
    );
    expect(
      item({
        type: 'report',
        ...base,
        requestId: null,
        report: { ...report, initMs: null, status: 'timeout' },
      }),
    ).toMatchInlineSnapshot(`"|03:04:05.678  invocation  timeout: 3.01 ms, 36 of 128 MB|"`);
  });

  it('talks on stderr', () => {
    const states = (['waiting-for-group', 'no-group', 'following', 'throttled'] as const).map((state) =>
      item({ type: 'state', time: base.time, logGroup: base.logGroup, state }),
    );
    expect(states.join('\n')).toMatchInlineSnapshot(`
      "|stderr: /aws/lambda/Demo-S3: does not exist yet; waiting: Lambda makes it when the function first runs|
      |stderr: /aws/lambda/Demo-S3: does not exist: Lambda makes it when the function first runs|
      |stderr: /aws/lambda/Demo-S3: following; Ctrl-C ends|
      |stderr: /aws/lambda/Demo-S3: AWS throttles the reading of logs; going on more slowly|"
    `);
    expect(
      item({ type: 'warning', time: base.time, code: 'LOGS_SAMPLED', message: 'lines are missing' }),
    ).toMatchInlineSnapshot(`"|stderr: warning: lines are missing|"`);
  });

  it('lets no control character of others through, whatever it is part of', () => {
    const hostile = { ...base, message: HOSTILE, requestId: HOSTILE, logGroup: HOSTILE };
    const error = { type: HOSTILE, message: HOSTILE };
    const items: TailItem[] = [
      {
        type: 'record',
        ...hostile,
        record: { ...record, key: HOSTILE, bucket: HOSTILE, eventName: HOSTILE },
      },
      { type: 'log', ...hostile, level: HOSTILE, error },
      { type: 'report', ...hostile, report },
      { type: 'state', time: base.time, state: 'following', logGroup: HOSTILE },
      { type: 'warning', time: base.time, code: 'X', message: HOSTILE },
    ];
    for (const value of items) {
      for (const line of Object.values(viewTailItem(value, options())).flat()) {
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\ud800-\udfff]/);
      }
    }
    expect(
      items
        .slice(0, 2)
        .map((value) => item(value))
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "|03:04:05.678  ab\\x07gnp\\n�  ab\\x07gnp\\n�/ab\\x07gnp\\n�  2.5 MiB  3s old|
      |03:04:05.678  ab\\x07gnp|
      |              �|"
    `);
  });

  it('marks failures by colour', () => {
    const error = { type: 'KeyError', message: 'no' };
    const red = options({ color: 'always' }).theme.bad('the line');
    expect(red).toContain('\u001b[');
    expect(item({ type: 'log', ...base, level: 'ERROR', error }, { color: 'always' })).toContain(red);
    expect(item({ type: 'log', ...base, level: null, error: null }, { color: 'always' })).not.toContain(red);
  });

  it('ends without a word', () => {
    expect(viewTail({ status: 'ok', shown: 3, logGroup: base.logGroup })).toEqual([]);
  });
});

const delivered: Delivery = {
  ruleId: 'Invoke-Lambda-NewObjects',
  destination: { kind: 'lambda', arn: 'arn:aws:lambda:eu-west-1:123456789012:function:Demo-S3' },
  consumer: null,
  via: 'log',
  detail: null,
  status: 'delivered',
  latencyMs: 1_812,
  hops: { eventMs: 12, invocationMs: 650, logVisibleMs: 12_345 },
  record: {
    eventName: 'ObjectCreated:Put',
    eventTime: record.eventTime,
    bucket: 'demo',
    key: 'in/beach.jpeg',
    rawKey: 'in/beach.jpeg',
    via: [],
    raw: { eventName: 'ObjectCreated:Put', s3: { object: { key: 'in/beach.jpeg' } } },
  },
  requestId: base.requestId,
  logGroup: base.logGroup,
  logStream: base.logStream,
  invocation: 'ok',
};

const missing: Delivery = {
  ...delivered,
  status: 'missing',
  latencyMs: null,
  hops: { eventMs: null, invocationMs: null, logVisibleMs: null },
  record: null,
  requestId: null,
  logStream: null,
  invocation: null,
};

const upload: UploadReport = {
  bucket: 'demo',
  key: 'in/beach.jpeg',
  size: 31_744,
  eTag: record.eTag,
  versionId: null,
  uploadedAt: base.time,
  requestId: 'C3D13FE58DE4C810',
  deliveries: [delivered],
};

describe('test-upload', () => {
  const view = (result: Partial<TestUploadResult>, more?: Parameters<typeof options>[0]) =>
    lines(
      viewTestUpload({ status: 'ok', removed: false, doctor: null, ...upload, ...result }, options(more)),
    );

  it('draws the hops and the record as the function got it', () => {
    expect(view({})).toMatchInlineSnapshot(`
      "|s3://demo/in/beach.jpeg  31 KiB|
      |✔ ObjectCreated:Put arrived: rule Invoke-Lambda-NewObjects → lambda Demo-S3|
      |  event +12 ms, invocation +650 ms, log visible +12.3 s|
      |  invocation 1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f|
      |  log stream 2026/01/02/[$LATEST]0123456789abcdef|
      ||
      |{|
      |  "eventName": "ObjectCreated:Put",|
      |  "s3": {|
      |    "object": {|
      |      "key": "in/beach.jpeg"|
      |    }|
      |  }|
      |}|"
    `);
    expect(view({}, { plain: true })).toBe(view({}));
  });

  it('says where an event was looked for that was not seen', () => {
    expect(view({ status: 'negative', versionId: 'v1', deliveries: [missing] })).toMatchInlineSnapshot(`
      "|s3://demo/in/beach.jpeg  31 KiB, version v1|
      |✖ the event was not seen: rule Invoke-Lambda-NewObjects → lambda Demo-S3|
      |  looked in /aws/lambda/Demo-S3|"
    `);
  });

  it('says that the invocation failed although the event arrived', () => {
    const unknown = { eventMs: null, invocationMs: null, logVisibleMs: 5 };
    const failed = {
      ...delivered,
      record: null,
      invocation: 'timeout',
      requestId: null,
      hops: unknown,
    } as const;
    expect(view({ deliveries: [failed] })).toMatchInlineSnapshot(`
      "|s3://demo/in/beach.jpeg  31 KiB|
      |✔ an event arrived: rule Invoke-Lambda-NewObjects → lambda Demo-S3, but the invocation ended with timeout|
      |  invocation unknown, log visible +5 ms|
      |  invocation unknown|
      |  log stream 2026/01/02/[$LATEST]0123456789abcdef|"
    `);
  });

  it('sums up many', () => {
    const uploads = Array.from({ length: 20 }, (_, i) => ({
      ...upload,
      key: `in/${i}.jpeg`,
      deliveries: [i === 7 ? missing : { ...delivered, latencyMs: (i + 1) * 100 }],
    }));
    expect(view({ status: 'negative', uploads })).toMatchInlineSnapshot(`
      "|✖ 19 of 20 events arrived|
      |  log visible: median +1100 ms, 95 % +2000 ms, slowest +2000 ms|
      |  not seen: s3://demo/in/7.jpeg|"
    `);
    const none = uploads.slice(0, 2).map((one) => ({ ...one, deliveries: [missing] }));
    expect(view({ status: 'negative', uploads: none })).toMatchInlineSnapshot(`
      "|✖ 0 of 2 events arrived|
      |  not seen: s3://demo/in/0.jpeg|
      |  not seen: s3://demo/in/1.jpeg|"
    `);
  });

  it('lets no control character of others through', () => {
    const hostile: Delivery = {
      ...delivered,
      ruleId: HOSTILE,
      destination: { kind: 'lambda', arn: HOSTILE },
      requestId: HOSTILE,
      logStream: HOSTILE,
      record: { ...(delivered.record ?? never()), eventName: HOSTILE, raw: { key: HOSTILE } },
    };
    const result = { key: HOSTILE, bucket: HOSTILE, versionId: HOSTILE };
    for (const deliveries of [[hostile], [{ ...missing, logGroup: HOSTILE, ruleId: HOSTILE }]]) {
      for (const text of [
        view({ ...result, deliveries }),
        view({ uploads: [{ ...upload, ...result, deliveries }] }),
      ]) {
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\ud800-\udfff]/);
      }
    }
  });
});

describe('demo', () => {
  it('shows the event, and leaves the steps to the progress', () => {
    expect(shown(viewDemoItem({ type: 'step', id: 'bucket', title: 'Create bucket' }, options()))).toBe('');
    expect(shown(viewDemoItem({ type: 'event', ...upload }, options()))).toBe(
      lines(viewTestUpload({ status: 'ok', removed: false, doctor: null, ...upload }, options())),
    );
  });

  it('ends with what comes next, for people only', () => {
    expect(lines(viewDemo({ status: 'ok' }, options()))).toMatchInlineSnapshot(`
      "||
      |That was a local AWS, and it is gone. Set up your own:  s3evt init|"
    `);
    expect(viewDemo({ status: 'ok' }, options({ plain: true }))).toEqual([]);
    expect(viewDemo({ status: 'negative' }, options())).toEqual([]);
  });
});

function never(): never {
  throw new Error('the example has a record');
}
