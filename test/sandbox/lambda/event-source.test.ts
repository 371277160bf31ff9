/** S3 -> queue -> function, by the real SDK and with a real function. */
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateEventSourceMappingCommand, GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { createFunction } from '../../support/pipeline.ts';
import { startTestSandbox } from '../../support/sandbox.ts';

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:uploads';

const CODE = {
  Runtime: 'nodejs22.x' as const,
  Handler: 'app.handler',
  Code: {
    ZipFile: zipOf(
      'app.mjs',
      `
export const handler = async ({ Records }) => {
  for (const { body, eventSource } of Records) {
    const event = JSON.parse(body);
    for (const { s3 } of event.Records) console.log('READ', eventSource, s3.object.key);
  }
};
`,
    ),
  },
};

const document = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

test('an upload reaches the function, and the queue is empty afterwards', async () => {
  const sandbox = await startTestSandbox();
  const sqs = new SQSClient({
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(() => sqs.destroy());
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'uploads',
      Attributes: {
        VisibilityTimeout: '60',
        Policy: document({
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: QUEUE_ARN,
        }),
      },
    }),
  );
  await createFunction(sandbox, 'reader', CODE);
  const mapping = {
    FunctionName: 'reader',
    EventSourceArn: QUEUE_ARN,
    // Not the test event: it has no records.
    FilterCriteria: { Filters: [{ Pattern: '{"body":{"Records":{"eventName":[{"prefix":"Object"}]}}}' }] },
  };
  await expect(sandbox.lambda.send(new CreateEventSourceMappingCommand(mapping))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: 'The provided execution role does not have permissions to call ReceiveMessage on SQS',
  });
  for (const [name, Action, Resource] of [
    ['read', ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], QUEUE_ARN],
    ['log', 'logs:*', '*'],
  ] as const) {
    await sandbox.iam.send(
      new PutRolePolicyCommand({
        RoleName: 'reader-role',
        PolicyName: name,
        PolicyDocument: document({ Action, Resource }),
      }),
    );
  }
  const { UUID, $metadata } = await sandbox.lambda.send(new CreateEventSourceMappingCommand(mapping));
  expect($metadata.httpStatusCode).toBe(202);
  expect(await sandbox.lambda.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
    State: 'Enabled',
  });
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'source' }));
  await sandbox.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'source',
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'] }],
      },
    }),
  );
  await sandbox.s3.send(new PutObjectCommand({ Bucket: 'source', Key: 'in/a.txt', Body: 'hello' }));
  await sandbox.idle();
  const { events = [] } = await sandbox.logs.send(
    new FilterLogEventsCommand({ logGroupName: '/aws/lambda/reader', filterPattern: 'READ' }),
  );
  expect(events.map(({ message }) => message?.trimEnd().split('\t').at(-1))).toEqual([
    'READ aws:sqs in/a.txt',
  ]);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
});
