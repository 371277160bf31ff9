/**
 * Several causes at once, on recorded facts and with all checks: those that the local AWS cannot build in a moment (Lambda's retries take
 * minutes, and S3 sends nothing twice). The others stand in test/commands/doctor/compound.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/core/checks/index.ts';
import type { DoctorFacts, SeenRecord } from '../../../src/core/doctor/facts.ts';
import { diagnose } from '../../../src/core/doctor/judge.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { objectOf, ok, refusal, s3Error, seen, simulation, withLog, type Shown } from './outcome-support.ts';
import { eventRule, trail, withFilter, write } from './rule-support.ts';
import {
  BUCKET,
  BUCKET_ARN,
  facts,
  fnArn,
  functionNode,
  lambdaDocument,
  log,
  MINUTE,
  NOW,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  ACCOUNT,
  s3Statement,
} from './support.ts';

const told = (given: DoctorFacts) =>
  diagnose(given, CHECKS).findings.map(
    ({ id, verdict, consequenceOf }) =>
      `${verdict} ${id}${consequenceOf === null ? '' : ` < ${consequenceOf}`}`,
  );

const written = (value: ReturnType<typeof lambdaDocument>) => ({
  notification: read('s3:GetBucketNotification', value),
});

describe('7: no route to S3, time-outs, three attempts, and nowhere to put what failed', () => {
  const text = 'Connect timeout on endpoint URL: "https://photos.s3.eu-west-1.amazonaws.com/a.jpg"';
  const shown = (error: readonly [string, string]): Shown => ({
    id: 'a',
    at: 6,
    keys: ['a.jpg'],
    invocation: { starts: [NOW - 9 * MINUTE, NOW - 8 * MINUTE, NOW - 6 * MINUTE] },
    report: { status: 'timeout' },
    error,
  });
  const given = withLog(
    [shown(['', text]), shown(['Sandbox.Timedout', 'Task timed out after 3.00 seconds'])],
    {
      configuration: { subnetIds: ['subnet-1'], deadLetterArn: queueArn('dead') },
      simulated: [simulation('sqs:SendMessage', queueArn('dead'), 'implicitDeny')],
      queues: {
        [queueArn('dead')]: queueNode({
          arn: queueArn('dead'),
          attributes: read('sqs:GetQueueAttributes', queueAttributes()),
        }),
      },
    },
  );

  it('the route is the root; time-outs and duplicates follow; what is to keep the event is a risk', () => {
    expect(diagnose(given, CHECKS).rootCause).toBe('vpc-no-route');
    expect(told(given)).toEqual([
      'broken vpc-no-route',
      'broken function-timeout < vpc-no-route',
      expect.stringMatching(/^broken lambda-retry-duplicates < /),
      expect.stringMatching(/^risk dlq-undeliverable < /),
    ]);
  });

  it('nothing is proposed for what follows from it', () => {
    const { findings } = diagnose(given, CHECKS);
    expect(findings[0]?.fix.mode).toBe('tell');
  });
});

describe('9: two ways to one function, which bears no event twice', () => {
  const ruleArn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/all`;
  const fromEvents = {
    Sid: 'events',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: fnArn(),
    Condition: { ArnLike: { 'aws:SourceArn': ruleArn } },
  };
  const record = (over: Partial<SeenRecord>): Partial<SeenRecord> => ({
    eventName: 'ObjectCreated:Put',
    sequencer: '0066',
    eTag: 'e',
    ...over,
  });
  const twice = seen(
    { ...ok('a', 9, 'a.jpg'), record: record({}) },
    // The same event of the same rule in another invocation: by itself that is S3's at-least-once delivery.
    { ...ok('b', 8, 'a.jpg'), record: record({}) },
    { ...ok('c', 7, 'a.jpg'), record: record({ configurationId: undefined, via: ['eventbridge'] }) },
  );
  const withPolicy = (...statements: readonly object[]) => ({
    [fnArn()]: functionNode({
      policy: read('lambda:GetPolicy', policy(s3Statement('lambda:InvokeFunction', fnArn()), ...statements)),
      log: log(twice),
    }),
  });

  it('the second way is first, and S3 is not blamed', () => {
    const given = facts({
      bucket: written({ ...lambdaDocument(), EventBridgeConfiguration: {} }),
      eventRules: read('events:ListRules', [
        {
          ...eventRule({ source: ['aws.s3'], detail: { bucket: { name: [BUCKET] } } }),
          targets: read('events:ListTargetsByRule', [{ id: 'f', arn: fnArn(), rewritten: false }]),
        },
      ]),
      functions: withPolicy(fromEvents),
    });
    const { rootCause, findings } = diagnose(given, CHECKS);
    expect(rootCause).toBe('double-path');
    const duplicate = findings.find(({ id }) => id === 's3-duplicate');
    expect(duplicate?.consequenceOf).toBe('double-path');
    expect(findings.filter(({ consequenceOf }) => consequenceOf === null).map(({ id }) => id)).toEqual([
      'double-path',
    ]);
  });

  it('with one way alone it is S3’s', () => {
    expect(told(facts({ functions: withPolicy() }))).toEqual([
      expect.stringMatching(/^(?:broken|suspected|risk) s3-duplicate$/),
    ]);
  });
});

describe('2: a filter that is not encoded, and no permission', () => {
  it('are told in this order, neither as a consequence of the other', () => {
    const given = facts({
      question: { key: 'dt=1/a.csv' },
      object: objectOf('dt=1/a.csv'),
      bucket: written(lambdaDocument(withFilter('dt=1/'))),
      functions: { [fnArn()]: functionNode({ policy: absent('lambda:GetPolicy') }) },
    });
    expect(told(given)).toEqual(['broken filter-not-encoded', 'broken lambda-permission-missing']);
  });
});

describe('3: an object in parts, and a role that may not read', () => {
  const given = (key: string, eTag: string) =>
    withLog([{ id: 'a', at: 9, keys: ['small.jpg'], error: refusal(`${BUCKET_ARN}/small.jpg`) }], {
      question: { key },
      object: objectOf(key, { eTag }),
      bucket: written(lambdaDocument({ Events: ['s3:ObjectCreated:Put'] })),
      simulated: [simulation('s3:GetObject', `${BUCKET_ARN}/*`, 'implicitDeny')],
    });

  it('the type is certain; the role is not reached', () => {
    const { rootCause, findings } = diagnose(given('big.bin', 'x-9'), CHECKS);
    expect(rootCause).toBe('event-type-multipart');
    expect(findings).toMatchObject([
      { id: 'event-type-multipart', verdict: 'broken' },
      {
        id: 'role-no-s3-read',
        verdict: 'suspected',
        contradictedBy: 'the event of this object does not get that far',
      },
    ]);
  });

  it('the role is the root for an object whose event came', () => {
    expect(diagnose(given('small.jpg', 'x'), CHECKS).rootCause).toBe('role-no-s3-read');
  });

  it('and stays certain where that object was seen, whatever is said of its type now', () => {
    const { findings } = diagnose(given('small.jpg', 'x-9'), CHECKS);
    expect(findings.find(({ id }) => id === 'role-no-s3-read')).toMatchObject({ verdict: 'broken' });
  });
});

describe('6: a key that is not decoded, without ListBucket', () => {
  it('is the root, and no permission is missing', () => {
    const given = withLog([{ id: 'a', at: 9, keys: ['a+b.jpg'], error: s3Error('AccessDenied') }], {
      question: { key: 'a b.jpg' },
      object: objectOf('a b.jpg'),
      simulated: [
        simulation('s3:GetObject', `${BUCKET_ARN}/*`, 'allowed'),
        simulation('s3:ListBucket', BUCKET_ARN, 'implicitDeny'),
      ],
    });
    expect(told(given)).toEqual(['broken key-not-decoded']);
  });
});

describe('12: GetPolicy denied, no log group, an object older than its rule', () => {
  it('is certain of the object, and says what it could not see', () => {
    const rule = (Value: string) => ({
      bucketName: BUCKET,
      NotificationConfiguration: {
        CloudFunctionConfiguration: {
          Id: 'thumbs',
          CloudFunction: fnArn(),
          Event: 's3:ObjectCreated:*',
          Filter: { S3Key: { FilterRule: { Name: 'prefix', Value } } },
        },
      },
    });
    const given = facts({
      question: { key: 'in/a.jpg' },
      object: objectOf('in/a.jpg', { modified: NOW - 60 * MINUTE }),
      bucket: written(lambdaDocument(withFilter('in/'))),
      functions: {
        [fnArn()]: functionNode({
          policy: denied('lambda:GetPolicy', fnArn()),
          log: log({}, { group: absent('logs:DescribeLogGroups'), seen: absent('logs:FilterLogEvents') }),
        }),
      },
      ...trail(write(NOW - 30 * MINUTE, rule('in/')), write(NOW - 90 * MINUTE, rule('out/'))),
    });
    const { verdict, rootCause, mayBeEarlier, notChecked } = diagnose(given, CHECKS);
    expect([verdict, rootCause, mayBeEarlier]).toEqual(['broken', 'object-predates-config', false]);
    expect(notChecked).toMatchObject([{ check: 'lambda-permission-missing', action: 'lambda:GetPolicy' }]);
    expect(told(given)).toEqual(['broken object-predates-config']);
  });
});
