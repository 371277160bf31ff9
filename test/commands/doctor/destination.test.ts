import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { DeleteTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NotificationDocument } from '../../../src/core/notification.ts';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { createFunction } from '../../support/pipeline.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { destroyClients, testClients, type TestClients } from '../../support/test-clients.ts';
import { doctor, proves, summary } from './scenario.ts';
import {
  ACCOUNT,
  admits,
  aliasedFunction,
  BUCKET_ARN,
  busChain,
  directFunction,
  fnArn,
  lambdaRule,
  permitS3,
  put,
  queueArn,
  queueChain,
  queueUrl,
  ruleArn,
  topicArn,
  topicChain,
} from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });
/** By the clock of this AWS. */
const asks = { clock };

describe('worlds that work', () => {
  test.each([
    ['S3 to a function', directFunction],
    ['S3 to a queue', (clients: Parameters<typeof queueChain>[0]) => queueChain(clients, false)],
    ['S3 to a queue to a function', queueChain],
    ['S3 to a topic to a function', topicChain],
    ['S3 to EventBridge to a function', busChain],
  ])('%s is healthy', async (_name, setUp) => {
    await setUp(sandbox());
    const { code, data } = await doctor(sandbox());
    expect(data.verdict, summary(data)).toBe('healthy');
    expect(code).toBe(0);
  });
});

const ruleTo = (LambdaFunctionArn: string) => ({
  LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn })],
});

/** Under its name, with the role that it had. */
const recreate = ({ lambda }: TestSandbox) =>
  lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'thumbs',
      Role: `arn:aws:iam::${ACCOUNT}:role/thumbs-role`,
      Timeout: 30,
      ...PRINTING_HANDLERS.node,
    }),
  );

const permit = ({ lambda }: TestSandbox, Principal: string, SourceArn: string) =>
  lambda.send(
    new AddPermissionCommand({
      FunctionName: 'thumbs',
      StatementId: 'sender',
      Action: 'lambda:InvokeFunction',
      Principal,
      SourceArn,
    }),
  );

describe('the destination is not there', () => {
  proves(sandbox, [
    {
      id: 'lambda-missing',
      // The rule that is left would be healthy without it.
      setUp: async (world) => {
        await directFunction(world);
        await createFunction(world, 'other', PRINTING_HANDLERS.node);
        await permitS3(world, 'other');
        await put(world, {
          LambdaFunctionConfigurations: [
            lambdaRule(),
            lambdaRule({
              Id: 'other',
              LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:other',
              Events: ['s3:ObjectRemoved:*'],
            }),
          ],
        });
      },
      breaks: ({ lambda }) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' })),
    },
    {
      id: 'lambda-missing',
      when: 'behind a topic',
      asks,
      setUp: topicChain,
      breaks: ({ lambda }) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' })),
      then: async (world) => {
        await recreate(world);
        await permit(world, 'sns.amazonaws.com', topicArn());
      },
    },
    {
      id: 'lambda-missing',
      when: 'behind EventBridge',
      asks,
      setUp: busChain,
      breaks: ({ lambda }) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' })),
      then: async (world) => {
        await recreate(world);
        await permit(world, 'events.amazonaws.com', ruleArn());
      },
    },
    {
      id: 'lambda-missing',
      when: 'behind a queue',
      asks,
      setUp: queueChain,
      breaks: ({ lambda }) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' })),
      then: recreate,
    },
    {
      id: 'lambda-qualifier-missing',
      when: 'an alias',
      asks,
      setUp: aliasedFunction,
      breaks: ({ lambda }) => lambda.send(new DeleteAliasCommand({ FunctionName: 'thumbs', Name: 'live' })),
    },
    {
      id: 'lambda-qualifier-missing',
      when: 'a version',
      asks,
      setUp: async (world) => {
        await directFunction(world);
        const { Version = '' } = await world.lambda.send(
          new PublishVersionCommand({ FunctionName: 'thumbs' }),
        );
        await permitS3(world, 'thumbs', Version);
        await put(world, ruleTo(`${fnArn()}:${Version}`));
      },
      breaks: ({ lambda }) =>
        lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs', Qualifier: '1' })),
      then: (world) => put(world, ruleTo(fnArn())),
    },
    {
      id: 'queue-or-topic-missing',
      when: 'a queue',
      asks,
      setUp: (world) => queueChain(world, false),
      breaks: async ({ sqs, url }) => {
        await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl(url) }));
        // Before that no queue of the name can be made.
        clock.jump(61_000);
      },
    },
    {
      id: 'queue-or-topic-missing',
      when: 'a topic',
      asks,
      setUp: topicChain,
      breaks: ({ sns }) => sns.send(new DeleteTopicCommand({ TopicArn: topicArn() })),
      then: ({ sns }) =>
        sns.send(new SubscribeCommand({ TopicArn: topicArn(), Protocol: 'lambda', Endpoint: fnArn() })),
    },
  ]);
});

const STRANGER = '444455556666';
const FOREIGN = queueArn().replace(ACCOUNT, STRANGER);

async function asStranger<T>({ url }: TestSandbox, work: (clients: TestClients) => Promise<T>): Promise<T> {
  const clients = testClients(url, undefined, STRANGER);
  try {
    return await work(clients);
  } finally {
    destroyClients(clients);
  }
}

/** S3 may send there; whoever is in this list may look. */
function foreignPolicy(...readers: readonly string[]): string {
  const policy = JSON.parse(admits('s3.amazonaws.com', 'sqs:SendMessage', FOREIGN, BUCKET_ARN)) as {
    Statement: object[];
  };
  const look = { Effect: 'Allow', Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'], Resource: FOREIGN };
  for (const AWS of readers) policy.Statement.push({ ...look, Principal: { AWS } });
  return JSON.stringify(policy);
}

describe('the destination belongs to another account', () => {
  proves(sandbox, [
    {
      id: 'cross-account-destination',
      asks,
      verdict: 'suspected',
      breaks: async (world) => {
        await asStranger(world, ({ sqs }) =>
          sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy: foreignPolicy() } })),
        );
        await put(world, {
          QueueConfigurations: [{ Id: 'jobs', QueueArn: FOREIGN, Events: ['s3:ObjectCreated:*'] }],
        });
      },
      // Its owner lets this account look.
      then: (world) =>
        asStranger(world, ({ sqs }) =>
          sqs.send(
            new SetQueueAttributesCommand({
              QueueUrl: `${world.url}/${STRANGER}/jobs`,
              Attributes: { Policy: foreignPolicy(ACCOUNT) },
            }),
          ),
        ),
    },
  ]);
});

const file = (cwd: string, document: NotificationDocument) => {
  writeFileSync(join(cwd, 'new.json'), JSON.stringify(document));
  return Promise.resolve();
};

const toQueue = (QueueArn: string) => ({
  QueueConfigurations: [{ Id: 'jobs', QueueArn, Events: ['s3:ObjectCreated:*'] }],
});

describe('the new configuration names what S3 does not send to', () => {
  const argv = ['--config', 'new.json'];
  const mended = (_: TestSandbox, cwd: string) => file(cwd, ruleTo(fnArn()));
  proves(sandbox, [
    {
      id: 'fifo-destination',
      asks,
      argv,
      breaks: (_, cwd) => file(cwd, toQueue(`${queueArn()}.fifo`)),
      then: mended,
    },
    {
      id: 'cross-region-destination',
      when: 'a function',
      asks,
      argv,
      breaks: (_, cwd) => file(cwd, ruleTo(fnArn().replace('us-east-1', 'eu-west-1'))),
      then: mended,
    },
    {
      id: 'cross-region-destination',
      when: 'a queue',
      asks,
      argv,
      breaks: (_, cwd) => file(cwd, toQueue(queueArn().replace('us-east-1', 'eu-west-1'))),
      then: mended,
    },
  ]);
});
