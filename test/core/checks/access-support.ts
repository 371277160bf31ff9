/** What the tests of the edges destination, permission, encryption and risk share. */
import { DESTINATION_CHECKS } from '../../../src/core/checks/destination/index.ts';
import { ENCRYPTION_CHECKS } from '../../../src/core/checks/encryption/index.ts';
import { PERMISSION_CHECKS } from '../../../src/core/checks/permission/index.ts';
import { RISK_CHECKS } from '../../../src/core/checks/risk/index.ts';
import type {
  DoctorFacts,
  EventRuleNode,
  FunctionNode,
  QueueAttributes,
  SubscriptionNode,
  TargetNode,
} from '../../../src/core/doctor/facts.ts';
import type { FixAction } from '../../../src/core/doctor/finding.ts';
import { absent, read, type Reading } from '../../../src/core/doctor/reading.ts';
import {
  ACCOUNT,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  s3Statement,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

export const ACCESS_CHECKS = [
  ...DESTINATION_CHECKS,
  ...PERMISSION_CHECKS,
  ...ENCRYPTION_CHECKS,
  ...RISK_CHECKS,
];

export const INVOKE = 'lambda:InvokeFunction';
export const OTHER_ACCOUNT = '444455556666';
export const NO_POLICY = absent('lambda:GetPolicy');
export const RULE_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:rule/all`;

/** What all checks of these edges say together: `id verdict`, in the order of the checks. */
export function said(given: DoctorFacts): readonly string[] {
  return ACCESS_CHECKS.flatMap((check) => judge(check, given).findings).map(
    ({ id, verdict }) => `${id} ${verdict}`,
  );
}

export const given = (document: object, over: FactsOver = {}): DoctorFacts =>
  facts({ ...over, bucket: { notification: read('s3:GetBucketNotification', document), ...over.bucket } });

const allObjects = { Events: ['s3:ObjectCreated:*'] };
export const queueDocument = (arn = queueArn()) => ({
  QueueConfigurations: [{ Id: 'q', QueueArn: arn, ...allObjects }],
});
export const topicDocument = (arn = topicArn()) => ({
  TopicConfigurations: [{ Id: 't', TopicArn: arn, ...allObjects }],
});

/** One direct rule to the function, whose policy is this text. */
export function withFunction(text: string | Reading<string>, over: Partial<FunctionNode> = {}): DoctorFacts {
  const arn = over.arn ?? fnArn();
  return given(lambdaDocument({ LambdaFunctionArn: arn }), {
    functions: {
      [arn]: functionNode({
        policy: typeof text === 'string' ? read('lambda:GetPolicy', text) : text,
        ...over,
      }),
    },
  });
}

/** The statement of a function's policy, as Lambda writes it. */
export const invoke = (over: Readonly<Record<string, unknown>> = {}, arn = fnArn()) =>
  s3Statement(INVOKE, arn, over);

export function withQueue(attributes: Partial<QueueAttributes>, over: FactsOver = {}): DoctorFacts {
  return given(queueDocument(), {
    queues: {
      [queueArn()]: queueNode({
        attributes: read('sqs:GetQueueAttributes', queueAttributes(attributes)),
      }),
    },
    ...over,
  });
}

export function withTopic(
  attributes: { readonly policy?: string; readonly kmsKeyId?: string },
  over: FactsOver = {},
): DoctorFacts {
  return given(topicDocument(), {
    topics: {
      [topicArn()]: topicNode({
        attributes: read('sns:GetTopicAttributes', {
          policy: policy(s3Statement('sns:Publish', topicArn())),
          ...attributes,
        }),
      }),
    },
    ...over,
  });
}

export const subscription = (
  protocol: string,
  endpoint: string,
  over: Partial<SubscriptionNode> = {},
): SubscriptionNode => ({ arn: `${topicArn()}:1`, protocol, endpoint, ...over });

/** S3 to the topic, and from there on. */
export const behindTopic = (subscriptions: readonly SubscriptionNode[], over: FactsOver): DoctorFacts =>
  given(topicDocument(), {
    functions: {},
    topics: {
      [topicArn()]: topicNode({ subscriptions: read('sns:ListSubscriptionsByTopic', subscriptions) }),
    },
    ...over,
  });

/** S3 to EventBridge, and by one rule to these targets. */
export function behindRule(
  targets: readonly Partial<TargetNode>[],
  over: FactsOver,
  rule: Partial<EventRuleNode> = {},
): DoctorFacts {
  return given(
    { EventBridgeConfiguration: {} },
    {
      functions: {},
      eventRules: read('events:ListRules', [
        {
          name: 'all',
          arn: RULE_ARN,
          bus: 'default',
          state: 'ENABLED',
          pattern: JSON.stringify({ source: ['aws.s3'] }),
          targets: read(
            'events:ListTargetsByRule',
            targets.map((target, index) => ({
              id: `target-${index}`,
              arn: fnArn(),
              rewritten: false,
              ...target,
            })),
          ),
          ...rule,
        },
      ]),
      ...over,
    },
  );
}

/** Admits that service for that source. */
export const admitting = (service: string, sourceArn: string, action: string, resource: string) => ({
  Sid: service.split('.')[0] ?? '',
  Effect: 'Allow',
  Principal: { Service: service },
  Action: action,
  Resource: resource,
  Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
});

/** The policy that the action writes. */
export function written(action: FixAction | undefined): { readonly Statement: readonly object[] } {
  if (action?.kind !== 'call') throw new Error('no call');
  const { Attributes, AttributeValue, Policy } = action.input as {
    readonly Attributes?: { readonly Policy?: string };
    readonly AttributeValue?: string;
    readonly Policy?: string;
  };
  return JSON.parse(Attributes?.Policy ?? AttributeValue ?? Policy ?? '') as ReturnType<typeof written>;
}
