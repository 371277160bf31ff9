import { PutRolePolicyCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutFunctionEventInvokeConfigCommand, type DestinationConfig } from '@aws-sdk/client-lambda';
import {
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { expect } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { mailbox } from './mailbox.ts';
import { invoke, logged, probe } from './probe.ts';
import { bucket, executionRole, lambdaFunction, queue, topic } from './resources.ts';
import { eventually } from './target.ts';

/** A role that may send to everything. */
const sendingRole = shared(async (t: Target) => {
  const arn = await executionRole(t);
  const RoleName = arn.split('/').at(-1) ?? '';
  const PolicyName = 'send';
  const Action = [
    'sns:Publish',
    'lambda:InvokeFunction',
    'events:PutEvents',
    's3:PutObject',
    's3:ListBucket',
  ];
  const Statement = [{ Effect: 'Allow', Action, Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await t.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  t.cleanUp(() => t.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  return arn;
});
const theFunction = shared(async (t: Target) => probe(t, 'node', { Role: await sendingRole(t) }));

/** Sends the function an event, its outcome to the destination. Resolves with the request id. */
async function outcome(t: Target, event: object, DestinationConfig: DestinationConfig): Promise<string> {
  const { name: FunctionName } = await theFunction(t);
  await eventually(() =>
    t.lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0, DestinationConfig }),
    ),
  );
  const { requestId } = await invoke(t, FunctionName, event, { InvocationType: 'Event' });
  await t.sandbox?.idle();
  return requestId;
}

const isRecordOf = (requestId: string) => ({
  version: '1.0',
  requestContext: expect.objectContaining({ requestId }) as object,
});

const rows: readonly Fact[] = [
  {
    id: '5.5-target-topic',
    source: 'AWS-doc',
    expectation: 'a topic gets the record as its message',
    async run(t) {
      const TopicArn = await topic(t);
      const box = mailbox(
        t,
        await queue(t, { admits: { service: 'sns.amazonaws.com', sourceArn: TopicArn } }),
      );
      const { SubscriptionArn } = await t.sns.send(
        new SubscribeCommand({
          TopicArn,
          Protocol: 'sqs',
          Endpoint: box.arn,
          Attributes: { RawMessageDelivery: 'true' },
          ReturnSubscriptionArn: true,
        }),
      );
      t.cleanUp(() => t.sns.send(new UnsubscribeCommand({ SubscriptionArn })));
      const id = await outcome(t, { do: 'log' }, { OnSuccess: { Destination: TopicArn } });
      const [message] = await eventually(() => box.messages((body) => body.includes(id), 1, 1));
      expect(JSON.parse(message?.Body ?? '')).toMatchObject(isRecordOf(id));
    },
  },
  {
    id: '5.5-target-function',
    source: 'AWS-doc',
    expectation: 'another function gets the record as its event',
    async run(t) {
      const code = 'export const handler = async (event) => console.log(JSON.stringify(event));';
      const next = await lambdaFunction(t, {
        Role: await sendingRole(t),
        Code: { ZipFile: zipOf('app.mjs', code) },
      });
      const id = await outcome(t, { do: 'log' }, { OnSuccess: { Destination: next.arn } });
      const events = await logged(t, next, (messages) => messages.some((message) => message.includes(id)));
      const line = events.find(({ message }) => message?.includes(id))?.message ?? '';
      expect(JSON.parse(line.slice(line.indexOf('{')))).toMatchObject(isRecordOf(id));
    },
  },
  {
    id: '5.5-target-bus',
    source: 'AWS-doc',
    expectation: 'a bus gets an event of the source lambda with the record as its detail',
    async run(t) {
      const Name = t.name('rule');
      const { RuleArn = '' } = await t.events.send(
        new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: ['lambda'] }) }),
      );
      t.cleanUp(() => t.events.send(new DeleteRuleCommand({ Name })));
      const admits = { service: 'events.amazonaws.com', sourceArn: RuleArn };
      const box = mailbox(t, await queue(t, { admits }));
      await t.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'q', Arn: box.arn }] }));
      t.cleanUp(() => t.events.send(new RemoveTargetsCommand({ Rule: Name, Ids: ['q'] })));
      const Destination = `arn:${t.partition}:events:${t.region}:${t.account}:event-bus/default`;
      // A new rule may not be seen at once.
      for (const [event, end] of [
        [{ do: 'log' }, 'Success'],
        [{ do: 'raise' }, 'Failure'],
      ] as const) {
        const message = await eventually(async () => {
          const id = await outcome(t, event, { OnSuccess: { Destination }, OnFailure: { Destination } });
          return { id, found: (await box.messages((body) => body.includes(id), 1, 1))[0] };
        });
        expect(JSON.parse(message.found?.Body ?? '')).toMatchObject({
          source: 'lambda',
          'detail-type': `Lambda Function Invocation Result - ${end}`,
          detail: isRecordOf(message.id),
        });
      }
    },
  },
  {
    id: '5.5-target-bucket',
    source: 'AWS-doc',
    expectation: 'a bucket gets the record of a failure, its key by function and time',
    async run(t) {
      const Bucket = await bucket(t);
      const { name } = await theFunction(t);
      const Destination = `arn:${t.partition}:s3:::${Bucket}`;
      const id = await outcome(t, { do: 'raise' }, { OnFailure: { Destination } });
      const key = await eventually(async () => {
        const { Contents = [] } = await t.s3.send(new ListObjectsV2Command({ Bucket }));
        if (Contents.length === 0) throw new Error('nothing there yet');
        return Contents[0]?.Key ?? '';
      });
      expect(key).toMatch(
        new RegExp(
          `^aws/lambda/async/${name}/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}$`,
        ),
      );
      const { Body } = await t.s3.send(new GetObjectCommand({ Bucket, Key: key }));
      expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject(isRecordOf(id));
    },
  },
];

describeFacts('5.5 targets of outcomes', rows);
