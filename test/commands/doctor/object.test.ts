import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { zipOf, type FunctionCode } from '../../support/function-code.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { proves } from './scenario.ts';
import { BUCKET, directFunction, filterOf, lambdaRule, put } from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });

/** By the clock of this AWS. */
const now = { clock };
const KEY = 'in/a.txt';
const aboutKey = ['--key', KEY];

const upload = ({ s3 }: TestSandbox, Key = KEY, Body = 'text') =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Buffer.from(Body) }));

async function beginParts({ s3 }: TestSandbox): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: KEY }));
  const part = { Bucket: BUCKET, Key: KEY, UploadId, PartNumber: 1, Body: 'a part' };
  await s3.send(new UploadPartCommand(part));
}

async function completeParts({ s3 }: TestSandbox): Promise<void> {
  const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  const upload = { Bucket: BUCKET, Key: KEY, UploadId: Uploads?.[0]?.UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'a part' }));
  await s3.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
  );
}

/** Prints its events whole; fails for what `fails` says of a key. */
const printing = (fails = 'false'): FunctionCode => ({
  Runtime: 'nodejs22.x',
  Handler: 'app.handler',
  Code: {
    ZipFile: zipOf(
      'app.mjs',
      `
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  for (const { s3 } of event.Records) {
    const key = s3.object.key;
    if (${fails}) throw new Error('empty file: ' + key);
  }
};
`,
    ),
  },
});

describe('the object', () => {
  proves(sandbox, [
    {
      id: 'object-not-in-bucket',
      when: 'under another name',
      breaks: (world) => upload(world, 'in/A.txt'),
      argv: aboutKey,
      asks: now,
      then: (world) => upload(world),
    },
    {
      id: 'object-not-in-bucket',
      when: 'not at all',
      breaks: () => Promise.resolve(),
      argv: aboutKey,
      asks: now,
      then: (world) => upload(world),
    },
    {
      id: 'multipart-never-completed',
      breaks: async (world) => {
        await beginParts(world);
        clock.jump(2 * 3_600_000);
      },
      argv: aboutKey,
      asks: now,
      then: completeParts,
    },
    {
      id: 'object-predates-config',
      breaks: async (world) => {
        await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'out/' }))] });
        clock.jump(3_600_000);
        await upload(world);
        clock.jump(3_600_000);
        await put(world, { LambdaFunctionConfigurations: [lambdaRule()] });
        clock.jump(3_600_000);
      },
      argv: aboutKey,
      asks: now,
      then: (world) => upload(world),
    },
    {
      id: 'folder-marker-event',
      setUp: (world) => directFunction(world, printing(`key.endsWith('/')`)),
      breaks: async (world) => {
        await upload(world);
        await upload(world, 'in/', '');
      },
      asks: now,
    },
    {
      id: 'folder-marker-event',
      when: 'which does no harm',
      breaks: (world) => upload(world, 'in/', ''),
      asks: now,
      verdict: 'risk',
    },
    {
      id: 'uploader-writes-twice',
      setUp: (world) => directFunction(world, printing()),
      breaks: async (world) => {
        await upload(world);
        await upload(world);
      },
      argv: aboutKey,
      asks: now,
    },
  ]);
});

describe('what was done to it', () => {
  proves(sandbox, [
    {
      id: 'operation-has-no-event',
      when: 'that the rule takes',
      breaks: async (world) => {
        await upload(world);
        const Tagging = { TagSet: [{ Key: 'state', Value: 'new' }] };
        await world.s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: KEY, Tagging }));
      },
      argv: [...aboutKey, '--operation', 'tag'],
      asks: now,
    },
    {
      id: 'restore-expectation',
      breaks: async ({ s3 }) => {
        await s3.send(
          new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: 'text', StorageClass: 'GLACIER' }),
        );
        const RestoreRequest = { Days: 1, GlacierJobParameters: { Tier: 'Expedited' as const } };
        await s3.send(new RestoreObjectCommand({ Bucket: BUCKET, Key: KEY, RestoreRequest }));
      },
      argv: [...aboutKey, '--operation', 'restore'],
      asks: now,
      then: (world) => {
        clock.jump(3_600_000);
        world.runLifecycle();
        return Promise.resolve();
      },
    },
  ]);
});
