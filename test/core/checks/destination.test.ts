import { describe, expect, it } from 'vitest';
import { crossRegionDestination } from '../../../src/core/checks/destination/cross-region-destination.ts';
import { fifoDestination } from '../../../src/core/checks/destination/fifo-destination.ts';
import { lambdaQualifierMissing } from '../../../src/core/checks/destination/lambda-qualifier-missing.ts';
import { queueOrTopicMissing } from '../../../src/core/checks/destination/queue-or-topic-missing.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  behindRule,
  behindTopic,
  given,
  invoke,
  NO_POLICY,
  queueDocument,
  RULE_ARN,
  said,
  subscription,
  topicDocument,
  withFunction,
  admitting,
} from './access-support.ts';
import {
  configuration,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  topicArn,
  topicNode,
} from './support.ts';

const live = `${fnArn()}:live`;
const NO_SUCH_FUNCTION = absent('lambda:GetFunction');

describe('lambda-qualifier-missing', () => {
  const world = (arn: string, over: object = {}) =>
    withFunction(NO_POLICY, { arn, qualified: NO_SUCH_FUNCTION, ...over });

  it('proposes to make the alias again, with its permission', () => {
    expect(said(world(live))).toEqual(['lambda-qualifier-missing broken']);
    const { findings } = judge(lambdaQualifierMissing, world(live));
    expect(findings).toMatchObject([
      {
        node: live,
        fix: {
          mode: 'ask',
          actions: [
            { operation: 'CreateAlias', input: { FunctionName: 'thumbs', Name: 'live' } },
            { operation: 'AddPermission', input: { FunctionName: 'thumbs', Qualifier: 'live' } },
          ],
        },
      },
    ]);
  });

  it('only tells of a version, whose number never comes back', () => {
    const { findings } = judge(lambdaQualifierMissing, world(`${fnArn()}:7`));
    expect(findings).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell', actions: [] } }]);
  });

  it('suspects $LATEST, and finds no missing permission there', () => {
    const latest = world(`${fnArn()}:$LATEST`, { qualified: read('lambda:GetFunction', configuration()) });
    expect(said(latest)).toEqual(['lambda-qualifier-missing suspected']);
  });

  it('is not certain when the function itself is not shown', () => {
    const hidden = world(live, { configuration: denied('lambda:GetFunction', fnArn()) });
    expect(judge(lambdaQualifierMissing, hidden)).toMatchObject({
      findings: [{ verdict: 'suspected' }],
      notChecked: [{ action: 'lambda:GetFunction' }],
    });
  });

  it('is silent about an alias that is there, and a function that is not', () => {
    const there = withFunction(policy(invoke({}, live)), {
      arn: live,
      qualified: read('lambda:GetFunction', configuration()),
    });
    expect(said(there)).toEqual([]);
    expect(said(world(live, { configuration: NO_SUCH_FUNCTION }))).toEqual(['lambda-missing broken']);
  });

  it('says when it may not look', () => {
    const { findings, notChecked } = judge(
      lambdaQualifierMissing,
      world(live, { qualified: denied('lambda:GetFunction', live) }),
    );
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ action: 'lambda:GetFunction', resource: live }]);
  });
});

describe('queue-or-topic-missing', () => {
  const noQueue = { [queueArn()]: queueNode({ attributes: absent('sqs:GetQueueAttributes') }) };
  const noTopic = { [topicArn()]: topicNode({ attributes: absent('sns:GetTopicAttributes') }) };

  it.each([
    ['queue', given(queueDocument(), { queues: noQueue }), 'CreateQueue'],
    ['topic', given(topicDocument(), { topics: noTopic }), 'CreateTopic'],
  ])('finds a %s that is gone, and nothing about its policy', (_what, world, operation) => {
    expect(said(world)).toEqual(['queue-or-topic-missing broken']);
    expect(judge(queueOrTopicMissing, world).findings).toMatchObject([
      { depth: 0, fix: { mode: 'ask', actions: [{ operation }] } },
    ]);
  });

  it('finds a queue that a topic and an event rule lead to', () => {
    expect(said(behindTopic([subscription('sqs', queueArn())], { queues: noQueue }))).toEqual([
      'queue-or-topic-missing broken',
    ]);
    expect(said(behindRule([{ arn: queueArn() }], { queues: noQueue }))).toEqual([
      'queue-or-topic-missing broken',
    ]);
  });

  it('says when it may not look', () => {
    const queues = {
      [queueArn()]: queueNode({ attributes: denied('sqs:GetQueueAttributes', queueArn()) }),
    };
    expect(judge(queueOrTopicMissing, given(queueDocument(), { queues }))).toMatchObject({
      findings: [],
      notChecked: [{ check: 'queue-or-topic-missing', action: 'sqs:GetQueueAttributes' }],
    });
  });
});

describe('fifo-destination', () => {
  const fifo = queueArn('jobs.fifo');
  const queues = {
    [fifo]: queueNode({
      arn: fifo,
      attributes: read(
        'sqs:GetQueueAttributes',
        queueAttributes({
          policy: policy(admitting('events.amazonaws.com', RULE_ARN, 'sqs:SendMessage', fifo)),
        }),
      ),
    }),
  };

  it.each([queueDocument(fifo), topicDocument(topicArn('uploads.fifo'))])(
    'finds a rule to one',
    (document) => {
      expect(judge(fifoDestination, given(document)).findings).toMatchObject([
        { verdict: 'broken', depth: 0, fix: { mode: 'tell' } },
      ]);
    },
  );

  it('finds one in a document that somebody wants to put, once', () => {
    const world = given(queueDocument(fifo), {
      question: { intended: queueDocument(fifo) },
    });
    expect(judge(fifoDestination, world).findings).toHaveLength(1);
    const planned = facts({ question: { intended: queueDocument(fifo) } });
    expect(judge(fifoDestination, planned).findings).toMatchObject([{ ruleIds: ['q'] }]);
  });

  it('is silent about one behind EventBridge', () => {
    expect(said(behindRule([{ arn: fifo, messageGroupId: 'all' }], { queues }))).toEqual([]);
  });
});

describe('cross-region-destination', () => {
  const away = fnArn().replace('eu-west-1', 'us-east-1');

  it('finds a function of another Region', () => {
    const world = given(lambdaDocument({ LambdaFunctionArn: away }), { functions: {} });
    expect(judge(crossRegionDestination, world).findings).toMatchObject([
      { verdict: 'broken', node: away, ruleIds: ['thumbs'], fix: { mode: 'tell' } },
    ]);
    expect(judge(crossRegionDestination, world).findings[0]?.message).toContain('us-east-1');
  });

  it('is silent about a subscriber of another Region', () => {
    const world = behindTopic([subscription('lambda', away)], {
      functions: {
        [away]: functionNode({
          arn: away,
          policy: read(
            'lambda:GetPolicy',
            policy(admitting('sns.amazonaws.com', topicArn(), 'lambda:InvokeFunction', away)),
          ),
        }),
      },
    });
    expect(said(world)).toEqual([]);
  });

  it('says when the Region of the bucket is not known', () => {
    const world = facts({ bucket: { head: denied('s3:ListBucket', 'photos') } });
    expect(judge(crossRegionDestination, world)).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:ListBucket' }],
    });
  });
});
