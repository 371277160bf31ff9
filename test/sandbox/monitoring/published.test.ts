/** What the services of the sandbox count. */
import {
  PutEventsCommand,
  CreateEventBusCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CreateTopicCommand, PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createFunction } from '../../support/pipeline.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { values } from './support.ts';

const clock = createManualClock(Date.UTC(2026, 5, 1, 12, 0, 30));
const sandbox = shareSandbox({ clock });

const reader =
  (namespace: string, dimensions: Readonly<Record<string, string>>) =>
  (name: string, stat: 'Sum' | 'Maximum' | 'SampleCount' = 'Sum') =>
    values(sandbox().cloudwatch, clock.now(), { namespace, name, dimensions, stat });

const ACCOUNT = '000000000000';
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;
const OPEN = JSON.stringify({
  Statement: { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' },
});

async function queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl = '' } = await sandbox().sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

describe('SQS', () => {
  const metric = reader('AWS/SQS', { QueueName: 'orders' });

  it('counts messages as they come and go', async () => {
    const { sqs } = sandbox();
    const QueueUrl = await queue('orders');
    for (const MessageBody of ['a', 'b', 'c'])
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 2 }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    expect(await metric('NumberOfMessagesSent')).toEqual([3]);
    expect(await metric('NumberOfMessagesReceived')).toEqual([2]);
    expect(await metric('NumberOfMessagesDeleted')).toEqual([1]);
    // One is in flight, one waits.
    expect(await metric('ApproximateNumberOfMessagesVisible', 'Maximum')).toEqual([1]);
    expect(await metric('ApproximateNumberOfMessagesVisible', 'SampleCount')).toEqual([1]);
  });

  it('says for each minute what waited then and how long, whoever asks when', async () => {
    const { sqs } = sandbox();
    const QueueUrl = await queue('orders', { VisibilityTimeout: '60' });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
    await clock.advance(60_000);
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await clock.advance(120_000);
    // In flight at the end of the second minute, visible again in the third.
    expect(await metric('ApproximateNumberOfMessagesVisible', 'Maximum')).toEqual([1, 0, 1, 1]);
    expect(await metric('ApproximateAgeOfOldestMessage', 'Maximum')).toEqual([29, 89, 149, 180]);
    expect(await metric('NumberOfMessagesSent')).toEqual([1, 0, 0]);
    expect(await metric('NumberOfMessagesReceived')).toEqual([0, 1, 0]);
  });

  it('has no metrics for a queue that nobody made, nor for one that rests', async () => {
    expect(await metric('ApproximateNumberOfMessagesVisible')).toEqual([]);
    const QueueUrl = await queue('orders');
    await clock.advance(7 * 3_600_000);
    expect(await metric('ApproximateNumberOfMessagesVisible')).toEqual([]);
    await sandbox().sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
    expect(await metric('ApproximateNumberOfMessagesVisible', 'Maximum')).toEqual([1]);
  });

  it('a receipt that is used up deletes nothing and counts all the same', async () => {
    const { sqs } = sandbox();
    const QueueUrl = await queue('orders');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    const ReceiptHandle = Messages?.[0]?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    expect(await metric('NumberOfMessagesDeleted')).toEqual([1]);
    expect(await metric('NumberOfMessagesReceived')).toEqual([2]);
  });
});

it('SNS counts what it delivers, filters out and cannot deliver', async () => {
  const { sns } = sandbox();
  await queue('open', { Policy: OPEN });
  await queue('shut');
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'news' }));
  const subscribe = (name: string, Attributes: Record<string, string> = {}) =>
    sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn(name), Attributes }));
  await subscribe('shut', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('shut') }) });
  await subscribe('open', { FilterPolicy: '{"kind":["a"]}' });
  const publish = (kind?: string) =>
    sns.send(
      new PublishCommand({
        TopicArn,
        Message: 'm',
        ...(kind !== undefined && {
          MessageAttributes: { kind: { DataType: 'String', StringValue: kind } },
        }),
      }),
    );
  await publish('a');
  await publish('b');
  await publish();
  const metric = reader('AWS/SNS', { TopicName: 'news' });
  expect(await metric('NumberOfMessagesPublished')).toEqual([3]);
  expect(await metric('NumberOfNotificationsDelivered')).toEqual([1]);
  expect(await metric('NumberOfNotificationsFailed')).toEqual([3]);
  expect(await metric('NumberOfNotificationsFailedToRedriveToDlq')).toEqual([3]);
  expect(await metric('NumberOfNotificationsFilteredOut')).toEqual([2]);
  expect(await metric('NumberOfNotificationsFilteredOut-NoMessageAttributes')).toEqual([1]);
});

describe('EventBridge', () => {
  const put = async (EventBusName?: string) => {
    await sandbox().events.send(
      new PutEventsCommand({ Entries: [{ Source: 'app', DetailType: 't', Detail: '{}', EventBusName }] }),
    );
    await sandbox().idle();
  };
  const rule = async (Name: string, EventBusName: string | undefined, Targets: object[], source = 'app') => {
    const { events } = sandbox();
    const EventPattern = JSON.stringify({ source: [source] });
    await events.send(new PutRuleCommand({ Name, EventBusName, EventPattern }));
    await events.send(new PutTargetsCommand({ Rule: Name, EventBusName, Targets: Targets as never }));
  };

  it('counts invocations, failures and dead letters of a rule', async () => {
    await queue('open', { Policy: OPEN });
    await queue('shut');
    const shut = queueArn('shut');
    await rule('mixed', undefined, [
      { Id: 'ok', Arn: queueArn('open') },
      { Id: 'lost', Arn: shut, DeadLetterConfig: { Arn: shut } },
      { Id: 'kept', Arn: shut, DeadLetterConfig: { Arn: queueArn('open') } },
    ]);
    await put();
    const metric = reader('AWS/Events', { RuleName: 'mixed' });
    expect(await metric('MatchedEvents')).toEqual([1]);
    expect(await metric('TriggeredRules')).toEqual([1]);
    expect(await metric('Invocations')).toEqual([3]);
    expect(await metric('FailedInvocations')).toEqual([2]);
    expect(await metric('InvocationsSentToDlq')).toEqual([1]);
    expect(await metric('InvocationsFailedToBeSentToDlq')).toEqual([1]);
  });

  it('publishes no zeros: a rule that matches nothing, or never fails, has no values', async () => {
    await queue('open', { Policy: OPEN });
    await rule('fine', undefined, [{ Id: 'ok', Arn: queueArn('open') }]);
    await rule('idle', undefined, [{ Id: 'ok', Arn: queueArn('open') }], 'other');
    await put();
    expect(await reader('AWS/Events', { RuleName: 'fine' })('FailedInvocations')).toEqual([]);
    expect(await reader('AWS/Events', { RuleName: 'fine' })('Invocations')).toEqual([1]);
    expect(await reader('AWS/Events', { RuleName: 'idle' })('MatchedEvents')).toEqual([]);
  });

  it('names the bus of a rule that is not on the default one', async () => {
    await sandbox().events.send(new CreateEventBusCommand({ Name: 'own' }));
    await queue('open', { Policy: OPEN });
    await rule('there', 'own', [{ Id: 'ok', Arn: queueArn('open') }]);
    await put('own');
    expect(await reader('AWS/Events', { RuleName: 'there' })('Invocations')).toEqual([]);
    const metric = reader('AWS/Events', { EventBusName: 'own', RuleName: 'there' });
    expect(await metric('Invocations')).toEqual([1]);
  });
});

describe('Lambda', () => {
  const FAILING = {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.mjs',
        'export const handler = async (event) => { if (event.fail) throw new Error("no"); };',
      ),
    },
  } as const;
  const metric = reader('AWS/Lambda', { FunctionName: 'work' });
  const invoke = (input: object = {}) =>
    sandbox().lambda.send(new InvokeCommand({ FunctionName: 'work', ...input }));

  it('counts invocations and errors, for the alias too that was invoked', async () => {
    const { lambda } = sandbox();
    await createFunction(sandbox(), 'work', FAILING);
    await lambda.send(new PublishVersionCommand({ FunctionName: 'work' }));
    await lambda.send(new CreateAliasCommand({ FunctionName: 'work', Name: 'live', FunctionVersion: '1' }));
    await invoke({ Qualifier: 'live' });
    await invoke({ Qualifier: 'live', Payload: Buffer.from('{"fail":true}') });
    expect(await metric('Invocations')).toEqual([2]);
    expect(await metric('Errors')).toEqual([1]);
    expect(await metric('Errors', 'SampleCount')).toEqual([2]);
    expect(await metric('Throttles')).toEqual([0]);
    expect(await metric('ConcurrentExecutions', 'Maximum')).toEqual([1]);
    expect(await metric('Duration', 'SampleCount')).toEqual([2]);
    expect(await metric('AsyncEventsReceived')).toEqual([]);
    const alias = reader('AWS/Lambda', { FunctionName: 'work', Resource: 'work:live' });
    expect(await alias('Errors')).toEqual([1]);
  });

  it('counts events that are given up, and what becomes of them', async () => {
    const { iam, lambda } = sandbox();
    await createFunction(sandbox(), 'work', FAILING);
    await queue('dead');
    const RoleName = 'work-role';
    const PolicyDocument = JSON.stringify({
      Statement: { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' },
    });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'send', PolicyDocument }));
    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'work',
        DeadLetterConfig: { TargetArn: queueArn('dead') },
      }),
    );
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'work',
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: queueArn('dead') } },
      }),
    );
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'send' }));
    await invoke({ InvocationType: 'Event', Payload: Buffer.from('{"fail":true}') });
    await sandbox().idle();
    expect(await metric('AsyncEventsReceived')).toEqual([1]);
    expect(await metric('AsyncEventsDropped')).toEqual([1]);
    expect(await metric('AsyncEventAge', 'Maximum')).toEqual([0]);
    expect(await metric('DeadLetterErrors')).toEqual([1]);
    expect(await metric('DestinationDeliveryFailures')).toEqual([1]);
  });

  it('counts throttled calls and events of a function that may not run', async () => {
    const { lambda } = sandbox();
    await createFunction(sandbox(), 'work', FAILING);
    await lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'work', ReservedConcurrentExecutions: 0 }),
    );
    await expect(invoke()).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await invoke({ InvocationType: 'Event' });
    await sandbox().idle();
    expect(await metric('Throttles')).toEqual([2]);
    expect(await metric('AsyncEventsDropped')).toEqual([1]);
    expect(await metric('Invocations')).toEqual([]);
  });
});
