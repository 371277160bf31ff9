import { describe, expect, it } from 'vitest';
import { crossAccountDestination } from '../../../src/core/checks/permission/cross-account-destination.ts';
import { ebTargetPermission } from '../../../src/core/checks/permission/eb-target-permission.ts';
import { explicitDenyOrRcp } from '../../../src/core/checks/permission/explicit-deny-or-rcp.ts';
import { snsDownstreamPermission } from '../../../src/core/checks/permission/sns-downstream-permission.ts';
import { snsPolicy } from '../../../src/core/checks/permission/sns-policy.ts';
import { sqsPolicy } from '../../../src/core/checks/permission/sqs-policy.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  admitting,
  behindRule,
  behindTopic,
  given,
  INVOKE,
  invoke,
  NO_POLICY,
  OTHER_ACCOUNT,
  queueDocument,
  RULE_ARN,
  said,
  subscription,
  topicDocument,
  withFunction,
  withQueue,
  withTopic,
  written,
} from './access-support.ts';
import {
  ACCOUNT,
  BUCKET_ARN,
  fnArn,
  functionNode,
  judge,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  s3Statement,
  topicArn,
  topicNode,
} from './support.ts';

const SNS = 'sns.amazonaws.com';
const EVENTS = 'events.amazonaws.com';
const SEND = 'sqs:SendMessage';
const OWN = s3Statement(SEND, queueArn());

const queueWith = (...statements: readonly object[]) => ({
  queues: {
    [queueArn()]: queueNode({
      attributes: read(
        'sqs:GetQueueAttributes',
        queueAttributes({ policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) }),
      ),
    }),
  },
});
const functionWith = (reading: ReturnType<typeof functionNode>['policy']) => ({
  functions: { [fnArn()]: functionNode({ policy: reading }) },
});

describe('sqs-policy', () => {
  it.each<readonly [string, string, string | undefined]>([
    ['no policy', 'broken', undefined],
    [
      'another bucket',
      'broken',
      policy({ ...OWN, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::old' } } }),
    ],
    [
      'the objects of the bucket',
      'broken',
      policy({ ...OWN, Condition: { ArnLike: { 'aws:SourceArn': `${BUCKET_ARN}/*` } } }),
    ],
    [
      'another account',
      'broken',
      policy({ ...OWN, Condition: { StringEquals: { 'aws:SourceAccount': OTHER_ACCOUNT } } }),
    ],
    ['its own account alone', 'broken', policy({ ...OWN, Principal: { AWS: ACCOUNT } })],
    [
      'an organization',
      'suspected',
      policy({ ...OWN, Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } }),
    ],
    ['a text that is no policy', 'suspected', 'no policy'],
  ])('%s is %s', (_what, verdict, text) => {
    expect(said(withQueue({ policy: text }))).toEqual([`sqs-policy ${verdict}`]);
  });

  it('names the keys on which it hangs', () => {
    const text = policy({ ...OWN, Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } });
    expect(judge(sqsPolicy, withQueue({ policy: text })).findings[0]?.message).toContain('aws:SourceOrgID');
  });

  it('adds a statement and leaves the others', () => {
    const other = s3Statement(SEND, queueArn(), {
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::old' } },
    });
    const { findings } = judge(sqsPolicy, withQueue({ policy: policy(other) }));
    expect(findings).toMatchObject([{ node: queueArn(), ruleIds: ['q'], depth: 0, fix: { mode: 'safe' } }]);
    const { Statement } = written(findings[0]?.fix.actions[0]);
    expect(Statement).toEqual([other, { ...OWN, Sid: 's3evt-photos' }]);
  });

  it('writes nothing over what it cannot read', () => {
    expect(judge(sqsPolicy, withQueue({ policy: 'no policy' })).findings[0]?.fix).toMatchObject({
      mode: 'tell',
    });
  });

  it('says nothing of a queue that is not there or not shown', () => {
    const over = (attributes: ReturnType<typeof absent>) =>
      given(queueDocument(), { queues: { [queueArn()]: queueNode({ attributes }) } });
    expect(judge(sqsPolicy, over(absent('sqs:GetQueueAttributes')))).toEqual({
      findings: [],
      notChecked: [],
    });
    expect(judge(sqsPolicy, over(denied('sqs:GetQueueAttributes', queueArn())))).toMatchObject({
      findings: [],
      notChecked: [{ check: 'sqs-policy', action: 'sqs:GetQueueAttributes' }],
    });
  });

  it('admits a topic in the same write, when it is shut out too', () => {
    const document = { ...queueDocument(), ...topicDocument() };
    const world = given(document, {
      ...queueWith(),
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [subscription('sqs', queueArn())]),
        }),
      },
    });
    expect(said(world)).toEqual(['sqs-policy broken', 'sns-downstream-permission broken']);
    const writes = [sqsPolicy, snsDownstreamPermission].map((check) =>
      written(judge(check, world).findings[0]?.fix.actions[0]),
    );
    expect(writes[0]?.Statement).toHaveLength(2);
    expect(writes[1]).toEqual(writes[0]);
  });
});

describe('sns-policy', () => {
  /** What a new topic has. */
  const DEFAULT = {
    Sid: '__default_statement_ID',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: ['SNS:GetTopicAttributes', 'SNS:Publish'],
    Resource: topicArn(),
    Condition: { StringEquals: { 'AWS:SourceOwner': ACCOUNT } },
  };

  it('is broken with the policy of a new topic, and mended by one more statement', () => {
    const { findings } = judge(snsPolicy, withTopic({ policy: policy(DEFAULT) }));
    expect(findings).toMatchObject([
      {
        verdict: 'broken',
        node: topicArn(),
        fix: { mode: 'safe', actions: [{ operation: 'SetTopicAttributes' }] },
      },
    ]);
    expect(written(findings[0]?.fix.actions[0]).Statement).toEqual([
      DEFAULT,
      s3Statement('sns:Publish', topicArn(), { Sid: 's3evt-photos' }),
    ]);
  });

  it('is silent about other publishers and patterns that match', () => {
    const pattern = s3Statement('SNS:Publish', topicArn(), {
      Condition: {
        ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:*:*:pho*' },
        StringEquals: { 'aws:SourceAccount': ACCOUNT },
      },
    });
    expect(said(withTopic({ policy: policy(DEFAULT, pattern) }))).toEqual([]);
  });

  it('says when it may not look', () => {
    const world = given(topicDocument(), {
      topics: { [topicArn()]: topicNode({ attributes: denied('sns:GetTopicAttributes', topicArn()) }) },
    });
    expect(judge(snsPolicy, world)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'sns:GetTopicAttributes' }],
    });
  });
});

describe('sns-downstream-permission', () => {
  it('finds a function and a queue that do not admit the topic', () => {
    const world = behindTopic([subscription('lambda', fnArn()), subscription('sqs', queueArn())], {
      ...functionWith(read('lambda:GetPolicy', policy(invoke()))),
      ...queueWith(OWN),
    });
    expect(said(world)).toEqual(['sns-downstream-permission broken', 'sns-downstream-permission broken']);
    const { findings } = judge(snsDownstreamPermission, world);
    expect(findings).toMatchObject([
      {
        node: fnArn(),
        depth: 1,
        ruleIds: ['t'],
        fix: { mode: 'safe', actions: [{ input: { Principal: SNS, SourceArn: topicArn() } }] },
      },
      { node: queueArn(), depth: 1, fix: { mode: 'safe' } },
    ]);
    expect(written(findings[1]?.fix.actions[0]).Statement).toContainEqual({
      ...admitting(SNS, topicArn(), SEND, queueArn()),
      Sid: 's3evt-sns-uploads',
    });
  });

  it('finds a function without a policy, not one that is not there', () => {
    const world = (over: object) =>
      behindTopic([subscription('lambda', fnArn())], {
        functions: { [fnArn()]: functionNode({ policy: NO_POLICY, ...over }) },
      });
    expect(said(world({}))).toEqual(['sns-downstream-permission broken']);
    expect(said(world({ configuration: absent('lambda:GetFunction') }))).toEqual(['lambda-missing broken']);
    expect(said(world({ qualifier: 'live', qualified: absent('lambda:GetFunction') }))).toEqual([
      'lambda-qualifier-missing broken',
    ]);
  });

  it('suspects the account of a topic, of which it is not known whether it is presented', () => {
    const statement = {
      ...admitting(SNS, topicArn(), INVOKE, fnArn()),
      Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } },
    };
    const world = behindTopic(
      [subscription('lambda', fnArn())],
      functionWith(read('lambda:GetPolicy', policy(statement))),
    );
    expect(said(world)).toEqual(['sns-downstream-permission suspected']);
  });

  it('is silent where the topic is admitted, and about subscriptions that wait for confirmation', () => {
    const admitted = {
      ...functionWith(read('lambda:GetPolicy', policy(admitting(SNS, topicArn(), INVOKE, fnArn())))),
      ...queueWith({ ...admitting(SNS, topicArn(), SEND, queueArn()), Principal: '*' }),
    };
    const both = [subscription('lambda', fnArn()), subscription('sqs', queueArn())];
    expect(said(behindTopic(both, admitted))).toEqual([]);
    const pending = [subscription('sqs', queueArn(), { arn: undefined })];
    expect(said(behindTopic(pending, queueWith()))).toEqual([]);
  });

  it('says when it may not look', () => {
    const world = behindTopic(
      [subscription('lambda', fnArn())],
      functionWith(denied('lambda:GetPolicy', fnArn())),
    );
    expect(judge(snsDownstreamPermission, world)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'lambda:GetPolicy' }],
    });
  });
});

describe('eb-target-permission', () => {
  const toAll = [{ arn: fnArn() }, { arn: queueArn() }, { arn: topicArn() }];
  const topicWith = (...statements: readonly object[]) => ({
    topics: {
      [topicArn()]: topicNode({
        attributes: read('sns:GetTopicAttributes', {
          policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
        }),
      }),
    },
  });

  it('finds functions, queues and topics that admit S3 and not the rule', () => {
    const world = behindRule(toAll, {
      ...functionWith(read('lambda:GetPolicy', policy(invoke()))),
      ...queueWith(OWN),
      ...topicWith(s3Statement('sns:Publish', topicArn())),
    });
    expect(said(world)).toEqual(Array.from({ length: 3 }, () => 'eb-target-permission broken'));
    expect(judge(ebTargetPermission, world).findings[0]?.fix).toMatchObject({
      mode: 'safe',
      actions: [{ operation: 'AddPermission', input: { Principal: EVENTS, SourceArn: RULE_ARN } }],
    });
  });

  it('is silent where the rule is admitted', () => {
    const world = behindRule(toAll, {
      ...functionWith(read('lambda:GetPolicy', policy(admitting(EVENTS, RULE_ARN, INVOKE, fnArn())))),
      ...queueWith(admitting(EVENTS, RULE_ARN, SEND, queueArn())),
      ...topicWith(admitting(EVENTS, RULE_ARN, 'sns:Publish', topicArn())),
    });
    expect(said(world)).toEqual([]);
  });

  it('suspects the account, which EventBridge may not present', () => {
    const statement = admitting(EVENTS, RULE_ARN, INVOKE, fnArn());
    const Condition = { ...statement.Condition, StringEquals: { 'AWS:SourceAccount': ACCOUNT } };
    const text = policy({ ...statement, Condition });
    const world = behindRule([{}], functionWith(read('lambda:GetPolicy', text)));
    expect(said(world)).toEqual(['eb-target-permission suspected']);
  });

  it('is silent about a target with a role and a rule that is off', () => {
    const shut = functionWith(NO_POLICY);
    expect(said(behindRule([{ roleArn: `arn:aws:iam::${ACCOUNT}:role/events` }], shut))).toEqual([]);
    expect(said(behindRule([{}], shut, { state: 'DISABLED' }))).toEqual([]);
  });

  it('mends a function once that is a target twice', () => {
    const world = behindRule([{ id: 'a' }, { id: 'b' }], functionWith(NO_POLICY));
    expect(judge(ebTargetPermission, world).findings).toHaveLength(1);
  });
});

describe('explicit-deny-or-rcp', () => {
  const deny = (condition?: object) => ({
    Sid: 'guard',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: queueArn(),
    ...(condition ? { Condition: condition } : {}),
  });

  it.each([
    ['without a condition', undefined],
    ['of an endpoint', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }],
    ['of addresses', { NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }],
    ['of another account', { StringNotEquals: { 'aws:SourceAccount': OTHER_ACCOUNT } }],
  ])('a Deny %s hits S3', (_what, condition) => {
    const world = withQueue({ policy: policy(OWN, deny(condition)) });
    expect(said(world)).toEqual(['explicit-deny-or-rcp broken']);
    const { findings } = judge(explicitDenyOrRcp, world);
    expect(findings[0]?.message).toContain('"guard"');
    expect(findings[0]?.fix.mode).toBe('ask');
    const mended = written(findings[0]?.fix.actions[0]);
    expect(mended.Statement).toEqual([
      OWN,
      deny({ ...condition, BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } }),
    ]);
    expect(said(withQueue({ policy: JSON.stringify(mended) }))).toEqual([]);
  });

  it('admits S3 as well, where nothing did', () => {
    const { findings } = judge(explicitDenyOrRcp, withQueue({ policy: policy(deny()) }));
    const mended = JSON.stringify(written(findings[0]?.fix.actions[0]));
    expect(said(withQueue({ policy: mended }))).toEqual([]);
  });

  it.each([
    ['requests without TLS', { Bool: { 'aws:SecureTransport': 'false' } }],
    ['other sources', { StringNotEqualsIfExists: { 'aws:SourceAccount': ACCOUNT } }],
    ['all but AWS services', { BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } }],
    ['another bucket', { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::old' } }],
  ])('a Deny of %s does not', (_what, condition) => {
    expect(said(withQueue({ policy: policy(OWN, deny(condition)) }))).toEqual([]);
  });

  it('a Deny that hangs on an organization is not certain', () => {
    const world = withQueue({
      policy: policy(OWN, deny({ StringNotEquals: { 'aws:SourceOrgID': 'o-1' } })),
    });
    expect(said(world)).toEqual(['sqs-policy suspected']);
  });

  it('is only told for a function, whose statements cannot be edited', () => {
    const world = withFunction(policy(invoke(), { ...deny(), Action: INVOKE, Resource: fnArn() }));
    expect(said(world)).toEqual(['explicit-deny-or-rcp broken']);
    expect(judge(explicitDenyOrRcp, world).findings[0]?.fix.mode).toBe('tell');
  });

  it('hits a topic that sends on, too', () => {
    const admitted = admitting(SNS, topicArn(), SEND, queueArn());
    const world = behindTopic([subscription('sqs', queueArn())], queueWith(admitted, deny()));
    expect(said(world)).toEqual(['explicit-deny-or-rcp broken']);
  });
});

describe('cross-account-destination', () => {
  const away = `arn:aws:sqs:${REGION}:${OTHER_ACCOUNT}:jobs`;
  const awayFn = `arn:aws:lambda:${REGION}:${OTHER_ACCOUNT}:function:thumbs`;
  const queueThere = (attributes: Parameters<typeof queueNode>[0]) =>
    given(queueDocument(away), { queues: { [away]: queueNode({ arn: away, ...attributes }) } });

  it.each([
    ['not shown', denied('sqs:GetQueueAttributes', away)],
    ['answered as not there', absent('sqs:GetQueueAttributes')],
  ])('suspects a queue that is %s', (_what, attributes) => {
    expect(said(queueThere({ attributes }))).toEqual(['cross-account-destination suspected']);
    expect(judge(crossAccountDestination, queueThere({ attributes })).findings[0]?.message).toContain(
      OTHER_ACCOUNT,
    );
  });

  it('is silent about a queue and a function that show themselves and admit S3', () => {
    const attributes = read(
      'sqs:GetQueueAttributes',
      queueAttributes({ policy: policy(s3Statement(SEND, away)) }),
    );
    expect(said(queueThere({ attributes }))).toEqual([]);
    expect(said(withFunction(policy(invoke({}, awayFn)), { arn: awayFn }))).toEqual([]);
  });

  it('leaves a function that shows itself to the check of its permission', () => {
    const world = withFunction(NO_POLICY, { arn: awayFn });
    expect(said(world)).toEqual(['lambda-permission-missing broken']);
  });

  it('suspects a function that shows nothing', () => {
    const world = withFunction(denied('lambda:GetPolicy', awayFn), {
      arn: awayFn,
      configuration: denied('lambda:GetFunction', awayFn),
    });
    expect(said(world)).toEqual(['cross-account-destination suspected']);
  });

  it('needs to know whose credentials these are', () => {
    const world = {
      ...queueThere({ attributes: denied('sqs:GetQueueAttributes', away) }),
      identity: denied('sts:GetCallerIdentity', '*'),
    };
    expect(judge(crossAccountDestination, world)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'sts:GetCallerIdentity' }],
    });
  });
});
