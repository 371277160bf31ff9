import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notificationOf } from '../support/foreign.ts';
import { runInitJson, words } from '../support/init.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const sandbox = shareSandbox();
const aws = (options: CliOptions = {}): CliOptions => ({ endpoint: sandbox().url, ...options });

const SEED =
  'init demo-01-events-lambda --function Demo-S3 --event s3:ObjectCreated:* --id Invoke-Lambda-NewObjects --yes'.split(
    ' ',
  );
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Demo-S3';

const init = (line: string, options: CliOptions = {}) => runInitJson(line, aws(options));

describe("the seed's line", () => {
  test('sets up everything and says so, with every field of the contract', async () => {
    const cwd = temporaryFolder();
    const first = await runCli([...SEED, '--json'], aws({ cwd }));
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.trimEnd()).not.toContain('\n');
    const step = (id: string) => ({
      id,
      title: expect.stringMatching(/\w/),
      change: 'create',
      outcome: 'applied',
    });
    expect(envelopeOf(first)).toEqual({
      schemaVersion: 1,
      command: 'init',
      status: 'ok',
      data: {
        bucket: 'demo-01-events-lambda',
        region: 'us-east-1',
        account: '000000000000',
        rules: [
          {
            id: 'Invoke-Lambda-NewObjects',
            events: ['s3:ObjectCreated:*'],
            prefix: null,
            suffix: null,
            destination: { kind: 'lambda', arn: FUNCTION_ARN },
          },
        ],
        function: {
          name: 'Demo-S3',
          arn: FUNCTION_ARN,
          runtime: 'python3.13',
          logGroup: '/aws/lambda/Demo-S3',
        },
        eventBridge: null,
        steps: ['bucket', 'log-group', 'role', 'role-policy', 'function', 'permission', 'notification'].map(
          step,
        ),
        doctor: { verdict: 'healthy', rootCause: null, findings: expect.any(Array) as [], notChecked: [] },
        projectFile: join(cwd, 's3evt.json'),
        equivalentCommand: `s3evt ${SEED.map((word) => (word.endsWith('*') ? `'${word}'` : word)).join(' ')}`,
        undoCommand: 's3evt destroy',
      },
      warnings: [],
      error: null,
    });
    expect(await notificationOf(sandbox(), 'demo-01-events-lambda')).toEqual({
      LambdaFunctionConfigurations: [
        { Id: 'Invoke-Lambda-NewObjects', LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectCreated:*'] },
      ],
    });
  });

  test('changes nothing the second time, and says unchanged', async () => {
    const cwd = temporaryFolder();
    await runCli(SEED, aws({ cwd }));
    const file = readFileSync(join(cwd, 's3evt.json'), 'utf8');
    sandbox().journal.clear();
    const { data } = await init(SEED.slice(1).join(' '), { cwd });
    expect(new Set(data.steps.map(({ outcome, change }) => `${change} ${outcome}`))).toEqual(
      new Set(['none unchanged']),
    );
    const second = await runCli(SEED, aws({ cwd }));
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('demo-01-events-lambda unchanged');
    expect(writesOf(sandbox())).toEqual([]);
    expect(readFileSync(join(cwd, 's3evt.json'), 'utf8')).toBe(file);
    expect(readdirSync(join(cwd, '.s3evt/backups/demo-01-events-lambda'))).toHaveLength(1);
  });

  test('without flags, the project file is what it converges to', async () => {
    const cwd = temporaryFolder();
    await init('photos --function Demo-S3 --event remove --prefix in/ --suffix .jpg,.png --yes', { cwd });
    const before = await notificationOf(sandbox(), 'photos');
    sandbox().journal.clear();
    const again = await init('--yes', { cwd });
    expect(again.code).toBe(0);
    expect(again.data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    expect(again.data.rules.map(({ id }) => id)).toHaveLength(2);
    expect(writesOf(sandbox())).toEqual([]);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('shows account and region before the first write, and marks a custom endpoint', async () => {
    const { stderr } = await runCli(SEED, aws());
    expect(stderr).toMatch(/On http:\/\/127\.0\.0\.1:\d+ \(a custom endpoint, not AWS\)/);
    expect(stderr).toContain('account 000000000000, region us-east-1');
    const plan = stderr.indexOf('Plan');
    expect(stderr.indexOf('account 000000000000')).toBeLessThan(plan);
    expect(plan).toBeLessThan(stderr.indexOf('✔ Create bucket'));
  });

  test('the same facts stand in the form for people', async () => {
    const { stdout } = await runCli(SEED, aws());
    for (const fact of [
      'demo-01-events-lambda set up',
      'Invoke-Lambda-NewObjects: s3:ObjectCreated:* * → lambda Demo-S3',
      'log group /aws/lambda/Demo-S3',
      's3evt destroy',
      "  s3evt init demo-01-events-lambda --function Demo-S3 --event 's3:ObjectCreated:*' --id Invoke-Lambda-NewObjects --yes",
    ]) {
      expect(stdout).toContain(fact);
    }
  });
});

test('--dry-run reads, plans, and writes nothing at all', async () => {
  const { code, data, cwd } = await init('photos --function Demo-S3 --dry-run');
  expect(code).toBe(0);
  expect(new Set(data.steps.map(({ outcome }) => outcome))).toEqual(new Set(['planned']));
  expect(data).toMatchObject({ projectFile: null, rules: [{ id: 'Invoke-Lambda-NewObjects' }] });
  const shown = await runCli(['init', 'photos', '--function', 'Demo-S3', '--dry-run'], aws({ cwd }));
  expect(shown.stdout).toContain('photos planned');
  expect(shown.stderr).toContain('Plan (nothing is done)');
  expect(shown.stderr).toContain('+ Create bucket photos in us-east-1');
  expect(requestsOf(sandbox())).toContain('s3.HeadBucket');
  expect(writesOf(sandbox())).toEqual([]);
  expect(readdirSync(cwd)).toEqual([]);
});

test('--no-save leaves no project file, and names commands that need none', async () => {
  const { code, data, cwd } = await init('photos --function Demo-S3 --no-save --yes');
  expect(code).toBe(0);
  expect(data.projectFile).toBeNull();
  expect(data.equivalentCommand).toContain(' --no-save');
  expect(existsSync(join(cwd, 's3evt.json'))).toBe(false);
  expect(data.undoCommand).toBe('s3evt undo --bucket photos');
  const shown = await runCli(words('init films --function Demo-S3 --no-save --yes'), aws({ cwd }));
  expect(shown.stdout).toContain('Take the rules back:  s3evt undo --bucket films\n');
  expect(shown.stdout).not.toMatch(/s3evt (?:tail|test-upload|destroy)/);
  const undone = await runCli([...data.undoCommand.split(' ').slice(1), '--yes'], aws({ cwd }));
  expect(undone.code).toBe(0);
  expect(await notificationOf(sandbox(), 'photos')).toEqual({});
});

test('--quiet leaves only the result', async () => {
  const { code, stdout, stderr } = await runCli([...SEED, '--quiet'], aws());
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('demo-01-events-lambda set up');
});

describe('the equivalent command', () => {
  test.each([
    "photos --function Demo-S3 --event create --event s3:ObjectRemoved:Delete --prefix 'a b/' --suffix .jpg,.png",
    'photos --function Demo-S3 --runtime nodejs22.x --id my-rule --region eu-west-1',
  ])('of %s gives the same rules in a fresh folder and a fresh account', async (line) => {
    const { data } = await init(`${line} --yes`);
    const { equivalentCommand, rules, region, function: made } = data;
    const fresh = await startTestSandbox();
    const second = await runCli([...words(equivalentCommand).slice(1), '--json'], { endpoint: fresh.url });
    expect(envelopeOf(second)).toMatchObject({ status: 'ok', data: { rules, region, function: made } });
    expect(rules.length).toBeGreaterThan(0);
  });

  test('holds what came from the project file too', async () => {
    const cwd = temporaryFolder();
    await init('photos --function Demo-S3 --region eu-west-1 --yes', { cwd });
    const { data } = await init('photos --function Demo-S3 --yes', { cwd });
    expect(data.equivalentCommand).toContain('--region eu-west-1');
  });
});
