/**
 * Set-ups that work and look broken, as far as the local AWS cannot hold them (the others stand in
 * test/commands/doctor/look-alikes.long.test.ts): it has no access points, no idle functions, no mail that could be confirmed, no networks,
 * and no function of another account that this one may look at.
 */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/core/checks/index.ts';
import type { FunctionConfiguration } from '../../../src/core/doctor/facts.ts';
import { diagnose } from '../../../src/core/doctor/judge.ts';
import { absent, read } from '../../../src/core/doctor/reading.ts';
import { ok, seen, withLog } from './outcome-support.ts';
import {
  configuration,
  facts,
  fnArn,
  functionNode,
  lambdaDocument,
  log,
  NOW,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  s3Statement,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

const OTHER = '444455556666';

/** The function `thumbs` with other settings. */
const set = (over: Partial<FunctionConfiguration>): FactsOver => ({
  functions: {
    [fnArn()]: functionNode({
      configuration: read('lambda:GetFunctionConfiguration', configuration(over)),
    }),
  },
});

/** The same function, in another account. */
function foreignFunction(): FactsOver {
  const arn = fnArn().replace(/:\d{12}:/, `:${OTHER}:`);
  const roleArn = `arn:aws:iam::${OTHER}:role/thumbs-role`;
  return {
    bucket: { notification: read('s3:GetBucketNotification', lambdaDocument({ LambdaFunctionArn: arn })) },
    functions: {
      [arn]: functionNode({
        arn,
        configuration: read('lambda:GetFunctionConfiguration', configuration({ roleArn })),
        policy: read('lambda:GetPolicy', policy(s3Statement('lambda:InvokeFunction', arn))),
      }),
    },
    roles: {},
  };
}

function foreignQueue(): FactsOver {
  const arn = queueArn().replace(/:\d{12}:/, `:${OTHER}:`);
  return {
    bucket: {
      notification: read('s3:GetBucketNotification', {
        QueueConfigurations: [{ Id: 'jobs', QueueArn: arn, Events: ['s3:ObjectCreated:*'] }],
      }),
    },
    queues: {
      [arn]: queueNode({
        arn,
        attributes: read(
          'sqs:GetQueueAttributes',
          queueAttributes({ policy: policy(s3Statement('sqs:SendMessage', arn)) }),
        ),
      }),
    },
    functions: {},
  };
}

const mail = (arn: string | undefined) => ({ arn, protocol: 'email', endpoint: 'ada@example.com' });

const topicOf = (...subscriptions: readonly ReturnType<typeof mail>[]): FactsOver => ({
  bucket: {
    notification: read('s3:GetBucketNotification', {
      TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
    }),
  },
  topics: {
    [topicArn()]: topicNode({ subscriptions: read('sns:ListSubscriptionsByTopic', subscriptions) }),
  },
  functions: {},
});

describe('healthy, and not to be held for broken', () => {
  it.each<readonly [string, FactsOver]>([
    ['9: a function that Lambda put to rest', set({ state: 'Inactive', stateReasonCode: 'Idle' })],
    ['9: an update is under way', set({ lastUpdateStatus: 'InProgress' })],
    [
      '9: no settings, no dead-letter queue, no reserved concurrency, no log group',
      {
        functions: {
          [fnArn()]: functionNode({
            concurrency: absent('lambda:GetFunctionConcurrency'),
            eventInvoke: absent('lambda:ListFunctionEventInvokeConfigs'),
            log: log({}, { group: absent('logs:DescribeLogGroups'), seen: absent('logs:FilterLogEvents') }),
          }),
        },
      },
    ],
    ['10: a function of another account', foreignFunction()],
    ['10: a queue of another account', foreignQueue()],
    ['12: a network with a way out, whose routes are not looked at', set({ subnetIds: ['subnet-1'] })],
    ['a topic with a subscriber by mail who confirmed', topicOf(mail(`${topicArn()}:1`))],
    ['one who confirmed beside one who did not', topicOf(mail(undefined), mail(`${topicArn()}:1`))],
  ])('%s', (_, over) => {
    const { verdict, findings, notChecked } = diagnose(facts(over), CHECKS);
    expect(findings).toEqual([]);
    expect(notChecked).toEqual([]);
    expect(verdict).toBe('healthy');
  });

  it('10: uploads through an access point, whose events name the bucket', () => {
    const record = { bucket: 'photos', principalId: 'AWS:AROAEXAMPLE:partner' };
    const given = withLog([{ ...ok('a', 9, 'a.jpg'), record }], { question: { key: 'a.jpg' } });
    expect(diagnose(given, CHECKS)).toMatchObject({ verdict: 'healthy', findings: [] });
  });

  it('12: a network with a way out, in which it runs', () => {
    const given = withLog([ok('a', 9, 'a.jpg'), ok('b', 5, 'b.jpg')], {
      configuration: { subnetIds: ['subnet-1'] },
    });
    expect(diagnose(given, CHECKS)).toMatchObject({ verdict: 'healthy', findings: [] });
  });

  it('12: concurrency of 1 with steady traffic, and a queue of failures that is empty', () => {
    const given = facts({
      functions: {
        [fnArn()]: functionNode({
          concurrency: read('lambda:GetFunctionConcurrency', 1),
          log: log(seen(ok('a', 9, 'a.jpg'), ok('b', 5, 'b.jpg'))),
        }),
      },
      metrics: read('cloudwatch:GetMetricData', [
        { namespace: 'AWS/Lambda', name: 'Invocations', of: 'thumbs', points: [[NOW - 600_000, 2]] },
        { namespace: 'AWS/Lambda', name: 'Errors', of: 'thumbs', points: [[NOW - 600_000, 0]] },
        { namespace: 'AWS/Lambda', name: 'Throttles', of: 'thumbs', points: [[NOW - 600_000, 0]] },
      ]),
    });
    expect(diagnose(given, CHECKS)).toMatchObject({ verdict: 'healthy', findings: [] });
  });
});
