import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  admitS3,
  foreignFunction,
  foreignState,
  notificationOf,
  putNotification,
  statementIds,
} from '../support/foreign.ts';
import { LAMBDA_TRUST } from '../support/function-code.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const sandbox = shareSandbox();
const init = (line: string, options: CliOptions = {}) =>
  runInitJson(line, { endpoint: sandbox().url, ...options });

describe('a bucket and a function of other makers', () => {
  let arn = '';
  beforeEach(async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    arn = await foreignFunction(sandbox(), 'thumbs', 'live');
    sandbox().journal.clear();
  });

  test('are used and not changed: only the permission and the rule are added', async () => {
    const before = await foreignState(sandbox(), 'thumbs');
    sandbox().journal.clear();
    const { code, data } = await init('photos --function thumbs --yes');
    expect(code).toBe(0);
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission', 's3.PutBucketNotificationConfiguration']);
    expect(data.function).toEqual({
      name: 'thumbs',
      arn,
      runtime: 'nodejs22.x',
      logGroup: '/aws/lambda/thumbs',
    });
    expect(data.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'bucket unchanged',
      'function unchanged',
      'permission applied',
      'notification applied',
    ]);
    const after = await foreignState(sandbox(), 'thumbs');
    expect(withoutRevision(after)).toEqual(withoutRevision(before));
    expect(await statementIds(sandbox(), 'thumbs')).toEqual(['s3evt-photos']);
  });

  test('a permission that admits the bucket already is enough', async () => {
    await admitS3(sandbox(), 'thumbs');
    const { data } = await init('photos --function thumbs --yes');
    expect(data.steps.find(({ id }) => id === 'permission')?.outcome).toBe('unchanged');
    expect(await statementIds(sandbox(), 'thumbs')).toEqual(['any-bucket']);
  });

  test('an ARN names it as well', async () => {
    const { code, data } = await init(`photos --destination-arn ${arn} --yes`);
    expect(code).toBe(0);
    expect(data.rules[0]?.destination).toEqual({ kind: 'lambda', arn });
  });

  test('an alias gets the permission and the rule, the function itself none', async () => {
    const cwd = temporaryFolder();
    const { code, data } = await init('photos --function thumbs:live --yes', { cwd });
    expect(code).toBe(0);
    expect(data.rules[0]?.destination.arn).toBe(`${arn}:live`);
    expect(data.function?.arn).toBe(`${arn}:live`);
    expect(await statementIds(sandbox(), 'thumbs', 'live')).toEqual(['s3evt-photos']);
    expect(await statementIds(sandbox(), 'thumbs')).toEqual([]);
    const { LambdaFunctionConfigurations } = await notificationOf(sandbox(), 'photos');
    expect(LambdaFunctionConfigurations).toMatchObject([{ LambdaFunctionArn: `${arn}:live` }]);
    sandbox().journal.clear();
    const again = await init('--yes', { cwd });
    expect(again.data.rules[0]?.destination.arn).toBe(`${arn}:live`);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('the rule of an alias is not the one of the function itself', async () => {
    const cwd = temporaryFolder();
    await init('photos --function thumbs:live --id alias --yes', { cwd });
    const { code, error } = await init('photos --function thumbs --yes', { cwd });
    expect(code).toBe(5);
    expect(error).toMatchObject({ code: 'RULES_OVERLAP', message: expect.stringContaining('"alias"') });
  });

  test('$LATEST is the function itself', async () => {
    const { data } = await init('photos --function thumbs:$LATEST --yes');
    expect(data.rules[0]?.destination.arn).toBe(arn);
  });

  test.each(['thumbs:nowhere', 'thumbs:7', 'nobody:live'])('%s does not exist', async (reference) => {
    const { code, error, cwd } = await init(`photos --function ${reference} --yes`);
    expect(code).toBe(2);
    expect(error).toMatchObject({
      code: 'DESTINATION_NOT_FOUND',
      message: expect.stringContaining('version or alias'),
    });
    expect(writesOf(sandbox())).toEqual([]);
    expect(existsSync(join(cwd, 's3evt.json'))).toBe(false);
  });

  test.each([
    ['arn:aws:lambda:eu-west-1:000000000000:function:thumbs', 'WRONG_REGION', '--region eu-west-1'],
    ['arn:aws:lambda:us-east-1:111122223333:function:thumbs', 'WRONG_ACCOUNT', 'credentials'],
  ])('%s is out of reach', async (reference, code, hint) => {
    const result = await init(`photos --function ${reference} --yes`);
    expect(result.code).toBe(5);
    expect(result.error).toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(writesOf(sandbox())).toEqual([]);
  });
});

function withoutRevision(state: unknown): unknown {
  // A new revision id is what adding a permission does to it on AWS too.
  return JSON.parse(
    JSON.stringify(state, (name, value: unknown) => (name === 'RevisionId' ? undefined : value)),
  );
}

describe('an execution role', () => {
  test('of the caller is used, and none is made', async () => {
    const { Role } = await sandbox().iam.send(
      new CreateRoleCommand({ RoleName: 'given', AssumeRolePolicyDocument: LAMBDA_TRUST }),
    );
    sandbox().journal.clear();
    const { code, data } = await init(`photos --function Demo-S3 --role-arn ${Role?.Arn} --yes`);
    expect(code).toBe(0);
    expect(writesOf(sandbox()).filter((call) => call.startsWith('iam.'))).toEqual([]);
    expect(data.equivalentCommand).toContain(`--role-arn ${Role?.Arn}`);
    const made = await sandbox().lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'Demo-S3' }),
    );
    expect(made.Role).toBe(Role?.Arn);
  });

  test('of others by the name that s3evt would give is not taken', async () => {
    await sandbox().iam.send(
      new CreateRoleCommand({ RoleName: 's3evt-Demo-S3', AssumeRolePolicyDocument: LAMBDA_TRUST }),
    );
    sandbox().journal.clear();
    const { code, error } = await init('photos --function Demo-S3 --yes');
    expect(code).toBe(5);
    expect(error).toMatchObject({
      code: 'OWNED_BY_OTHERS',
      hint: expect.stringContaining('--role-arn arn:aws:iam::000000000000:role/s3evt-Demo-S3'),
    });
    expect(writesOf(sandbox())).toEqual([]);
  });
});

describe('rules that collide', () => {
  beforeEach(async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    const LambdaFunctionArn = await foreignFunction(sandbox(), 'thumbs');
    await admitS3(sandbox(), 'thumbs');
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [
        {
          Id: 'theirs',
          LambdaFunctionArn,
          Events: ['s3:ObjectCreated:Put'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'in/' }] } },
        },
      ],
    });
    sandbox().journal.clear();
  });

  test('over the same events of the same keys: both are named, with a key as an example', async () => {
    const { code, error } = await init('photos --function Demo-S3 --suffix .jpg --id mine --yes');
    expect(code).toBe(5);
    expect(error).toMatchObject({ code: 'RULES_OVERLAP', category: 'conflict' });
    for (const part of ['"mine" (*.jpg)', '"theirs" (in/*)', 's3:ObjectCreated:Put', 'in/example.jpg'])
      expect(error?.message).toContain(part);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('over the id', async () => {
    const { code, error } = await init('photos --function Demo-S3 --event remove --id theirs --yes');
    expect(code).toBe(5);
    expect(error).toMatchObject({ code: 'RULE_ID_TAKEN', hint: expect.stringContaining('--id NAME') });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('apart from each other they live side by side', async () => {
    const { code } = await init('photos --function Demo-S3 --prefix out/ --yes');
    expect(code).toBe(0);
    const { LambdaFunctionConfigurations } = await notificationOf(sandbox(), 'photos');
    expect(LambdaFunctionConfigurations?.map(({ Id }) => Id)).toEqual(['theirs', 'Invoke-Lambda-NewObjects']);
  });
});

test('a bucket in another Region is not used: its Region is named', async () => {
  await init('photos --function Demo-S3 --region eu-west-1 --yes');
  sandbox().journal.clear();
  const { code, error } = await init('photos --function Demo-S3 --yes');
  expect(code).toBe(5);
  expect(error).toMatchObject({ code: 'WRONG_REGION', hint: expect.stringContaining('--region eu-west-1') });
  expect(writesOf(sandbox())).toEqual([]);
});

test('a bucket name that somebody else has is a conflict', async () => {
  sandbox().faults.add({
    match: { operation: 'CreateBucket' },
    effect: { kind: 'error', status: 409, code: 'BucketAlreadyExists', message: 'Not available.' },
  });
  const { code, error, data } = await init('photos --function Demo-S3 --yes');
  expect(code).toBe(5);
  expect(error).toMatchObject({ code: 'NAME_TAKEN', hint: expect.stringContaining('choose another one') });
  expect(data.steps.find(({ id }) => id === 'bucket')?.outcome).toBe('failed');
});

describe('the project file', () => {
  test('of another account is not overwritten', async () => {
    const other = await startTestSandbox({ account: '111122223333' });
    const { cwd } = await init('photos --function Demo-S3 --yes');
    const file = readFileSync(join(cwd, 's3evt.json'), 'utf8');
    const { code, error } = await init('photos --function Demo-S3 --yes', { cwd, endpoint: other.url });
    expect(code).toBe(5);
    expect(error).toMatchObject({
      code: 'WRONG_ACCOUNT',
      message: expect.stringMatching(/account 000000000000.*111122223333/),
    });
    expect(writesOf(other)).toEqual([]);
    expect(readFileSync(join(cwd, 's3evt.json'), 'utf8')).toBe(file);
  });

  test('of another Region neither: destroy would not find what it names', async () => {
    const { cwd } = await init('photos --function Demo-S3 --region eu-west-1 --yes');
    sandbox().journal.clear();
    const { code, error } = await init('films --function Demo-S3 --region us-east-1 --yes', { cwd });
    expect([code, error?.code]).toEqual([5, 'WRONG_REGION']);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('keeps the profile it was told, run after run', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, '.aws'));
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    writeFileSync(join(cwd, '.aws/config'), '[profile dev]\nregion = eu-west-1\n');
    writeFileSync(
      join(cwd, '.aws/credentials'),
      '[dev]\naws_access_key_id = test\naws_secret_access_key = test\n',
    );
    await init('photos --function Demo-S3 --profile dev --yes', { cwd, env });
    const file = readFileSync(join(cwd, 's3evt.json'), 'utf8');
    expect(JSON.parse(file)).toMatchObject({ profile: 'dev', region: 'eu-west-1' });
    const { code } = await init('photos --function Demo-S3 --yes', { cwd, env });
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 's3evt.json'), 'utf8')).toBe(file);
  });
});
