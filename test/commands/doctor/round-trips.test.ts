/** How often the doctor waits: the way of the event in steps, whatever the number of rules. */
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { requestsOf } from '../../support/journal.ts';
import { createFunction } from '../../support/pipeline.ts';
import { roundTrips } from '../../support/round-trips.ts';
import { temporaryFolder } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { doctor, summary } from './scenario.ts';
import {
  admits,
  allowQueue,
  BUCKET,
  BUCKET_ARN,
  directFunction,
  filterOf,
  fnArn,
  lambdaRule,
  permitS3,
  put,
  queueArn,
  topicArn,
} from './world.ts';

const sandbox = shareSandbox();

/** Its levels, of a world that works. */
async function serialOf(expected: number): Promise<number> {
  const cwd = temporaryFolder();
  const first = await doctor(sandbox(), [], cwd);
  expect(first.data.verdict, summary(first.data)).toBe('healthy');
  const prepare = () => Promise.resolve(cwd);
  return (await roundTrips(sandbox(), { argv: ['doctor', BUCKET], prepare }, expected)).levels.length;
}

test('a function: the bucket, the function, its role and log', async () => {
  await directFunction(sandbox());
  expect(await serialOf(3)).toBe(3);
});

test('twenty functions: no more', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `fn-${index}`);
  await Promise.all(
    names.map(async (name) => {
      await createFunction(sandbox(), name, PRINTING_HANDLERS.node);
      await permitS3(sandbox(), name);
    }),
  );
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(sandbox(), {
    LambdaFunctionConfigurations: names.map((name) =>
      lambdaRule({ Id: name, LambdaFunctionArn: fnArn(name), ...filterOf({ prefix: `${name}/` }) }),
    ),
  });
  // 48 reads at once: what there is of each function takes one turn, its role another; a turn more for a busy machine.
  expect(await serialOf(4)).toBeLessThanOrEqual(4);
  // One call of a function's settings, one of its policy, one of its role: within AWS's request rates.
  expect(requestsOf(sandbox()).length).toBeLessThanOrEqual(10 + 20 * 3);
});

test('a topic, an encrypted queue and a function: six', async () => {
  const { kms, sns, sqs, lambda, s3 } = sandbox();
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
        Action: 'kms:*',
        Resource: '*',
      },
      { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'kms:*', Resource: '*' },
    ],
  });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Policy }));
  await createFunction(sandbox(), 'thumbs', PRINTING_HANDLERS.node);
  await allowQueue(sandbox());
  const queuePolicy = admits('sns.amazonaws.com', 'sqs:SendMessage', queueArn(), topicArn());
  await sqs.send(
    new CreateQueueCommand({
      QueueName: 'jobs',
      Attributes: { Policy: queuePolicy, VisibilityTimeout: '180', KmsMasterKeyId: KeyMetadata?.KeyId ?? '' },
    }),
  );
  await lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: 'thumbs', EventSourceArn: queueArn() }),
  );
  await sns.send(
    new CreateTopicCommand({
      Name: 'uploads',
      Attributes: { Policy: admits('s3.amazonaws.com', 'sns:Publish', topicArn(), BUCKET_ARN) },
    }),
  );
  await sns.send(new SubscribeCommand({ TopicArn: topicArn(), Protocol: 'sqs', Endpoint: queueArn() }));
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(sandbox(), {
    TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
  expect(await serialOf(6)).toBeLessThanOrEqual(6);
});
