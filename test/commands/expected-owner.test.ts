/** A bucket's name may pass to another account: what the project file remembers is then no longer what is looked at. */
import {
  DeleteBucketCommand,
  CreateBucketCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { words } from '../support/init.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const OTHERS = '111122223333';
const sandbox = shareSandbox();
let others: S3Client;
let cwd = '';

beforeEach(() => {
  others = new S3Client({
    endpoint: sandbox().url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: OTHERS, secretAccessKey: 'test' },
  });
  cwd = temporaryFolder();
});
afterEach(() => others.destroy());

const run = (line: string) => runCli([...words(line), '--json'], { endpoint: sandbox().url, cwd });

/** The project's bucket is gone, and another account, which lets ours look, has taken its name. */
async function taken(): Promise<void> {
  expect((await run('init photos --queue jobs --event create --yes')).code).toBe(0);
  await sandbox().s3.send(new DeleteBucketCommand({ Bucket: 'photos' }));
  await readableOfOthers('photos');
}

async function readableOfOthers(bucket: string): Promise<void> {
  await others.send(new CreateBucketCommand({ Bucket: bucket }));
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::000000000000:root' },
    Action: ['s3:Get*', 's3:List*'],
    Resource: [`arn:aws:s3:::${bucket}`],
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await others.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

test.each([
  'ls',
  'status',
  'match in/a.jpg',
  'diff rules.json',
  'test-upload',
  'init photos --queue jobs --dry-run',
  'init photos --function f --dry-run',
  'init photos --destination eventbridge --dry-run',
  'destroy --yes',
])('%s does not take the bucket of another account for its own', async (line) => {
  await taken();
  writeFileSync(join(cwd, 'rules.json'), '{"EventBridgeConfiguration":{}}');
  const result = await run(line);
  expect(result.code).toBe(4);
  expect(envelopeOf(result).error).toMatchObject({ code: 'ACCESS_DENIED' });
});

test('the reason is said', async () => {
  await taken();
  const { error } = envelopeOf(await run('ls'));
  expect(error?.hint).toContain('AWS answers the same when photos does not belong to account 000000000000.');
});

test('of a bucket that the project knows nothing about no owner is expected', async () => {
  await taken();
  await readableOfOthers('films');
  expect((await run('ls films')).code).toBe(0);
  expect((await run('match in/a.jpg --bucket films')).code).toBe(3);
});
