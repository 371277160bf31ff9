import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  type Event as S3EventName,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MatrixResult } from '../../src/commands/test-matrix.ts';
import { zipOf } from '../support/function-code.ts';
import { createFunction } from '../support/pipeline.ts';
import { envelopeOf, runCli, type CliResult } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const ALL: S3EventName[] = [
  's3:ObjectCreated:*',
  's3:ObjectRemoved:*',
  's3:ObjectTagging:*',
  's3:ObjectAcl:Put',
  's3:ObjectAnnotation:*',
];

let sandbox: TestSandbox;
let made = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());

async function bucket(configuration: NotificationConfiguration): Promise<string> {
  const Bucket = `matrix-${++made}`;
  await sandbox.s3.send(new CreateBucketCommand({ Bucket }));
  await sandbox.s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: configuration }),
  );
  return Bucket;
}

async function functionOf(body: string): Promise<string> {
  const name = `printer-${++made}`;
  const arn = await createFunction(sandbox, name, {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: { ZipFile: zipOf('app.mjs', `export const handler = async (event) => { ${body} };`) },
  });
  await sandbox.lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
    }),
  );
  return arn;
}

async function queue(): Promise<string> {
  const name = `jobs-${++made}`;
  const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: arn,
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await sandbox.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  return arn;
}

const filter = (prefix: string, suffix: string) => ({
  Key: {
    FilterRules: [
      { Name: 'prefix' as const, Value: prefix },
      { Name: 'suffix' as const, Value: suffix },
    ],
  },
});

const run = (name: string, ...flags: string[]): Promise<CliResult> =>
  runCli(['test-upload', '--matrix', '--bucket', name, '--timeout', '8s', ...flags], {
    endpoint: sandbox.url,
    columns: 160,
  });

function dataOf(result: CliResult): MatrixResult {
  return envelopeOf(result).data;
}

async function left(Bucket: string): Promise<unknown[]> {
  const { Versions = [], DeleteMarkers = [] } = await sandbox.s3.send(
    new ListObjectVersionsCommand({ Bucket }),
  );
  return [...Versions, ...DeleteMarkers];
}

test('every operation and every kind of key arrives, in the log and by count, and nothing is left', async () => {
  const LambdaFunctionArn = await functionOf('console.log(JSON.stringify(event));');
  const QueueArn = await queue();
  const name = await bucket({
    LambdaFunctionConfigurations: [{ Id: 'in', LambdaFunctionArn, Events: ALL, Filter: filter('in/', '') }],
    QueueConfigurations: [{ Id: 'out', QueueArn, Events: ALL, Filter: filter('out/', '.jpg') }],
  });
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await sandbox.s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
  const OwnershipControls = { Rules: [{ ObjectOwnership: 'ObjectWriter' as const }] };
  await sandbox.s3.send(new PutBucketOwnershipControlsCommand({ Bucket: name, OwnershipControls }));
  const result = await run(name, '--json');
  const { matrix, skipped, removed } = dataOf(result);
  expect(matrix.filter(({ status }) => status !== 'delivered')).toEqual([]);
  expect(result.code).toBe(0);
  expect(new Set(matrix.map(({ operation }) => operation))).toEqual(
    new Set(['put', 'post', 'copy', 'multipart', 'delete-marker', 'tag', 'untag', 'acl', 'annotate']),
  );
  expect(matrix.filter(({ operation }) => operation === 'put')).toHaveLength(11 - skipped.length);
  const logged = matrix.filter(({ expected }) => expected.includes('in'));
  expect(logged.length).toBeGreaterThan(5);
  expect(logged.every(({ keyDecoded, latencyMs }) => keyDecoded === true && latencyMs !== null)).toBe(true);
  const counted = matrix.filter(({ expected }) => expected.includes('out'));
  expect(counted.length).toBeGreaterThan(5);
  expect(counted.map(({ keyDecoded }) => keyDecoded)).toEqual(counted.map(() => null));
  expect(removed).toBe(true);
  expect(await left(name)).toEqual([]);
});

test('what did not arrive, and what arrived with another key, is exit 3 and stands in the table', async () => {
  const LambdaFunctionArn = await functionOf(`
    for (const record of event.Records) {
      const { object } = record.s3;
      if (object.key.includes('%2B')) continue;
      // The usual mistake: the key is used as it stands in the event.
      if (object.key.includes('100%25')) object.key = encodeURIComponent(object.key);
      console.log(JSON.stringify(record));
    }`);
  const name = await bucket({
    LambdaFunctionConfigurations: [{ Id: 'all', LambdaFunctionArn, Events: ['s3:ObjectCreated:Put'] }],
  });
  const result = await run(name, '--json', '--timeout', '3s');
  expect(result.code).toBe(3);
  const { matrix, skipped, removed } = dataOf(result);
  const missing = matrix.filter(({ status }) => status === 'missing').map(({ keyKind }) => keyKind);
  expect(missing).toEqual(['plus', 'plus and =']);
  const mangled = matrix.filter(({ keyDecoded }) => keyDecoded === false).map(({ keyKind }) => keyKind);
  expect(mangled).toEqual(['percent']);
  expect(skipped).toContainEqual({
    operation: 'copy',
    keyKind: null,
    reason: 'no rule takes s3:ObjectCreated:Copy',
  });
  expect(removed).toBe(true);
});

test('a person gets a table, and is told before anything is uploaded', async () => {
  const name = await bucket({
    QueueConfigurations: [
      { Id: 'jobs', QueueArn: await queue(), Events: ['s3:ObjectAcl:Put', 's3:ObjectCreated:Put'] },
    ],
  });
  const result = await run(name);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect(result.stderr).toMatch(
    new RegExp(`The matrix uploads 1\\d small objects to ${name}, and removes them`),
  );
  expect(result.stdout).toMatch(/put\tspace\tjobs\tyes\t\+\d+ ms\tonly counted/);
  expect(result.stdout).toContain('11 of 11 events arrived');
  expect(result.stdout).toMatch(/left out: acl: .* has ACLs disabled/);
});

test('it chooses objects itself', async () => {
  const result = await run('any', '--key', 'a', '--json');
  expect(result.code).toBe(2);
  expect(envelopeOf(result).error).toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('--key') as string,
  });
});

test('a bucket without rules: nothing is uploaded', async () => {
  const result = await run(await bucket({}), '--json');
  expect(result.code).toBe(3);
  expect(envelopeOf(result).error).toMatchObject({ code: 'EVENT_NOT_SEEN' });
});
