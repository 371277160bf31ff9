/** Every refusal of PutBucketNotificationConfiguration, by name and cause: before the write, and when S3 says it after all. */
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import { RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  admitS3,
  foreignFunction,
  foreignQueue,
  notificationOf,
  putNotification,
  shutQueue,
} from '../support/foreign.ts';
import { runInitJson, words } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const at = (service: string, name: string, region = 'us-east-1') =>
  `arn:aws:${service}:${region}:000000000000:${name}`;
const QUEUE = at('sqs', 'jobs');
const PUT = 'PutBucketNotificationConfiguration';
const Events = ['s3:ObjectCreated:*' as const];
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

async function apply(document: unknown) {
  writeFileSync(join(cwd, 'n.json'), JSON.stringify(document));
  sandbox().journal.clear();
  const argv = words('apply n.json --bucket photos --yes --json');
  const result = await runCli(argv, { endpoint: sandbox().url, cwd });
  return {
    code: result.code,
    error: envelopeOf(result).error as ReturnType<typeof envelopeOf>['error'] & { commands: string[] },
  };
}

const queueRule = (QueueArn = QUEUE, Id = 'r') => ({ QueueConfigurations: [{ Id, QueueArn, Events }] });

async function encrypted(disabled: boolean) {
  const { KeyMetadata } = await sandbox().kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata?.Arn ?? '';
  await foreignQueue(sandbox(), 'jobs', { KmsMasterKeyId: KeyId });
  if (disabled) await sandbox().kms.send(new DisableKeyCommand({ KeyId }));
}

describe('before the write', () => {
  test.each<[string, () => Promise<unknown>, () => unknown, RegExp, RegExp]>([
    [
      'a missing queue',
      async () => undefined,
      () => queueRule(),
      /: queue jobs does not exist$/,
      /^aws sqs create-queue /,
    ],
    [
      'a missing topic',
      async () => undefined,
      () => ({ TopicConfigurations: [{ Id: 'r', TopicArn: at('sns', 'news'), Events }] }),
      /: topic news does not exist$/,
      /^aws sns create-topic /,
    ],
    [
      'a missing function',
      async () => undefined,
      () => ({
        LambdaFunctionConfigurations: [
          { Id: 'r', LambdaFunctionArn: at('lambda', 'function:thumbs'), Events },
        ],
      }),
      /: function thumbs does not exist$/,
      /^s3evt rm r /,
    ],
    [
      'a missing alias',
      () => foreignFunction(sandbox(), 'thumbs'),
      () => ({
        LambdaFunctionConfigurations: [
          { Id: 'r', LambdaFunctionArn: at('lambda', 'function:thumbs:live'), Events },
        ],
      }),
      /: function thumbs has no version or alias "live"$/,
      /^aws lambda create-alias /,
    ],
    [
      'a queue that forbids it',
      () => foreignQueue(sandbox(), 'jobs').then(() => shutQueue(sandbox(), 'jobs')),
      () => queueRule(),
      /: the policy of queue jobs does not let S3 send there for this bucket$/,
      /^aws sqs set-queue-attributes /,
    ],
    [
      'a key that forbids it',
      () => encrypted(false),
      () => queueRule(),
      /: the policy of key \S+ of queue jobs does not let S3 use it$/,
      /^aws kms put-key-policy /,
    ],
    [
      'a key that is disabled',
      () => encrypted(true),
      () => queueRule(),
      /: the key \S+ of queue jobs is Disabled/,
      /^aws kms enable-key /,
    ],
    [
      'a FIFO queue',
      async () => undefined,
      () => queueRule(`${QUEUE}.fifo`),
      /: queue jobs.fifo is a FIFO one, to which S3 does not send$/,
      /^s3evt rm r /,
    ],
  ])('%s', async (_name, prepare, document, message, fix) => {
    await prepare();
    const { code, error } = await apply(document());
    expect(code).toBe(1);
    expect(error.code).toBe('DESTINATION_REFUSED');
    expect(error.message).toMatch(
      /^S3 would refuse the configuration of photos; nothing was changed\. rule "r" for arn:/,
    );
    expect(error.message).toMatch(message);
    expect(error.commands[0]).toMatch(fix);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('the command of a queue that forbids it mends it', async () => {
    await foreignQueue(sandbox(), 'jobs');
    await shutQueue(sandbox(), 'jobs');
    const { error } = await apply(queueRule());
    const json = /--attributes '(.*)'$/.exec(error.commands[0] ?? '')?.[1] ?? '{}';
    const Attributes = JSON.parse(json) as Record<string, string>;
    const { QueueUrl } = await sandbox().sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
    await sandbox().sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    expect(await apply(queueRule())).toMatchObject({ code: 0 });
  });

  test.each([
    [
      'overlap',
      {
        QueueConfigurations: [
          { Id: 'a', QueueArn: QUEUE, Events },
          { Id: 'b', QueueArn: QUEUE, Events },
        ],
      },
      'RULES_OVERLAP',
      5,
    ],
    [
      'the same id twice',
      {
        QueueConfigurations: [
          { Id: 'a', QueueArn: QUEUE, Events },
          { Id: 'a', QueueArn: QUEUE, Events: ['s3:ObjectRemoved:*'] },
        ],
      },
      'INVALID_ARGUMENT',
      2,
    ],
    [
      'more than 100',
      {
        QueueConfigurations: Array.from({ length: 101 }, (_, i) => ({
          Id: `r${i}`,
          QueueArn: QUEUE,
          Events,
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: `p${i}/` }] } },
        })),
      },
      'RULES_OVERLAP',
      5,
    ],
  ])('%s', async (_name, document, code, exit) => {
    await foreignQueue(sandbox(), 'jobs');
    const result = await apply(document);
    expect([result.code, result.error.code]).toEqual([exit, code]);
    expect(writesOf(sandbox())).toEqual([]);
  });
});

describe('when S3 refuses after all', () => {
  test('another Region: the rule is named, which the sentence of S3 does not do', async () => {
    // Nothing stands in the bucket that would tell its Region, so this is only a suspicion before.
    const { code, error } = await apply(queueRule(at('sqs', 'jobs', 'eu-west-1')));
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringContaining(
        `rule "r" for ${at('sqs', 'jobs', 'eu-west-1')}: queue jobs is in eu-west-1, the bucket in us-east-1`,
      ) as string,
      commands: ['s3evt rm r --bucket photos'],
    });
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test("a function's permission that nobody saw missing: S3's words, the cause, and the command", async () => {
    const arn = await foreignFunction(sandbox(), 'thumbs');
    // The first look is not allowed, the second, after the refusal, is.
    sandbox().faults.add({ match: { operation: 'GetPolicy' }, effect: { kind: 'deny' }, times: 1 });
    await foreignQueue(sandbox(), 'jobs');
    await admitS3(sandbox(), 'thumbs');
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [{ Id: 'dead', LambdaFunctionArn: arn, Events }],
    });
    const statement = { FunctionName: 'thumbs', StatementId: 'any-bucket' };
    await sandbox().lambda.send(new RemovePermissionCommand(statement));
    const { code, envelope } = await runInitJson('photos --queue jobs --event remove --yes', {
      endpoint: sandbox().url,
      cwd,
    });
    expect(code).toBe(1);
    expect(envelope.error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringContaining(
        `rule "dead" for ${arn}: Not authorized to invoke function [${arn}]; the policy of thumbs does not let S3 invoke it for this bucket`,
      ) as string,
      commands: [expect.stringContaining('aws lambda add-permission --function-name thumbs ') as string],
    });
  });

  test('a sentence of S3 for which the document gives no cause stands as it is', async () => {
    await foreignQueue(sandbox(), 'jobs');
    const message =
      'Configurations overlap. Configurations on the same bucket cannot share a common event type.';
    const effect = { kind: 'error', status: 400, code: 'InvalidArgument', message } as const;
    sandbox().faults.add({ match: { operation: PUT }, effect });
    const { code, error } = await apply(queueRule());
    expect(code).toBe(1);
    expect(error).toMatchObject({ code: 'AWS_ERROR', message: expect.stringContaining(message) as string });
  });
});
