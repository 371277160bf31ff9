import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import type { NotificationDocument } from '../../../src/core/notification.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { PRINTING_HANDLERS, zipOf, type FunctionCode } from '../../support/function-code.ts';
import { startHeaderProxy } from '../../support/header-proxy.ts';
import { createFunction } from '../../support/pipeline.ts';
import { runCli } from '../../support/run-cli.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { doctor, proves, summary, type Scenario } from './scenario.ts';
import { BUCKET, busChain, directFunction, filterOf, fnArn, lambdaRule, permitS3, put } from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });
const DAY = 86_400_000;
const HOUR = 3_600_000;
/** By the clock of this AWS. */
const now = { clock };

const provesLater = (scenarios: readonly Scenario[]) =>
  proves(
    sandbox,
    scenarios.map((scenario) => ({ asks: now, ...scenario })),
  );

const putRules = (world: TestSandbox, ...rules: readonly object[]) =>
  put(world, { LambdaFunctionConfigurations: rules.map((rule) => lambdaRule(rule)) });

/** Long after all that was before, and long before what follows. */
async function upload({ s3 }: TestSandbox, Key: string): Promise<void> {
  clock.jump(HOUR);
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'text' }));
  clock.jump(HOUR);
}

const remove = ({ s3 }: TestSandbox, Key: string) =>
  s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));

const keepVersions = ({ s3 }: TestSandbox) =>
  s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }));

/** A function beside `thumbs` that admits the bucket. */
async function another(world: TestSandbox, name: string, code: FunctionCode = PRINTING_HANDLERS.node) {
  await createFunction(world, name, code);
  await permitS3(world, name);
}

async function uploadInParts({ s3 }: TestSandbox, Key: string): Promise<void> {
  clock.jump(HOUR);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const upload = { Bucket: BUCKET, Key, UploadId };
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'a part' }));
  await s3.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
  );
  clock.jump(HOUR);
}

/** Objects are deleted after a day. */
const expire = ({ s3 }: TestSandbox) =>
  s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: BUCKET,
      LifecycleConfiguration: {
        Rules: [{ ID: 'tidy', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
      },
    }),
  );

const WHOLE_EVENT: FunctionCode = {
  Runtime: 'nodejs22.x',
  Handler: 'app.handler',
  Code: {
    ZipFile: zipOf('app.mjs', `export const handler = async (event) => console.log(JSON.stringify(event));`),
  },
};

const file = (cwd: string, document: NotificationDocument) => {
  writeFileSync(join(cwd, 'new.json'), JSON.stringify(document));
  return Promise.resolve();
};

describe('there is no such rule', () => {
  provesLater([
    {
      id: 'no-notification-config',
      breaks: (world) => put(world, {}),
      then: (world) => putRules(world, {}),
    },
    {
      id: 'config-overwritten',
      when: 'which this project made',
      breaks: async (world, cwd) => {
        const argv = ['add', BUCKET, '--function', 'thumbs', '--event', 'remove', '--id', 'ours', '--yes'];
        const added = await runCli(argv, { endpoint: world.url, cwd });
        expect(added.code, added.stderr).toBe(0);
        await putRules(world, {});
      },
    },
    {
      id: 'config-overwritten',
      when: 'which CloudTrail remembers',
      setUp: async (world) => {
        await directFunction(world);
        await another(world, 'index');
        await putRules(
          world,
          {},
          { Id: 'index', LambdaFunctionArn: fnArn('index'), Events: ['s3:ObjectRemoved:*'] },
        );
      },
      breaks: (world) => {
        clock.jump(HOUR);
        return putRules(world, {});
      },
      argv: ['--function', 'index'],
    },
    {
      id: 'rule-points-elsewhere',
      setUp: async (world) => {
        await directFunction(world);
        await createFunction(world, 'thumbs-v2', PRINTING_HANDLERS.node);
      },
      breaks: () => Promise.resolve(),
      argv: ['--function', 'thumbs-v2'],
    },
    {
      id: 'eb-not-enabled',
      setUp: busChain,
      breaks: (world) => put(world, {}),
    },
  ]);
});

describe('the rule is new', () => {
  provesLater([
    {
      id: 'config-too-fresh',
      breaks: async (world) => {
        await put(world, {});
        clock.jump(HOUR);
        world.faults.add({ effect: { kind: 'notification-propagation', ms: 5 * 60_000 } });
        await putRules(world, {});
        clock.jump(60_000);
        await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/a.txt', Body: 'text' }));
      },
      argv: ['--key', 'in/a.txt'],
      verdict: 'suspected',
      then: (world) => upload(world, 'in/a.txt'),
    },
  ]);
});

describe('the new configuration', () => {
  provesLater([
    {
      id: 'rules-overlap',
      breaks: (_, cwd) =>
        file(cwd, {
          LambdaFunctionConfigurations: [
            lambdaRule(),
            lambdaRule({ Id: 'jpg', ...filterOf({ suffix: '.jpg' }) }),
          ],
        }),
      argv: ['--config', 'new.json'],
      then: (_, cwd) =>
        file(cwd, {
          LambdaFunctionConfigurations: [
            lambdaRule(filterOf({ suffix: '.png' })),
            lambdaRule({ Id: 'jpg', ...filterOf({ suffix: '.jpg' }) }),
          ],
        }),
    },
    {
      id: 'put-rejected',
      when: 'for a misspelt event',
      breaks: (_, cwd) =>
        file(cwd, { LambdaFunctionConfigurations: [lambdaRule({ Events: ['s3:ObjectCreate:*'] })] }),
      argv: ['--config', 'new.json'],
      then: (_, cwd) => file(cwd, { LambdaFunctionConfigurations: [lambdaRule()] }),
    },
    {
      id: 'put-rejected',
      when: 'for an ARN that is none',
      breaks: (_, cwd) =>
        file(cwd, { LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn: 'thumbs' })] }),
      argv: ['--config', 'new.json'],
      then: (_, cwd) => file(cwd, { LambdaFunctionConfigurations: [lambdaRule()] }),
    },
    {
      id: 'stale-sibling-blocks-put',
      setUp: async (world) => {
        await directFunction(world);
        await another(world, 'old');
        await putRules(
          world,
          {},
          { Id: 'old', LambdaFunctionArn: fnArn('old'), Events: ['s3:ObjectRemoved:*'] },
        );
      },
      breaks: ({ lambda }) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'old' })),
      argv: ['--rule', 'thumbs'],
      verdict: 'risk',
    },
  ]);
});

describe('the rule does not take such events', () => {
  provesLater([
    {
      id: 'event-type-multipart',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectCreated:Put'] });
        await uploadInParts(world, 'big.bin');
      },
      argv: ['--key', 'big.bin'],
    },
    {
      id: 'event-type-multipart',
      when: 'of such objects as are there',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectCreated:Put'] });
        await uploadInParts(world, 'big.bin');
      },
      verdict: 'suspected',
    },
    {
      id: 'event-type-copy-or-post',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectCreated:Put'] });
        await upload(world, 'a.txt');
        const CopySource = `${BUCKET}/a.txt`;
        await world.s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'b.txt', CopySource }));
      },
      argv: ['--key', 'b.txt', '--operation', 'copy'],
    },
    {
      id: 'event-type-copy-or-post',
      when: 'as another function saw it',
      breaks: async (world) => {
        await another(world, 'audit', WHOLE_EVENT);
        await putRules(
          world,
          { Events: ['s3:ObjectCreated:Put'] },
          { Id: 'audit', LambdaFunctionArn: fnArn('audit'), Events: ['s3:ObjectCreated:Copy'] },
        );
        await upload(world, 'a.txt');
        const CopySource = `${BUCKET}/a.txt`;
        await world.s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'b.txt', CopySource }));
      },
      argv: ['--key', 'b.txt', '--function', 'thumbs'],
    },
    {
      id: 'delete-vs-marker',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectRemoved:Delete'] });
        await keepVersions(world);
        await upload(world, 'a.txt');
        await remove(world, 'a.txt');
      },
      argv: ['--key', 'a.txt'],
    },
    {
      id: 'delete-vs-marker',
      when: 'the reverse',
      breaks: (world) => putRules(world, { Events: ['s3:ObjectRemoved:DeleteMarkerCreated'] }),
      argv: ['--key', 'a.txt', '--operation', 'delete'],
    },
    {
      id: 'lifecycle-not-in-removed',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectRemoved:*'] });
        await expire(world);
      },
      verdict: 'risk',
    },
    {
      id: 'lifecycle-not-in-removed',
      when: 'by its marker',
      breaks: async (world) => {
        await putRules(world, { Events: ['s3:ObjectRemoved:*'] });
        await keepVersions(world);
        await upload(world, 'a.txt');
        await expire(world);
        clock.jump(3 * DAY);
        world.runLifecycle();
      },
      argv: ['--key', 'a.txt'],
      verdict: 'suspected',
    },
    {
      id: 'lifecycle-not-in-removed',
      when: 'as another function saw it',
      breaks: async (world) => {
        await another(world, 'audit', WHOLE_EVENT);
        await putRules(
          world,
          { Events: ['s3:ObjectRemoved:*'] },
          { Id: 'audit', LambdaFunctionArn: fnArn('audit'), Events: ['s3:LifecycleExpiration:Delete'] },
        );
        await upload(world, 'a.txt');
        await expire(world);
        clock.jump(3 * DAY);
        world.runLifecycle();
      },
      argv: ['--key', 'a.txt', '--function', 'thumbs'],
    },
  ]);
});

describe('replication', () => {
  provesLater([
    {
      id: 'replication-events-silent',
      breaks: (world) => putRules(world, { Events: ['s3:Replication:*'] }),
      verdict: 'suspected',
    },
  ]);

  test('replica-side-expectation', async () => {
    await directFunction(sandbox());
    await put(sandbox(), {});
    await upload(sandbox(), 'in/a.txt');
    // What HeadObject answers of an object that replication wrote.
    const endpoint = await startHeaderProxy(sandbox().url, ({ method, url }): Record<string, string> =>
      method === 'HEAD' && url?.includes('in/a.txt') === true
        ? { 'x-amz-replication-status': 'REPLICA' }
        : {},
    );
    const asks = { clock, endpoint };
    const { code, data } = await doctor(sandbox(), ['--key', 'in/a.txt'], undefined, asks);
    expect(code, summary(data)).toBe(3);
    expect(data.rootCause).toBe('replica-side-expectation');
    expect(data.findings).toMatchObject([
      { id: 'replica-side-expectation', fix: { mode: 'tell' } },
      { id: 'no-notification-config', consequenceOf: 'replica-side-expectation' },
    ]);
    await putRules(sandbox(), {});
    const mended = await doctor(sandbox(), ['--key', 'in/a.txt'], undefined, asks);
    expect(
      mended.data.findings.map(({ id }) => id),
      summary(mended.data),
    ).not.toContain('replica-side-expectation');
  });
});

describe('the rule does not take such keys', () => {
  provesLater([
    {
      id: 'filter-mismatch',
      when: 'a leading slash',
      breaks: async (world) => {
        await putRules(world, filterOf({ prefix: '/in/' }));
        await upload(world, 'in/a.txt');
      },
      argv: ['--key', 'in/a.txt'],
      then: (world) => upload(world, 'in/a.txt'),
    },
    {
      id: 'filter-mismatch',
      when: 'upper and lower case',
      breaks: async (world) => {
        await putRules(world, filterOf({ suffix: '.jpg' }));
        await upload(world, 'in/A.JPG');
      },
      argv: ['--key', 'in/A.JPG'],
      then: (world) => upload(world, 'in/A.JPG'),
    },
    {
      id: 'filter-mismatch',
      when: 'all objects of the bucket',
      breaks: async (world) => {
        await putRules(world, filterOf({ suffix: '.jpg' }));
        await upload(world, 'in/A.JPG');
      },
      verdict: 'suspected',
    },
    {
      id: 'filter-mismatch',
      when: 'another folder',
      breaks: async (world) => {
        await putRules(world, filterOf({ prefix: 'out/' }));
        await upload(world, 'in/a.txt');
      },
      argv: ['--key', 'in/a.txt'],
    },
    {
      id: 'filter-not-encoded',
      when: 'a partition',
      breaks: async (world) => {
        await putRules(world, filterOf({ prefix: 'dt=1/' }));
        await upload(world, 'dt=1/a.txt');
      },
      argv: ['--key', 'dt=1/a.txt'],
      then: (world) => upload(world, 'dt=1/a.txt'),
    },
    {
      id: 'filter-not-encoded',
      when: 'a space',
      breaks: async (world) => {
        await putRules(world, filterOf({ prefix: 'my folder/' }));
        await upload(world, 'my folder/a.txt');
      },
    },
    {
      id: 'filter-literal-wildcard',
      when: 'a star',
      breaks: async (world) => {
        await putRules(world, filterOf({ suffix: '*.csv' }));
        await upload(world, 'in/a.csv');
      },
      argv: ['--key', 'in/a.csv'],
      then: (world) => upload(world, 'in/a.csv'),
    },
    {
      id: 'filter-literal-wildcard',
      when: 'all objects of the bucket',
      breaks: async (world) => {
        await putRules(world, filterOf({ suffix: '*.csv' }));
        await upload(world, 'in/a.csv');
      },
    },
  ]);
});
