import { existsSync } from 'node:fs';
import { HeadObjectCommand, PutBucketPolicyCommand, RestoreObjectCommand } from '@aws-sdk/client-s3';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { describe } from 'vitest';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import {
  allow,
  BUS_DECODER,
  BUS_READER,
  configure,
  deploy,
  handler,
  LISTS,
  RAW_READER,
  READER,
  readingFunction,
  READS,
  upload,
} from './handlers.ts';
import { proves } from './scenario.ts';
import { BUCKET, BUCKET_ARN, busChain, directFunction } from './world.ts';

const sandbox = shareSandbox();

/** EventBridge -> a function that reads the objects, and may. */
async function readingBehindBus(world: TestSandbox): Promise<void> {
  await busChain(world);
  await deploy(world, BUS_READER);
  await allow(world, READS, LISTS);
}

function uploadEncrypted(world: TestSandbox, SSEKMSKeyId: string | undefined, Body: string): Promise<void> {
  return upload(world, 'in/a.jpg', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId, Body });
}

describe('the function may not read the object', () => {
  proves(sandbox, [
    {
      id: 'role-no-s3-read',
      setUp: readingFunction,
      breaks: async (world) => {
        await allow(world, LISTS);
        await upload(world);
      },
      then: (world) => upload(world),
    },
    {
      id: 'role-no-kms-decrypt',
      setUp: readingFunction,
      argv: ['--key', 'in/a.jpg'],
      breaks: async (world) => {
        const { KeyMetadata } = await world.kms.send(new CreateKeyCommand({}));
        await uploadEncrypted(world, KeyMetadata?.Arn, 'x');
      },
      then: async (world) => {
        const { SSEKMSKeyId } = await world.s3.send(
          new HeadObjectCommand({ Bucket: BUCKET, Key: 'in/a.jpg' }),
        );
        await uploadEncrypted(world, SSEKMSKeyId, 'y');
      },
    },
    {
      id: 'bucket-policy-denies-role',
      setUp: readingFunction,
      breaks: async (world) => {
        const Statement = [
          {
            Sid: 'people-only',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: `${BUCKET_ARN}/*`,
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': 'arn:aws:iam::000000000000:root' } },
          },
        ];
        const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
        await world.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
        await upload(world);
      },
      then: (world) => upload(world),
    },
    {
      id: 'archived-object',
      setUp: readingFunction,
      argv: ['--key', 'in/a.jpg'],
      breaks: (world) => upload(world, 'in/a.jpg', { StorageClass: 'GLACIER' }),
      then: async (world) => {
        await world.s3.send(
          new RestoreObjectCommand({
            Bucket: BUCKET,
            Key: 'in/a.jpg',
            RestoreRequest: { Days: 1, GlacierJobParameters: { Tier: 'Expedited' } },
          }),
        );
        world.runLifecycle({ now: Date.now() + 600_000 });
        await world.idle();
      },
    },
  ]);
});

describe('the function does not come to its end', () => {
  proves(sandbox, [
    {
      id: 'handler-or-import',
      breaks: async (world) => {
        await configure(world, { Handler: 'index.handler' });
        await upload(world);
      },
      then: async (world) => {
        await configure(world, { Handler: 'app.handler' });
        await upload(world);
      },
    },
    {
      id: 'function-timeout',
      setUp: (world) =>
        directFunction(world, handler('await new Promise((done) => setTimeout(done, 1_300));')),
      breaks: async (world) => {
        await configure(world, { Timeout: 1 });
        await upload(world);
      },
      then: (world) => upload(world),
    },
    {
      id: 'vpc-no-route',
      setUp: readingFunction,
      breaks: async (world) => {
        await configure(world, {
          Timeout: 1,
          VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
        });
        // What botocore logs between its attempts.
        await deploy(
          world,
          handler(`
  console.log('Connect timeout on endpoint URL: "https://photos.s3.us-east-1.amazonaws.com/in/a.jpg"');
  await new Promise(() => setInterval(() => undefined, 1_000));`),
        );
        await upload(world);
      },
      then: async (world) => {
        await deploy(world, READER);
        await configure(world, { Timeout: 30 });
        await upload(world);
      },
    },
    {
      id: 'memory-or-tmp-exhausted',
      when: '/tmp',
      setUp: (world) =>
        directFunction(
          world,
          handler(`
  if (event.Records[0].s3.object.size > 100) {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
  }`),
        ),
      breaks: (world) => upload(world, 'in/big.tif', { Body: 'x'.repeat(200) }),
      then: (world) => upload(world),
    },
  ]);
});

// Only Linux tells how much memory a process has.
describe.runIf(existsSync('/proc/self/status'))('the function has too little memory', () => {
  proves(sandbox, [
    {
      id: 'memory-or-tmp-exhausted',
      when: 'memory',
      setUp: async (world) => {
        await directFunction(
          world,
          handler('const block = Buffer.alloc(160 << 20, 1); console.log(block.length);'),
        );
        await configure(world, { MemorySize: 512 });
      },
      breaks: async (world) => {
        await configure(world, { MemorySize: 128 });
        await upload(world);
      },
      then: (world) => upload(world),
    },
  ]);
});

describe('the function takes the event for something else', () => {
  proves(sandbox, [
    {
      id: 'key-not-decoded',
      setUp: (world) => readingFunction(world, RAW_READER),
      breaks: (world) => upload(world, 'in/my photo (1).jpg'),
      then: async (world) => {
        await deploy(world, READER);
        await upload(world, 'in/my photo (1).jpg');
      },
    },
    {
      id: 'key-not-decoded',
      when: 'and missing keys are hidden from the role',
      setUp: async (world) => {
        await readingFunction(world, RAW_READER);
        await allow(world, READS);
      },
      breaks: (world) => upload(world, 'in/my photo (1).jpg'),
      argv: ['--key', 'in/my photo (1).jpg'],
      then: async (world) => {
        await deploy(world, READER);
        await upload(world, 'in/my photo (1).jpg', { Body: 'y' });
      },
    },
    {
      id: 'eventbridge-key-decoded-twice',
      setUp: readingBehindBus,
      breaks: async (world) => {
        await deploy(world, BUS_DECODER);
        await upload(world, 'in/1+1.jpg');
      },
      then: async (world) => {
        await deploy(world, BUS_READER);
        await upload(world, 'in/1+1.jpg');
      },
    },
    {
      id: 'wrong-envelope',
      when: 'EventBridge',
      setUp: readingBehindBus,
      breaks: async (world) => {
        await deploy(world, READER_OF_FIRST);
        await upload(world);
      },
      then: async (world) => {
        await deploy(world, BUS_READER);
        await upload(world);
      },
    },
  ]);
});

/** For S3's own events, in the words of many tutorials. */
const READER_OF_FIRST = handler('console.log(event.Records[0].s3.object.key);');
