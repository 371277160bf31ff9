import { describe, expect, test } from 'vitest';
import { awsCliCommand } from '../../../src/core/doctor/aws-cli.ts';
import { editDocument } from '../../../src/core/doctor/edit-document.ts';
import type { NotificationEdit } from '../../../src/core/doctor/finding.ts';
import { call } from '../../../src/core/doctor/fixes.ts';
import { summarizeLog } from '../../../src/core/doctor/log-summary.ts';
import { maskAccounts } from '../../../src/core/doctor/mask.ts';
import { nearKeys } from '../../../src/core/doctor/near-keys.ts';
import { readFacts } from '../../../src/core/doctor/saved-facts.ts';
import type { NotificationDocument } from '../../../src/core/notification.ts';
import { facts } from '../checks/support.ts';

describe('a call as a command of the AWS CLI', () => {
  test.each([
    [
      call('lambda', 'AddPermission', {
        FunctionName: 'f',
        SourceAccount: '000000000000',
        Qualifier: undefined,
      }),
      'aws lambda add-permission --function-name f --source-account 000000000000',
    ],
    [
      call('lambda', 'UpdateEventSourceMapping', { UUID: 'u-1', Enabled: true }),
      'aws lambda update-event-source-mapping --uuid u-1 --enabled',
    ],
    [
      call('lambda', 'UpdateEventSourceMapping', { UUID: 'u', Enabled: false }),
      'aws lambda update-event-source-mapping --uuid u --no-enabled',
    ],
    [
      call('lambda', 'UpdateFunctionConfiguration', { KMSKeyArn: '', Timeout: 9 }),
      "aws lambda update-function-configuration --kms-key-arn '' --timeout 9",
    ],
    [
      call('sqs', 'SetQueueAttributes', {
        QueueUrl: 'http://x/1/q',
        Attributes: { Policy: '{"a":"it\'s"}' },
      }),
      `aws sqs set-queue-attributes --queue-url http://x/1/q --attributes '{"Policy":"{\\"a\\":\\"it'\\''s\\"}"}'`,
    ],
    [
      call('s3', 'PutBucketPolicy', { Bucket: 'b', Policy: '{}' }),
      "aws s3api put-bucket-policy --bucket b --policy '{}'",
    ],
  ])('%#', (action, command) => {
    if (action.kind !== 'call') throw new TypeError('a call was made');
    expect(awsCliCommand(action, ['--region', 'eu-west-1'])).toBe(`${command} --region eu-west-1`);
  });
});

describe('edits of a document', () => {
  const rule = (Id: string, over: object = {}) => ({
    Id,
    LambdaFunctionArn: `arn:${Id}`,
    Events: ['s3:ObjectCreated:Put'],
    ...over,
  });
  const before: NotificationDocument & { readonly Unknown: number } = {
    LambdaFunctionConfigurations: [
      rule('a', { Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'in/' }] } } }),
      rule('b'),
    ],
    Unknown: 1,
  };

  test.each<[string, readonly NotificationEdit[], object]>([
    ['nothing', [], before],
    ['a rule that is not there', [{ kind: 'remove', ruleId: 'x' }], before],
    [
      'one less',
      [{ kind: 'remove', ruleId: 'b' }],
      { ...before, LambdaFunctionConfigurations: [before.LambdaFunctionConfigurations?.[0]] },
    ],
    ['EventBridge', [{ kind: 'enable-eventbridge' }], { ...before, EventBridgeConfiguration: {} }],
    [
      'events, the filter kept',
      [{ kind: 'set', ruleId: 'a', events: ['s3:ObjectCreated:*'] }],
      {
        ...before,
        LambdaFunctionConfigurations: [
          rule('a', {
            Events: ['s3:ObjectCreated:*'],
            Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'in/' }] } },
          }),
          rule('b'),
        ],
      },
    ],
    [
      'an empty prefix takes the filter away',
      [{ kind: 'set', ruleId: 'a', prefix: '' }],
      { ...before, LambdaFunctionConfigurations: [rule('a'), rule('b')] },
    ],
    [
      'what was lost comes back, what is there stays',
      [
        {
          kind: 'merge',
          document: {
            LambdaFunctionConfigurations: [rule('b', { Events: ['s3:ObjectRemoved:*'] }), rule('c')],
          },
        },
      ],
      {
        ...before,
        LambdaFunctionConfigurations: [...(before.LambdaFunctionConfigurations ?? []), rule('c')],
      },
    ],
  ])('%s', (_name, edits, after) => {
    expect(editDocument(before, edits)).toEqual(after);
  });
});

describe('saved facts', () => {
  test('come back as they were', () => {
    const given = facts();
    expect(readFacts(JSON.stringify(given))).toEqual({
      ok: true,
      facts: JSON.parse(JSON.stringify(given)) as object,
    });
  });

  test.each(['', '{', '[]', 'null', '1', '{}', '{"schemaVersion":2}', '{"schemaVersion":1,"bucket":{}}'])(
    '%j is none',
    (text) => {
      expect(readFacts(text)).toMatchObject({ ok: false });
    },
  );

  test('a read that is said to be known has a value', () => {
    const whole = JSON.parse(JSON.stringify(facts())) as { identity: object };
    expect(readFacts(JSON.stringify({ ...whole, identity: { state: 'known', call: 'x' } })).ok).toBe(false);
  });

  test('every member that is left out is noticed, or was optional', () => {
    const whole = JSON.parse(JSON.stringify(facts())) as Record<string, unknown>;
    const optional = ['at', 'eventRules', 'metrics', 'object'];
    for (const member of Object.keys(whole).filter((name) => !optional.includes(name))) {
      const { [member]: _, ...rest } = whole;
      expect(readFacts(JSON.stringify(rest)).ok, member).toBe(false);
    }
  });

  test('accounts are masked, each as another number and always the same', () => {
    const text =
      'arn:aws:sqs:eu-west-1:111122223333:q 444455556666 "111122223333" 1767323045000 x111122223333 sequencer 0055AED6DCD9';
    expect(maskAccounts(text)).toBe(
      'arn:aws:sqs:eu-west-1:100000000001:q 100000000002 "100000000001" 1767323045000 x111122223333 sequencer 0055AED6DCD9',
    );
  });
});

test.each([
  ['in/Beach.JPG', ['in/beach.jpg', 'out/x'], ['in/beach.jpg']],
  ['/in/a.txt', ['in/a.txt'], ['in/a.txt']],
  ['in/a+b.txt', ['in/a b.txt', 'in/zzzz.bin'], ['in/a b.txt']],
  ['in/a.txt', ['in/a.txt'], []],
  ['completely/other', ['in/a.txt'], []],
])('near %j of %j', (key, candidates, near) => {
  expect(nearKeys(key, candidates)).toEqual(near);
});

describe('a stretch of a log', () => {
  const line = (time: number, message: string, stream = 's') => ({ time, message, stream });
  const ID = '5f0e8a4c-1111-4222-8333-444455556666';

  test('records, attempts and errors belong to their invocation', () => {
    const event = JSON.stringify({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          eventTime: '2026-01-02T03:04:05.000Z',
          userIdentity: { principalId: 'AWS:AROAX:ada' },
          responseElements: { 'x-amz-request-id': 'REQ1' },
          s3: {
            configurationId: 'thumbs',
            bucket: { name: 'photos' },
            object: { key: 'a+b.txt', size: 1, sequencer: '00A' },
          },
        },
      ],
    });
    const seen = summarizeLog(
      [
        line(1, `START RequestId: ${ID} Version: $LATEST\n`),
        line(2, event),
        line(
          3,
          `[ERROR] ClientError: An error occurred (AccessDenied) when calling the GetObject operation: Access Denied\nTraceback (most recent call last):\n  x`,
        ),
        line(
          4,
          `REPORT RequestId: ${ID}\tDuration: 2.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n`,
        ),
        line(5, 'a line that speaks of NoSuchKey only'),
        line(60_000, `START RequestId: ${ID} Version: $LATEST\n`),
      ],
      true,
    );
    expect(seen).toMatchObject({
      lines: 6,
      truncated: true,
      records: [
        {
          invocation: ID,
          key: 'a b.txt',
          rawKey: 'a+b.txt',
          configurationId: 'thumbs',
          requestId: 'REQ1',
          principalId: 'AWS:AROAX:ada',
        },
      ],
      invocations: [
        {
          requestId: ID,
          starts: [1, 60_000],
          version: '$LATEST',
          report: { durationMs: 2, maxMemoryMb: 40 },
        },
      ],
      errors: [
        { invocation: ID, type: 'ClientError', message: expect.stringContaining('(AccessDenied)') as string },
        { type: '', message: 'a line that speaks of NoSuchKey only' },
      ],
    });
  });

  test('takes what stopped an invocation from its REPORT line, where no other line tells it', () => {
    const report = (status: string, n = 1) =>
      `REPORT RequestId: ${ID}\tDuration: ${n}000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: ${status}\n`;
    const killed = `RequestId: ${ID} Error: Runtime exited with error: signal: killed\nRuntime.OutOfMemory`;
    const { errors } = summarizeLog(
      [
        line(1, `START RequestId: ${ID} Version: $LATEST\n`),
        line(2, report('timeout')),
        line(3, `START RequestId: ${ID} Version: $LATEST\n`),
        line(4, killed),
        line(5, report('error\tError Type: Runtime.OutOfMemory', 2)),
        line(6, `START RequestId: ${ID} Version: $LATEST\n`),
        line(7, report('error\tError Type: Runtime.OutOfMemory', 3)),
      ],
      false,
    );
    expect(errors.map(({ time, invocation, type, message }) => [time, invocation, type, message])).toEqual([
      [2, ID, 'Sandbox.Timedout', 'REPORT Duration: 1000 ms Status: timeout Error Type: Sandbox.Timedout'],
      [4, ID, 'Runtime.OutOfMemory', 'Runtime exited with error: signal: killed'],
      [
        7,
        ID,
        'Runtime.OutOfMemory',
        'REPORT Duration: 3000 ms Status: error Error Type: Runtime.OutOfMemory',
      ],
    ]);
  });

  test('takes any text', () => {
    expect(summarizeLog([line(1, ''), line(2, '{'), line(3, '\u0000')], false)).toMatchObject({
      lines: 3,
      records: [],
      errors: [],
    });
  });
});
