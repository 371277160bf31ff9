/** What is between the bucket's destination and the function: queues and their readers, subscriptions, event rules. */
import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DisableRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  RemovePermissionCommand,
  UpdateEventSourceMappingCommand,
  type UpdateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import {
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe } from 'vitest';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { createFunction } from '../../support/pipeline.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { configure, upload } from './handlers.ts';
import { proves } from './scenario.ts';
import {
  allowQueue,
  BUCKET,
  busChain,
  fnArn,
  pattern,
  queueArn,
  queueChain,
  queueUrl,
  REGION,
  ruleArn,
  topicArn,
  topicChain,
} from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });
/** By the clock of this AWS. */
const asks = { clock };

const MINUTE = 60_000;
const wait = (ms: number) => {
  clock.jump(ms);
  return Promise.resolve();
};
/** Longer than doctor looks back. */
const later = () => wait(70 * MINUTE);

const seed = (
  world: TestSandbox,
  namespace: string,
  metric: string,
  dimensions: Record<string, string>,
  value: number,
) => {
  world.metrics.add({ region: REGION, namespace, name: metric, dimensions }, value, clock.now());
  return Promise.resolve();
};

async function mappingsOf({ lambda }: TestSandbox, FunctionName?: string): Promise<readonly string[]> {
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn: queueArn(), FunctionName }),
  );
  return EventSourceMappings.map(({ UUID = '' }) => UUID);
}

async function changeMapping(
  world: TestSandbox,
  change: Omit<UpdateEventSourceMappingCommandInput, 'UUID'>,
): Promise<void> {
  const [UUID] = await mappingsOf(world);
  await world.lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...change }));
}

async function deleteMapping(world: TestSandbox, FunctionName?: string): Promise<void> {
  const [UUID] = await mappingsOf(world, FunctionName);
  await world.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
}

const filter = (world: TestSandbox, body: object) =>
  changeMapping(world, { FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ body }) }] } });

const setQueue = ({ sqs, url }: TestSandbox, Attributes: Record<string, string>) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl(url), Attributes }));

const queueAlone = (world: TestSandbox) => queueChain(world, false);

describe('nobody reads the queue, or not as meant', () => {
  proves(sandbox, [
    {
      id: 'sqs-no-consumer',
      when: 'its mapping is off',
      asks,
      setUp: queueChain,
      breaks: (world) => changeMapping(world, { Enabled: false }),
    },
    {
      id: 'sqs-no-consumer',
      when: 'there is no mapping to the function that should get the events',
      asks,
      argv: ['--function', 'thumbs'],
      verdict: 'suspected',
      setUp: queueChain,
      breaks: (world) => deleteMapping(world),
    },
    {
      id: 'sqs-no-consumer',
      when: 'the role may not read it any more',
      asks,
      verdict: 'suspected',
      setUp: queueChain,
      breaks: ({ iam }) =>
        iam.send(new DeleteRolePolicyCommand({ RoleName: 'thumbs-role', PolicyName: 'queue' })),
    },
    {
      id: 'sqs-no-consumer',
      when: 'messages wait',
      asks,
      verdict: 'suspected',
      setUp: queueAlone,
      breaks: async (world) => {
        await upload(world);
        clock.jump(10 * MINUTE);
      },
      then: ({ sqs, url }) => sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(url) })),
    },
    {
      id: 'sqs-esm-filter',
      when: 'for other messages',
      asks,
      setUp: queueChain,
      breaks: (world) => filter(world, { kind: ['photo'] }),
    },
    {
      id: 'sqs-esm-filter',
      when: 'the key is not encoded',
      asks,
      argv: ['--key', 'my photos/a.jpg'],
      setUp: queueChain,
      breaks: async (world) => {
        await filter(world, { Records: { s3: { object: { key: [{ prefix: 'my photos/' }] } } } });
        await upload(world, 'my photos/a.jpg');
      },
    },
    {
      id: 'sqs-esm-filter',
      when: 'keys of the bucket are not encoded',
      asks,
      verdict: 'suspected',
      setUp: queueChain,
      breaks: async (world) => {
        await filter(world, { Records: { s3: { object: { key: [{ prefix: 'my photos/' }] } } } });
        await upload(world, 'my photos/a.jpg');
      },
    },
    {
      id: 'sqs-shared-consumer',
      asks,
      setUp: queueChain,
      breaks: async (world) => {
        await createFunction(world, 'other', PRINTING_HANDLERS.node);
        await allowQueue(world, 'other');
        await world.lambda.send(
          new CreateEventSourceMappingCommand({ FunctionName: 'other', EventSourceArn: queueArn() }),
        );
      },
      then: (world) => deleteMapping(world, 'other'),
    },
  ]);
});

describe('times of a queue', () => {
  proves(sandbox, [
    {
      id: 'sqs-timing',
      when: 'messages come back before the function ends',
      asks,
      setUp: queueChain,
      breaks: (world) => configure(world, { Timeout: 200 }),
    },
    {
      id: 'sqs-timing',
      when: 'messages come back before a batch is complete',
      asks,
      verdict: 'suspected',
      setUp: queueChain,
      breaks: (world) => changeMapping(world, { BatchSize: 10, MaximumBatchingWindowInSeconds: 160 }),
    },
    {
      id: 'sqs-timing',
      when: 'messages come back soon',
      asks,
      verdict: 'risk',
      setUp: queueChain,
      breaks: (world) => setQueue(world, { VisibilityTimeout: '60' }),
    },
    {
      id: 'sqs-timing',
      when: 'a delay',
      asks,
      verdict: 'risk',
      setUp: queueAlone,
      breaks: (world) => setQueue(world, { DelaySeconds: '60' }),
    },
    {
      id: 'sqs-timing',
      when: 'messages expire',
      asks,
      verdict: 'suspected',
      setUp: queueAlone,
      breaks: async (world) => {
        await setQueue(world, { MessageRetentionPeriod: '600' });
        await upload(world);
        clock.jump(9.5 * MINUTE);
      },
      then: async (world) => {
        await setQueue(world, { MessageRetentionPeriod: '345600' });
        await world.sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(world.url) }));
      },
    },
  ]);
});

async function subscriptionsOf({ sns }: TestSandbox): Promise<readonly string[]> {
  const { Subscriptions = [] } = await sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn: topicArn() }),
  );
  return Subscriptions.map(({ SubscriptionArn = '' }) => SubscriptionArn);
}

async function unsubscribe(world: TestSandbox): Promise<void> {
  const [SubscriptionArn] = await subscriptionsOf(world);
  await world.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
}

const subscribe = ({ sns }: TestSandbox, Protocol = 'lambda', Endpoint = fnArn()) =>
  sns.send(new SubscribeCommand({ TopicArn: topicArn(), Protocol, Endpoint }));

async function setSubscription(world: TestSandbox, attributes: Record<string, string>): Promise<void> {
  const [SubscriptionArn] = await subscriptionsOf(world);
  for (const [AttributeName, AttributeValue] of Object.entries(attributes)) {
    await world.sns.send(
      new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }),
    );
  }
}

const filterBody = (world: TestSandbox, policy: object) =>
  setSubscription(world, { FilterPolicyScope: 'MessageBody', FilterPolicy: JSON.stringify(policy) });

describe('the topic sends to nobody', () => {
  proves(sandbox, [
    {
      id: 'sns-no-subscription',
      asks,
      setUp: topicChain,
      breaks: unsubscribe,
      then: (world) => subscribe(world),
    },
    {
      id: 'sns-no-subscription',
      when: 'an address that was never confirmed',
      asks,
      setUp: topicChain,
      breaks: async (world) => {
        await unsubscribe(world);
        await subscribe(world, 'email', 'ops@example.com');
      },
      then: (world) => subscribe(world),
    },
    {
      id: 'sns-filter-policy',
      when: 'by attributes',
      asks,
      setUp: topicChain,
      breaks: (world) => setSubscription(world, { FilterPolicy: JSON.stringify({ kind: ['photo'] }) }),
    },
    {
      id: 'sns-filter-policy',
      when: 'by fields that messages of S3 do not have',
      asks,
      setUp: topicChain,
      breaks: (world) => filterBody(world, { detail: { bucket: { name: [BUCKET] } } }),
    },
    {
      id: 'sns-filter-policy',
      when: 'by a key that is not encoded',
      asks,
      argv: ['--key', 'my photos/a.jpg'],
      setUp: topicChain,
      breaks: async (world) => {
        await filterBody(world, { Records: { s3: { object: { key: [{ prefix: 'my photos/' }] } } } });
        await upload(world, 'my photos/a.jpg');
      },
    },
  ]);
});

const setPattern = ({ events }: TestSandbox, over: object) =>
  events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern(over) }));

const fromEvents = (StatementId: string, SourceArn: string) => ({
  FunctionName: 'thumbs',
  StatementId,
  Action: 'lambda:InvokeFunction',
  Principal: 'events.amazonaws.com',
  SourceArn,
});

/** The rule and its target are on another bus, with a permission of its own, as the console gives it. */
async function moveRule({ events, lambda }: TestSandbox): Promise<void> {
  const Rule = 'all-objects';
  await events.send(new CreateEventBusCommand({ Name: 'media' }));
  await events.send(new PutRuleCommand({ Name: Rule, EventBusName: 'media', EventPattern: pattern() }));
  const Targets = [{ Id: 'fn', Arn: fnArn() }];
  await events.send(new PutTargetsCommand({ Rule, EventBusName: 'media', Targets }));
  await lambda.send(new AddPermissionCommand(fromEvents('from-media', ruleArn(`media/${Rule}`))));
  await events.send(new RemoveTargetsCommand({ Rule, Ids: ['fn'] }));
  await events.send(new DeleteRuleCommand({ Name: Rule }));
}

const aim = ({ events }: TestSandbox, target: Omit<Target, 'Id' | 'Arn'> = {}) =>
  events.send(
    new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'fn', Arn: fnArn(), ...target }] }),
  );

describe('the event rule takes nothing', () => {
  proves(sandbox, [
    {
      id: 'eb-rule-off-or-elsewhere',
      when: 'off',
      asks,
      setUp: busChain,
      breaks: ({ events }) => events.send(new DisableRuleCommand({ Name: 'all-objects' })),
    },
    {
      id: 'eb-rule-off-or-elsewhere',
      when: 'on another bus',
      asks,
      verdict: 'suspected',
      setUp: busChain,
      breaks: moveRule,
    },
    ...(
      [
        ['a type of S3 notifications', { 'detail-type': ['s3:ObjectCreated:*'] }],
        ['a type in another case', { 'detail-type': ['object created'] }],
        ['eventName', { detail: { bucket: { name: [BUCKET] }, eventName: ['ObjectCreated:Put'] } }],
        ['the bucket as text', { detail: { bucket: [BUCKET] } }],
        ['a size as text', { detail: { bucket: { name: [BUCKET] }, object: { size: ['0'] } } }],
      ] as const
    ).map(([when, over]) => ({
      id: 'eb-pattern-mismatch' as const,
      when,
      asks,
      setUp: busChain,
      breaks: (world: TestSandbox) => setPattern(world, over),
    })),
    {
      id: 'eb-pattern-mismatch',
      when: 'a key that is encoded',
      asks,
      argv: ['--key', 'my photos/a.jpg'],
      setUp: busChain,
      breaks: async (world) => {
        await setPattern(world, {
          detail: { bucket: { name: [BUCKET] }, object: { key: [{ prefix: 'my+photos/' }] } },
        });
        await upload(world, 'my photos/a.jpg');
      },
    },
    {
      id: 'eb-pattern-mismatch',
      when: 'a reason that large uploads do not have',
      asks,
      argv: ['--key', 'in/a.jpg', '--operation', 'copy'],
      setUp: busChain,
      breaks: async (world) => {
        await setPattern(world, { detail: { bucket: { name: [BUCKET] }, reason: ['PutObject'] } });
        await upload(world);
      },
    },
  ]);
});

describe('EventBridge does not get rid of an event', () => {
  proves(sandbox, [
    {
      id: 'eb-dropped-or-retried',
      asks,
      setUp: busChain,
      breaks: async (world) => {
        await world.lambda.send(
          new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-events' }),
        );
        await upload(world);
        await world.lambda.send(new AddPermissionCommand(fromEvents('from-events', ruleArn())));
      },
      then: later,
    },
    {
      id: 'eb-dropped-or-retried',
      when: 'too many at once',
      asks,
      verdict: 'suspected',
      setUp: busChain,
      breaks: (world) => seed(world, 'AWS/Events', 'ThrottledRules', { RuleName: 'all-objects' }, 4),
      then: later,
    },
    {
      id: 'eb-dropped-or-retried',
      when: 'soon, if ever',
      asks,
      verdict: 'risk',
      setUp: busChain,
      breaks: (world) => aim(world, { RetryPolicy: { MaximumEventAgeInSeconds: 60 } }),
      then: (world) => aim(world),
    },
  ]);
});
