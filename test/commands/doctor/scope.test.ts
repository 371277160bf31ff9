import { AddPermissionCommand, CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, DeleteBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { startHeaderProxy } from '../../support/header-proxy.ts';
import { createExecutionRole } from '../../support/pipeline.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { destroyClients, testClients } from '../../support/test-clients.ts';
import { doctor, proves, summary } from './scenario.ts';
import { ACCOUNT, BUCKET, BUCKET_ARN, directFunction, fnArn, lambdaRule, put } from './world.ts';

const sandbox = shareSandbox();

const STRANGER = '111122223333';
const asStranger = { env: { AWS_ACCESS_KEY_ID: STRANGER } };
const nothing = () => Promise.resolve();

const create = ({ s3 }: TestSandbox) => s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
const remove = ({ s3 }: TestSandbox) => s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));

/** The stranger's account may do these things with the bucket. */
const share = ({ s3 }: TestSandbox, ...actions: readonly string[]) =>
  s3.send(
    new PutBucketPolicyCommand({
      Bucket: BUCKET,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: STRANGER },
            Action: actions,
            Resource: [BUCKET_ARN, `${BUCKET_ARN}/*`],
          },
        ],
      }),
    }),
  );

/** S3 -> function, both in Ireland. */
async function inIreland({ url }: TestSandbox): Promise<void> {
  const clients = testClients(url, 'eu-west-1');
  try {
    const { lambda, s3 } = clients;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'thumbs',
        Role: await createExecutionRole(clients, 'thumbs-role'),
        Timeout: 30,
        ...PRINTING_HANDLERS.node,
      }),
    );
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: 'thumbs',
        StatementId: 'from-s3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: BUCKET_ARN,
        SourceAccount: ACCOUNT,
      }),
    );
    await s3.send(
      new CreateBucketCommand({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    );
    const LambdaFunctionArn = fnArn().replace('us-east-1', 'eu-west-1');
    await put(clients, { LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn })] });
  } finally {
    destroyClients(clients);
  }
}

describe('which bucket', () => {
  proves(sandbox, [
    { id: 'bucket-not-found', breaks: remove, then: create, mended: 'gone' },
    { id: 'bucket-not-found', when: 'misspelt', breaks: nothing, asks: { bucket: 'photo' } },
    {
      id: 'bucket-other-account',
      breaks: nothing,
      asks: asStranger,
      verdict: 'suspected',
      // Its bucket policy grants the read.
      then: (world) => share(world, 's3:GetBucketNotification'),
      mended: 'gone',
    },
    { id: 'unsupported-bucket-kind', breaks: nothing, asks: { bucket: 'photos--use1-az4--x-s3' } },
  ]);

  test('a name that is much like it is told', async () => {
    await create(sandbox());
    const { data } = await doctor(sandbox(), [], undefined, { bucket: 'photo' });
    expect(data.findings[0]?.message, summary(data)).toContain('photos is meant, perhaps');
  });
});

describe('where it is looked at', () => {
  proves(sandbox, [
    {
      id: 'wrong-profile-or-region',
      when: 'another Region',
      setUp: inIreland,
      breaks: nothing,
      argv: ['--function', fnArn()],
    },
    {
      id: 'wrong-profile-or-region',
      when: 'another account',
      breaks: (world) => share(world, 's3:Get*', 's3:List*'),
      asks: asStranger,
      verdict: 'suspected',
    },
    {
      id: 'emulator-endpoint',
      breaks: nothing,
      // Nothing here is encrypted: KMS is not called.
      asks: { env: { AWS_ENDPOINT_URL_KMS: 'https://kms.us-east-1.amazonaws.com' } },
      verdict: 'risk',
    },
  ]);

  test('a name alone is looked for in the Region of the bucket', async () => {
    await inIreland(sandbox());
    const { data } = await doctor(sandbox(), ['--function', 'thumbs']);
    expect(data.verdict, summary(data)).toBe('healthy');
  });

  test('one endpoint for all is shown, and no finding', async () => {
    await directFunction(sandbox());
    const { data } = await doctor(sandbox());
    expect(data.endpoint).toBe(sandbox().url);
    expect(data.findings, summary(data)).toEqual([]);
  });
});

describe('clock-skew', () => {
  test.each([
    ['ahead of', -20],
    ['behind', 20],
  ])('this machine is %s AWS', async (where, minutes) => {
    await directFunction(sandbox());
    const endpoint = await startHeaderProxy(sandbox().url, () => ({
      date: new Date(Date.now() + minutes * 60_000).toUTCString(),
    }));
    const { code, data } = await doctor(sandbox(), [], undefined, { endpoint });
    expect(code, summary(data)).toBe(3);
    expect(data.rootCause).toBeNull();
    // Headers have whole seconds.
    const message = expect.stringMatching(`clock of this machine is (?:19m|20m)\\S* ${where} that`) as string;
    const found = { id: 'clock-skew', verdict: 'suspected', message };
    expect(data.findings[0], summary(data)).toMatchObject(found);
    const punctual = await doctor(sandbox());
    expect(punctual.data.verdict, summary(punctual.data)).toBe('healthy');
  });
});
