import { describe, expect, it } from 'vitest';
import { OUTCOME_CHECKS } from '../../../src/core/checks/outcome/index.ts';
import { VISIBILITY_CHECKS } from '../../../src/core/checks/visibility/index.ts';
import type { DoctorFacts } from '../../../src/core/doctor/facts.ts';
import { diagnose } from '../../../src/core/doctor/judge.ts';
import { absent, read } from '../../../src/core/doctor/reading.ts';
import { objectOf, ok, s3Error, simulation, withLog, type Shown } from './outcome-support.ts';
import { BUCKET_ARN, facts, fnArn, functionNode, log, MINUTE, NOW, policy, queueArn } from './support.ts';

const CHECKS = [...OUTCOME_CHECKS, ...VISIBILITY_CHECKS];
const told = (given: DoctorFacts) => diagnose(given, CHECKS).findings.map(({ id, verdict }) => [id, verdict]);
const noRead = [simulation('s3:GetObject', `${BUCKET_ARN}/*`, 'implicitDeny')];

describe('healthy set-ups', () => {
  it.each<readonly [string, DoctorFacts]>([
    ['nothing was uploaded yet', facts()],
    [
      'no log group, since it never ran',
      facts({
        functions: {
          [fnArn()]: functionNode({
            log: log({}, { group: absent('logs:DescribeLogGroups'), seen: absent('logs:FilterLogEvents') }),
          }),
        },
      }),
    ],
    ['it works', withLog([ok('a', 9, 'a.jpg'), ok('b', 5, 'b+c.jpg')])],
    ['its role may not read S3, and it never does', withLog([ok('a', 9, 'a.jpg')], { simulated: noRead })],
    [
      'a VPC with a way out, and a Deny for plain HTTP',
      withLog([ok('a', 9, 'a.jpg')], {
        configuration: { subnetIds: ['subnet-1'] },
        bucket: {
          policy: read(
            's3:GetBucketPolicy',
            policy({
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: `${BUCKET_ARN}/*`,
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
          ),
        },
      }),
    ],
    [
      'an update is under way',
      withLog([ok('a', 9, 'a.jpg')], { configuration: { lastUpdateStatus: 'InProgress' } }),
    ],
    [
      'lines in a group of its own, without START',
      withLog([], { configuration: { logFormat: 'JSON', systemLogLevel: 'WARN', logGroup: '/mine' } }),
    ],
    ['a rule to something that is not read', facts({ functions: {} })],
  ])('%s', (_, given) => {
    expect(told(given)).toEqual([]);
    expect(diagnose(given, CHECKS).verdict).toBe('healthy');
  });
});

describe('compound cases', () => {
  it('a key that was not decoded, without ListBucket: not a missing permission', () => {
    const given = withLog([{ id: 'a', at: 9, keys: ['a+b.jpg'], error: s3Error('AccessDenied') }], {
      question: { key: 'a b.jpg' },
      object: objectOf('a b.jpg'),
      simulated: [
        simulation('s3:GetObject', `${BUCKET_ARN}/*`, 'allowed'),
        simulation('s3:ListBucket', BUCKET_ARN, 'implicitDeny'),
      ],
    });
    expect(told(given)).toEqual([['key-not-decoded', 'broken']]);
  });

  it('no route: time-outs and duplicates follow from it, and what is to keep the event is a risk', () => {
    const starts = [NOW - 9 * MINUTE, NOW - 8 * MINUTE, NOW - 6 * MINUTE];
    const text = 'Connect timeout on endpoint URL: "https://photos.s3.eu-west-1.amazonaws.com/a.jpg"';
    const shown = (error: Shown['error']): Shown => ({
      id: 'a',
      at: 6,
      keys: ['a.jpg'],
      invocation: { starts },
      report: { status: 'timeout' },
      ...(error ? { error } : {}),
    });
    const given = withLog(
      [shown(['', text]), shown(['Sandbox.Timedout', 'Task timed out after 3.00 seconds'])],
      {
        configuration: { subnetIds: ['subnet-1'], deadLetterArn: queueArn('dead') },
        simulated: [simulation('sqs:SendMessage', queueArn('dead'), 'implicitDeny')],
      },
    );
    const { rootCause, findings } = diagnose(given, CHECKS);
    expect(rootCause).toBe('vpc-no-route');
    expect(findings.map(({ id, verdict, consequenceOf }) => [id, verdict, consequenceOf])).toEqual([
      ['vpc-no-route', 'broken', null],
      ['function-timeout', 'broken', 'vpc-no-route'],
      ['lambda-retry-duplicates', 'broken', expect.any(String)],
      ['dlq-undeliverable', 'risk', expect.any(String)],
    ]);
  });
});

describe('odd values', () => {
  it('are borne by every check', () => {
    const text = `${'('.repeat(500)}${'"'.repeat(300)} not authorized to perform: ${'a'.repeat(200)}`;
    const given = withLog(
      [{ id: '', at: Number.NaN, keys: ['%E0%A4%A'.replaceAll('%', '+')], error: ['', text] }],
      {
        configuration: { roleArn: '', logGroup: '' },
        bucket: { policy: read('s3:GetBucketPolicy', '{"Statement":[null]}') },
      },
    );
    for (const check of CHECKS) expect(() => diagnose(given, [check])).not.toThrow();
  });
});
