import { AddPermissionCommand, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe } from 'vitest';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { proves } from './scenario.ts';
import {
  ACCOUNT,
  admits,
  aliasedFunction,
  BUCKET_ARN,
  busChain,
  queueArn,
  queueChain,
  queueUrl,
  ruleArn,
  topicArn,
  topicChain,
} from './world.ts';

const sandbox = shareSandbox();

const remove = ({ lambda }: TestSandbox, StatementId = 'from-s3') =>
  lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId }));

async function permitInstead(world: TestSandbox, over: object): Promise<void> {
  await remove(world);
  await world.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'thumbs',
      StatementId: 'other',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      ...over,
    }),
  );
}

const setQueue = ({ sqs, url }: TestSandbox, Attributes: Record<string, string>) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl(url), Attributes }));

const setTopicPolicy = ({ sns }: TestSandbox, AttributeValue: string) =>
  sns.send(new SetTopicAttributesCommand({ TopicArn: topicArn(), AttributeName: 'Policy', AttributeValue }));

describe('a function does not admit S3', () => {
  proves(sandbox, [
    { id: 'lambda-permission-missing', breaks: (world) => remove(world) },
    {
      id: 'lambda-permission-wrong-source-arn',
      when: 'with /* behind the bucket',
      breaks: (world) => permitInstead(world, { SourceArn: `${BUCKET_ARN}/*`, SourceAccount: ACCOUNT }),
    },
    {
      id: 'lambda-permission-wrong-source-arn',
      when: 'of another bucket',
      breaks: (world) => permitInstead(world, { SourceArn: 'arn:aws:s3:::other', SourceAccount: ACCOUNT }),
    },
    {
      id: 'lambda-permission-wrong-account',
      breaks: (world) => permitInstead(world, { SourceArn: BUCKET_ARN, SourceAccount: '444455556666' }),
    },
    {
      id: 'lambda-permission-wrong-qualifier',
      setUp: aliasedFunction,
      breaks: ({ lambda }) =>
        lambda.send(
          new RemovePermissionCommand({ FunctionName: 'thumbs', Qualifier: 'live', StatementId: 'from-s3' }),
        ),
    },
    {
      id: 'lambda-permission-wrong-principal',
      breaks: (world) => permitInstead(world, { Principal: 'events.amazonaws.com', SourceArn: BUCKET_ARN }),
    },
    {
      id: 'lambda-permission-condition',
      breaks: (world) => permitInstead(world, { Principal: '*', PrincipalOrgID: 'o-a1b2c3d4e5' }),
    },
  ]);
});

describe('a queue or a topic does not admit S3', () => {
  proves(sandbox, [
    {
      id: 'sqs-policy',
      when: 'no policy',
      setUp: (w) => queueChain(w, false),
      breaks: (world) => setQueue(world, { Policy: '' }),
    },
    {
      id: 'sqs-policy',
      when: 'for another bucket',
      setUp: (w) => queueChain(w, false),
      breaks: (world) =>
        setQueue(world, {
          Policy: admits('s3.amazonaws.com', 'sqs:SendMessage', queueArn(), 'arn:aws:s3:::other'),
        }),
    },
    {
      id: 'explicit-deny-or-rcp',
      setUp: (w) => queueChain(w, false),
      breaks: (world) => {
        const policy = JSON.parse(admits('s3.amazonaws.com', 'sqs:SendMessage', queueArn(), BUCKET_ARN)) as {
          Statement: object[];
        };
        policy.Statement.push({
          Sid: 'from-the-network',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:SendMessage',
          Resource: queueArn(),
          Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } },
        });
        return setQueue(world, { Policy: JSON.stringify(policy) });
      },
    },
    {
      id: 'sns-policy',
      setUp: topicChain,
      breaks: (world) =>
        setTopicPolicy(world, admits('s3.amazonaws.com', 'sns:Publish', topicArn(), 'arn:aws:s3:::other')),
    },
  ]);
});

describe('what is behind a topic or an event rule does not admit it', () => {
  proves(sandbox, [
    { id: 'sns-downstream-permission', setUp: topicChain, breaks: (world) => remove(world, 'from-topic') },
    { id: 'eb-target-permission', setUp: busChain, breaks: (world) => remove(world, 'from-events') },
    {
      id: 'eb-target-permission',
      when: 'for another rule',
      setUp: busChain,
      breaks: async (world) => {
        await remove(world, 'from-events');
        await world.lambda.send(
          new AddPermissionCommand({
            FunctionName: 'thumbs',
            StatementId: 'from-events',
            Action: 'lambda:InvokeFunction',
            Principal: 'events.amazonaws.com',
            SourceArn: `${ruleArn()}-old`,
          }),
        );
      },
    },
  ]);
});

describe('risks', () => {
  proves(sandbox, [
    {
      id: 'permission-too-open',
      verdict: 'risk',
      breaks: (world) => permitInstead(world, { SourceArn: BUCKET_ARN }),
    },
  ]);
});
