import { expect, it } from 'vitest';
import type { SandboxJournalItem } from '../../src/commands/sandbox-journal.ts';
import { createTheme } from '../../src/ui/theme.ts';
import { viewSandboxJournalItem } from '../../src/ui/views/sandbox-journal.ts';
import { displayWidth } from '../../src/ui/width.ts';
import { fakeTerminal } from './fake-terminal.ts';

const base = { seq: 1, time: '2026-01-02T03:04:05.678Z' } as const;
const delivery = {
  ...base,
  type: 'delivery',
  via: 's3',
  bucket: 'photos',
  key: 'in/beach.jpeg',
  eventName: 'ObjectCreated:Put',
  configurationId: 'rule',
  destination: 'arn:aws:lambda:us-east-1:000000000000:function:Demo-S3',
  outcome: 'delivered',
  reason: null,
  fault: null,
} as const;
const request = {
  ...base,
  type: 'request',
  service: 's3',
  operation: 'PutObject',
  status: 200,
  errorCode: null,
  requestId: 'r',
  durationMs: 12,
  fault: null,
} as const;
const invocation = {
  ...base,
  type: 'invocation',
  functionName: 'Demo-S3',
  requestId: 'r',
  attempt: 1,
  outcome: 'ok',
  reason: null,
} as const;

const items: readonly SandboxJournalItem[] = [
  request,
  { ...request, status: 503, errorCode: 'SlowDown', fault: 'throttle' },
  { ...request, status: 0, errorCode: 'ConnectionReset', fault: 'reset' },
  delivery,
  { ...delivery, outcome: 'dropped', fault: 'drop' },
  {
    ...delivery,
    via: 'eventbridge',
    destination: 'arn:aws:sqs:us-east-1:000000000000:inbox',
    outcome: 'refused',
    reason: 'the queue does not admit events.amazonaws.com: no statement allows it',
  },
  {
    ...delivery,
    via: 'sns',
    bucket: null,
    key: null,
    eventName: 'Notification',
    destination: 'a@example.com',
  },
  invocation,
  { ...invocation, attempt: 3, outcome: 'error', reason: 'RetriesExhausted' },
];

function view(
  item: SandboxJournalItem,
  plain: boolean,
  color: 'always' | 'never' = 'never',
): readonly string[] {
  const theme = createTheme(fakeTerminal({ color }).io.stdout);
  return viewSandboxJournalItem(item, { theme, width: 80, plain, now: 0 }).stdout ?? [];
}

it('draws one entry a line, and folds what is too long for the terminal', () => {
  const lines = items.flatMap((item) => view(item, false));
  expect(lines.every((line) => displayWidth(line) <= 80)).toBe(true);
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "03:04:05.678  200        s3.PutObject, 12ms
    03:04:05.678  503        s3.PutObject SlowDown, 12ms (fault: throttle)
    03:04:05.678  cut        s3.PutObject ConnectionReset, 12ms (fault: reset)
    03:04:05.678  delivered  S3 ObjectCreated:Put photos/in/beach.jpeg → lambda
                               Demo-S3
    03:04:05.678  dropped    S3 ObjectCreated:Put photos/in/beach.jpeg → lambda
                               Demo-S3 (fault: drop)
    03:04:05.678  refused    EventBridge ObjectCreated:Put photos/in/beach.jpeg →
                               sqs inbox: the queue does not admit
                               events.amazonaws.com: no statement allows it
    03:04:05.678  delivered  SNS Notification → a@example.com
    03:04:05.678  ok         function Demo-S3
    03:04:05.678  error      function Demo-S3, attempt 3: RetriesExhausted"
  `);
});

it('prints cells between tabs in a pipe, with the type, and folds nothing', () => {
  expect(items.flatMap((item) => view(item, true)).join('\n')).toMatchInlineSnapshot(`
    "03:04:05.678	request	200	s3.PutObject, 12ms
    03:04:05.678	request	503	s3.PutObject SlowDown, 12ms (fault: throttle)
    03:04:05.678	request	cut	s3.PutObject ConnectionReset, 12ms (fault: reset)
    03:04:05.678	delivery	delivered	S3 ObjectCreated:Put photos/in/beach.jpeg → lambda Demo-S3
    03:04:05.678	delivery	dropped	S3 ObjectCreated:Put photos/in/beach.jpeg → lambda Demo-S3 (fault: drop)
    03:04:05.678	delivery	refused	EventBridge ObjectCreated:Put photos/in/beach.jpeg → sqs inbox: the queue does not admit events.amazonaws.com: no statement allows it
    03:04:05.678	delivery	delivered	SNS Notification → a@example.com
    03:04:05.678	invocation	ok	function Demo-S3
    03:04:05.678	invocation	error	function Demo-S3, attempt 3: RetriesExhausted"
  `);
});

it('colours the outcome on a terminal only', () => {
  expect(view(delivery, false, 'always').join('')).toContain('\u001b[32mdelivered');
  expect(view({ ...delivery, outcome: 'refused' }, false, 'always').join('')).toContain('\u001b[31mrefused');
  expect(view(delivery, false).join('')).not.toContain('\u001b');
});

it('obeys nothing that a key, a reason or a name says', () => {
  const hostile = 'a\u001b[2Jb\u0007\u202egnp\nx\ty';
  for (const plain of [true, false]) {
    const lines = [
      ...view({ ...delivery, key: hostile, reason: hostile, destination: hostile }, plain),
      ...view({ ...invocation, functionName: hostile, reason: hostile }, plain),
      ...view({ ...request, operation: hostile, errorCode: hostile }, plain),
    ];
    const text = lines.join('');
    expect(text.replaceAll('\t', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    if (plain) for (const line of lines) expect(line.split('\t')).toHaveLength(4);
  }
});
