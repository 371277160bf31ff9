/** docs/doctor-policy.json is enough for the doctor. */
import { readFileSync } from 'node:fs';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { envelopeOf, runCli } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import type { DoctorResult } from '../../../src/commands/doctor.ts';
import { summary } from './scenario.ts';
import { ACCOUNT, BUCKET, busChain, directFunction, queueChain, topicChain } from './world.ts';

const POLICY = readFileSync('docs/doctor-policy.json', 'utf8');

const sandbox = shareSandbox();

/** Credentials of a role that may do what the policy allows, and nothing else. */
async function session(policy: string): Promise<Readonly<Record<string, string>>> {
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'sts:AssumeRole',
  };
  await sandbox().iam.send(
    new CreateRoleCommand({
      RoleName: 'looker',
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    }),
  );
  await sandbox().iam.send(
    new PutRolePolicyCommand({ RoleName: 'looker', PolicyName: 'doctor', PolicyDocument: policy }),
  );
  const { Credentials } = await sandbox().sts.send(
    new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/looker`, RoleSessionName: 'test' }),
  );
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
}

test.each([
  ['a function', directFunction],
  ['a queue and a function', queueChain],
  ['a topic and a function', topicChain],
  ['EventBridge and a function', busChain],
] as const)('%s', async (_name, setUp) => {
  await setUp(sandbox());
  await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/a.txt', Body: 'a' }));
  await sandbox().idle();
  const env = await session(POLICY);
  const result = await runCli(['doctor', BUCKET, '--key', 'in/a.txt', '--json'], {
    endpoint: sandbox().url,
    env,
  });
  expect(envelopeOf(result).error).toBeNull();
  const data = envelopeOf(result).data as DoctorResult;
  expect(data.notChecked, summary(data)).toEqual([]);
  expect(data.verdict).toBe('healthy');
  expect(result.code).toBe(0);
});

test('a role that may do nothing: what it would need is named, and nothing is blamed', async () => {
  await directFunction(sandbox());
  const env = await session(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sqs:ListQueues', Resource: '*' }],
    }),
  );
  const result = await runCli(['doctor', BUCKET, '--json'], { endpoint: sandbox().url, env });
  expect(envelopeOf(result).error).toBeNull();
  const data = envelopeOf(result).data as DoctorResult;
  expect(data.verdict, summary(data)).toBe('unknown');
  expect(data.rootCause).toBeNull();
  expect(data.notChecked.map(({ action }) => action)).toContain('s3:GetBucketNotification');
});
