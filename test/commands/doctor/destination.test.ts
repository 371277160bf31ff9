import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { doctor, proves, summary } from './scenario.ts';
import { busChain, directFunction, lambdaRule, permitS3, put, queueChain, topicChain } from './world.ts';
import { createFunction } from '../../support/pipeline.ts';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';

const sandbox = shareSandbox();

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
  ]);
});
