/** What became of an event after it had come to the function: again, late, twice, or kept for nobody. */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateAliasCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';
import { zipOf, type FunctionCode } from '../../support/function-code.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { createFunction } from '../../support/pipeline.ts';
import { temporaryFolder } from '../../support/run-cli.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { configure, deploy, handler, readingFunction, upload } from './handlers.ts';
import { doctor, proves, summary } from './scenario.ts';
import {
  admits,
  allowQueue,
  BUCKET,
  BUCKET_ARN,
  createQueue,
  directFunction,
  fnArn,
  lambdaRule,
  pattern,
  permitS3,
  put,
  queueArn,
  queueChain,
  queueUrl,
  ruleArn,
  topicArn,
} from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });
const asks = { clock };

const WORKING = handler('');
const FAILING = handler("throw new Error('the thumbnail service said no');");
const FAILED = queueArn('failed');

/** Resolves when `count` more invocations than now have ended. */
async function invokes(world: TestSandbox, count: number, cause: () => unknown): Promise<void> {
  const seen = () => world.journal.entries().filter(({ type }) => type === 'invocation').length;
  const wanted = seen() + count;
  await cause();
  await vi.waitFor(() => expect(seen()).toBeGreaterThanOrEqual(wanted), { timeout: 10_000 });
  await world.idle();
}

describe('an event comes more than once, or out of order', () => {
  proves(sandbox, [
    {
      id: 'lambda-retry-duplicates',
      asks,
      setUp: (world) => directFunction(world, FAILING),
      breaks: async (world) => {
        await upload(world);
        await invokes(world, 1, () => clock.jump(60_000));
      },
      then: async (world) => {
        await deploy(world, WORKING);
        await upload(world, 'in/b.jpg');
      },
    },
    {
      id: 's3-duplicate',
      asks,
      verdict: 'risk',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        world.faults.add({ match: {}, effect: { kind: 'duplicate' } });
        await upload(world);
      },
    },
    {
      id: 'out-of-order',
      asks,
      verdict: 'risk',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        world.faults.add({ match: {}, effect: { kind: 'late-events', ms: 60_000 }, times: 1 });
        await upload(world, 'in/a.jpg', { Body: 'first' });
        await upload(world, 'in/a.jpg', { Body: 'second' });
        await invokes(world, 1, () => clock.jump(60_000));
      },
    },
    {
      id: 'double-path',
      asks,
      breaks: async (world) => {
        await world.events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
        await world.events.send(
          new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'fn', Arn: fnArn() }] }),
        );
        await world.lambda.send(
          new AddPermissionCommand({
            FunctionName: 'thumbs',
            StatementId: 'from-events',
            Action: 'lambda:InvokeFunction',
            Principal: 'events.amazonaws.com',
            SourceArn: ruleArn(),
          }),
        );
        await put(world, {
          LambdaFunctionConfigurations: [lambdaRule()],
          EventBridgeConfiguration: {},
        });
      },
    },
    {
      id: 'object-gone-or-replaced',
      asks,
      setUp: async (world) => {
        await readingFunction(world);
        await world.s3.send(
          new PutBucketVersioningCommand({
            Bucket: BUCKET,
            VersioningConfiguration: { Status: 'Enabled' },
          }),
        );
      },
      breaks: async (world) => {
        world.faults.add({ match: {}, effect: { kind: 'late-events', ms: 60_000 }, times: 1 });
        await upload(world);
        await world.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'in/a.jpg' }));
        await invokes(world, 1, () => clock.jump(60_000));
      },
      then: (world) => upload(world, 'in/b.jpg'),
    },
  ]);
});

/** The rule names `live`, which is version 1. */
async function aliased(world: TestSandbox, qualifier = 'live'): Promise<void> {
  await directFunction(world, WORKING);
  await world.lambda.send(new PublishVersionCommand({ FunctionName: 'thumbs' }));
  await world.lambda.send(
    new CreateAliasCommand({ FunctionName: 'thumbs', Name: 'live', FunctionVersion: '1' }),
  );
  await permitS3(world, 'thumbs', 'live');
  await permitS3(world, 'thumbs', '1');
  await pointAt(world, qualifier);
}

const pointAt = (world: TestSandbox, qualifier: string) =>
  put(world, {
    LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn: `${fnArn()}:${qualifier}` })],
  });

async function publishOther(world: TestSandbox): Promise<void> {
  await deploy(world, FAILING);
  await world.lambda.send(new PublishVersionCommand({ FunctionName: 'thumbs' }));
}

const divide = ({ lambda }: TestSandbox, weightOfTwo: number) =>
  lambda.send(
    new UpdateAliasCommand({
      FunctionName: 'thumbs',
      Name: 'live',
      RoutingConfig: { AdditionalVersionWeights: { 2: weightOfTwo } },
    }),
  );

describe('earlier code answers', () => {
  proves(sandbox, [
    {
      id: 'lambda-stale-version',
      when: 'one of the versions behind an alias',
      asks,
      verdict: 'suspected',
      setUp: aliased,
      breaks: async (world) => {
        await publishOther(world);
        await divide(world, 1);
        await upload(world);
        await divide(world, 0);
        await upload(world, 'in/b.jpg');
        await divide(world, 0.5);
      },
      then: (world) => upload(world, 'in/c.jpg'),
    },
    {
      id: 'lambda-stale-version',
      when: 'a version by its number',
      asks,
      verdict: 'risk',
      setUp: (world) => aliased(world, '1'),
      breaks: publishOther,
      then: (world) => pointAt(world, 'live'),
    },
  ]);
});

async function waitingInFailed({ sqs, url }: TestSandbox): Promise<string | undefined> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl(url, 'failed'), AttributeNames: ['All'] }),
  );
  return Attributes?.['ApproximateNumberOfMessages'];
}

/** What stands in `Records[0]` of the batch alone, and nothing else of it, is looked at and shown. */
const FIRST_ONLY: FunctionCode = {
  ...WORKING,
  Code: {
    ZipFile: zipOf('app.mjs', 'export const handler = async ({ Records: [one] }) => console.log(one.body);'),
  },
};

/** S3 -> queue -> function; what S3 sends at once, to test the queue, has come there. */
async function chain(world: TestSandbox, BatchSize = 1): Promise<void> {
  await queueChain(world, false);
  await createFunction(world, 'thumbs', WORKING);
  await allowQueue(world);
  const input = { FunctionName: 'thumbs', EventSourceArn: queueArn(), BatchSize };
  await invokes(world, 1, () => world.lambda.send(new CreateEventSourceMappingCommand(input)));
}

/** While nobody reads the queue, so that they come in one batch. */
async function uploadTogether(world: TestSandbox): Promise<void> {
  const { EventSourceMappings = [] } = await world.lambda.send(new ListEventSourceMappingsCommand({}));
  const UUID = EventSourceMappings[0]?.UUID;
  const enable = (Enabled: boolean) =>
    world.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  await enable(false);
  for (const name of ['a', 'b', 'c', 'd']) await upload(world, `in/${name}.jpg`);
  await invokes(world, 1, () => enable(true));
}

/** S3 -> topic -> queue -> function, of messages as S3 sends them. */
async function rawFanOut(world: TestSandbox): Promise<void> {
  await world.sns.send(
    new CreateTopicCommand({
      Name: 'uploads',
      Attributes: { Policy: admits('s3.amazonaws.com', 'sns:Publish', topicArn(), BUCKET_ARN) },
    }),
  );
  await createQueue(world, 'jobs', {
    Policy: admits('sns.amazonaws.com', 'sqs:SendMessage', queueArn(), topicArn()),
  });
  await world.sns.send(
    new SubscribeCommand({
      TopicArn: topicArn(),
      Protocol: 'sqs',
      Endpoint: queueArn(),
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const body = `
  for (const { body } of event.Records) {
    const message = JSON.parse(body);
    if (message.Event === 's3:TestEvent') continue;
    message.Records.map(({ s3 }) => s3.object.key);
  }`;
  await createFunction(world, 'thumbs', handler(body));
  await allowQueue(world);
  await world.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: 'thumbs', EventSourceArn: queueArn(), BatchSize: 1 }),
  );
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, {
    TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

describe('behind a queue', () => {
  proves(sandbox, [
    {
      id: 'sqs-redriven',
      asks,
      verdict: 'risk',
      setUp: async (world) => {
        await world.sqs.send(new CreateQueueCommand({ QueueName: 'failed' }));
        await chain(world);
        await world.sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl: queueUrl(world.url),
            Attributes: {
              RedrivePolicy: JSON.stringify({ deadLetterTargetArn: FAILED, maxReceiveCount: 1 }),
            },
          }),
        );
      },
      breaks: async (world, cwd) => {
        await deploy(world, FAILING);
        await invokes(world, 1, () => upload(world));
        clock.jump(181_000);
        await vi.waitFor(async () => expect(await waitingInFailed(world)).toBe('1'));
        const { data } = await doctor(world, [], cwd, asks);
        expect(data.findings.find(({ id }) => id === 'sqs-redriven')?.verdict, summary(data)).toBe(
          'suspected',
        );
        await deploy(world, WORKING);
        await invokes(world, 1, () => upload(world, 'in/b.jpg'));
      },
      then: async (world) => {
        await vi.waitFor(async () => expect(await waitingInFailed(world)).toBe('0'));
        await world.idle();
      },
    },
    {
      id: 'handler-drops-work',
      asks,
      verdict: 'suspected',
      setUp: (world) => chain(world, 10),
      breaks: async (world) => {
        await deploy(world, FIRST_ONLY);
        await uploadTogether(world);
      },
      then: async (world) => {
        await deploy(world, WORKING);
        await uploadTogether(world);
      },
    },
    {
      id: 'wrong-envelope',
      when: "a function for S3's own events",
      asks,
      setUp: chain,
      breaks: async (world) => {
        await deploy(world, handler('console.log(event.Records[0].s3.object.key);'));
        await invokes(world, 1, () => upload(world));
      },
      then: async (world) => {
        await deploy(world, WORKING);
        await invokes(world, 1, () => upload(world, 'in/b.jpg'));
      },
    },
    {
      id: 'wrong-envelope',
      when: 'a topic between',
      asks,
      setUp: (world) => invokes(world, 1, () => rawFanOut(world)),
      breaks: async (world) => {
        const { Subscriptions = [] } = await world.sns.send(
          new ListSubscriptionsByTopicCommand({ TopicArn: topicArn() }),
        );
        await world.sns.send(
          new SetSubscriptionAttributesCommand({
            SubscriptionArn: Subscriptions[0]?.SubscriptionArn,
            AttributeName: 'RawMessageDelivery',
            AttributeValue: 'false',
          }),
        );
        await invokes(world, 1, () => upload(world));
      },
      then: (world) => invokes(world, 1, () => upload(world, 'in/b.jpg')),
    },
  ]);
});

/** S3 -> a function whose failed events are to go to the queue `failed`. */
async function keptInQueue(world: TestSandbox): Promise<void> {
  await directFunction(world, FAILING);
  await world.sqs.send(new CreateQueueCommand({ QueueName: 'failed' }));
  await allowSending(world);
  await configure(world, { DeadLetterConfig: { TargetArn: FAILED } });
}

async function allowSending({ iam }: TestSandbox): Promise<void> {
  const Statement = [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: FAILED }];
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'thumbs-role',
      PolicyName: 'dead-letters',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
}

const denySending = ({ iam }: TestSandbox) =>
  iam.send(new DeleteRolePolicyCommand({ RoleName: 'thumbs-role', PolicyName: 'dead-letters' }));

describe('what failed is kept nowhere', () => {
  proves(sandbox, [
    {
      id: 'dlq-undeliverable',
      when: 'the role may not send',
      asks,
      verdict: 'risk',
      setUp: keptInQueue,
      breaks: denySending,
    },
    {
      id: 'dlq-undeliverable',
      when: 'kept for another version',
      asks,
      verdict: 'risk',
      setUp: async (world) => {
        await aliased(world);
        await world.sqs.send(new CreateQueueCommand({ QueueName: 'failed' }));
        await allowSending(world);
      },
      breaks: ({ lambda }) =>
        lambda.send(
          new PutFunctionEventInvokeConfigCommand({
            FunctionName: 'thumbs',
            DestinationConfig: { OnFailure: { Destination: FAILED } },
          }),
        ),
    },
  ]);

  test('events that were seen to be lost, until another one is kept', async () => {
    const world = sandbox();
    await keptInQueue(world);
    await world.lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: 'thumbs', MaximumRetryAttempts: 0 }),
    );
    await denySending(world);
    await upload(world);
    const look = async () => {
      const { data } = await doctor(world, [], temporaryFolder(), asks);
      return data.findings.find(({ id }) => id === 'dlq-undeliverable')?.verdict;
    };
    expect(await look()).toBe('broken');
    await allowSending(world);
    expect(await look()).toBe('suspected');
    clock.jump(60_000);
    await upload(world, 'in/b.jpg');
    expect(await waitingInFailed(world)).toBe('1');
    expect(await look()).toBeUndefined();
  });
});
