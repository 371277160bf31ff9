/** The command itself: what it prints where, what it refuses, facts that are saved and judged again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DoctorResult } from '../../../src/commands/doctor.ts';
import { writesOf } from '../../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createFunction } from '../../support/pipeline.ts';
import { BUCKET, directFunction, filterOf, fnArn, lambdaRule, permitS3, put } from './world.ts';

const sandbox = shareSandbox();
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await directFunction(sandbox());
});

const run = (argv: readonly string[], options: CliOptions = {}) =>
  runCli(['doctor', ...argv], { endpoint: sandbox().url, cwd, ...options });
const breakIt = () =>
  sandbox().lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }));

describe('what it prints', () => {
  test('the members of the contract', async () => {
    await breakIt();
    const result = await run([BUCKET, '--json']);
    const envelope = envelopeOf(result);
    expect(result.code).toBe(3);
    expect(envelope).toMatchObject({ schemaVersion: 1, command: 'doctor', status: 'negative', error: null });
    const data = envelope.data as DoctorResult;
    expect(data).toMatchObject({
      bucket: BUCKET,
      account: '000000000000',
      region: 'us-east-1',
      verdict: 'broken',
      rootCause: 'lambda-permission-missing',
      mayBeEarlier: false,
      notChecked: [],
      notes: [],
      fixed: null,
    });
    expect(data.findings[0]).toEqual({
      id: 'lambda-permission-missing',
      verdict: 'broken',
      severity: 'BREAK',
      edge: 5,
      subject: 'function thumbs',
      message: 'rule "thumbs" sends to function thumbs, whose policy does not let S3 invoke it',
      ruleIds: ['thumbs'],
      evidence: [{ call: 'lambda:GetPolicy', field: 'Policy', value: 'none' }],
      fix: {
        mode: 'safe',
        advice: null,
        commands: [expect.stringMatching(/^aws lambda add-permission /) as string],
      },
      consequenceOf: null,
      contradictedBy: null,
    });
  });

  test('one line for each fact in a pipe', async () => {
    await breakIt();
    const { stdout, code } = await run([BUCKET]);
    expect(code).toBe(3);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^verdict\tbroken\tlambda-permission-missing\t/);
    expect(lines[1]).toMatch(/^broken\tlambda-permission-missing\tfunction thumbs\t/);
    expect(lines[2]).toMatch(/^fix\tlambda-permission-missing\tsafe\taws lambda add-permission /);
  });

  test('80 columns on a terminal, but for the commands, which are to be copied', async () => {
    await breakIt();
    const { stdout } = await run([BUCKET], { tty: { stdout: true }, columns: 80 });
    const wide = stdout.split('\n').filter((line) => line.length > 80);
    expect(wide.every((line) => line.trimStart().startsWith('$ '))).toBe(true);
    expect(stdout).toContain('✖ Rule "thumbs" sends to function thumbs');
  });

  test('the call that told each fact, and none for what was claimed', async () => {
    const rule = lambdaRule({ Events: ['s3:ObjectCreated:Put'] });
    await put(sandbox(), { LambdaFunctionConfigurations: [rule] });
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a.jpg', Body: 'a' }));
    const claim = ['--key', 'a.jpg', '--operation', 'multipart'];
    const { stdout } = await run([BUCKET, ...claim], { tty: { stdout: true } });
    const lines = stdout.split('\n').map((line) => line.trim());
    expect(lines).toContain('s3:GetBucketNotification: Events = s3:ObjectCreated:Put');
    expect(lines).toContain('operation = multipart');
  });

  test('nothing that a terminal would obey', async () => {
    const { lambda } = sandbox();
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }));
    const run80 = startCli(['doctor', BUCKET, '--key', 'a\u001b]0;owned\u0007b'], {
      endpoint: sandbox().url,
      cwd,
      tty: { stdout: true },
    });
    await run80.code;
    expect(run80.stdout.text).not.toContain('\u001b]0;');
    expect(run80.stdout.text).not.toContain('\u0007');
  });

  test('it writes nothing', async () => {
    sandbox().journal.clear();
    await run([BUCKET]);
    expect(writesOf(sandbox())).toEqual([]);
  });
});

describe('what it refuses', () => {
  test.each([
    [['--rule', 'thumb'], 1, 'has no rule "thumb"', 'Did you mean thumbs?'],
    [['--function', 'no such'], 2, 'names no function', ''],
    [['--operation', 'rename'], 2, 'rename', ''],
    [['--since', 'yesterday'], 2, 'Write a time', ''],
    [['--config', 'no-such-file.json'], 2, 'no-such-file.json', ''],
  ])('%j', async (argv, code, message, hint) => {
    const result = await run([BUCKET, ...argv]);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain(hint);
    expect(result.stdout).toBe('');
  });

  test('no credentials: at once, and with 4', async () => {
    const result = await runCli(['doctor', BUCKET, '--json'], { cwd, env: { AWS_REGION: 'us-east-1' } });
    expect(result.code).toBe(4);
    expect(envelopeOf(result).error).toMatchObject({ code: 'CREDENTIALS_MISSING' });
  });

  test('facts that are none, or not whole', async () => {
    const path = join(cwd, 'facts.json');
    for (const text of ['{', '{"schemaVersion":1}']) {
      writeFileSync(path, text);
      const result = await run(['--facts', path], {});
      expect(result.code, text).toBe(2);
      expect(result.stderr).toContain('facts');
    }
  });
});

describe('what it is asked', () => {
  test('a key that was pasted with the bucket', async () => {
    const { code, stdout } = await run([`s3://${BUCKET}/in/none.txt`]);
    expect(code).toBe(3);
    expect(stdout).toContain('object-not-in-bucket');
  });

  test('an operation that no rule takes, of a key that none takes either', async () => {
    await put(sandbox(), { LambdaFunctionConfigurations: [lambdaRule(filterOf({ suffix: '.jpg' }))] });
    const result = await run([BUCKET, '--key', 'x.txt', '--operation', 'delete', '--json']);
    expect((envelopeOf(result).data as DoctorResult).rootCause).toBe('operation-has-no-event');
    expect(result.code).toBe(3);
  });

  test('a function that nothing leads to, beside EventBridge that leads nowhere', async () => {
    await createFunction(sandbox(), 'other', PRINTING_HANDLERS.node);
    await put(sandbox(), { EventBridgeConfiguration: {} });
    const result = await run([BUCKET, '--function', 'other', '--json']);
    expect((envelopeOf(result).data as DoctorResult).rootCause).toBe('rule-points-elsewhere');
  });

  test('one rule, whatever another one takes', async () => {
    await createFunction(sandbox(), 'other', PRINTING_HANDLERS.node);
    await permitS3(sandbox(), 'other');
    await put(sandbox(), {
      LambdaFunctionConfigurations: [
        lambdaRule(filterOf({ prefix: '/in/' })),
        lambdaRule({ Id: 'plain', LambdaFunctionArn: fnArn('other'), ...filterOf({ prefix: 'in/' }) }),
      ],
    });
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/a.jpg', Body: 'a' }));
    await sandbox().idle();
    const result = await run([BUCKET, '--rule', 'thumbs', '--json']);
    const { verdict, findings } = envelopeOf(result).data as DoctorResult;
    expect(verdict).not.toBe('healthy');
    expect(findings.map(({ id }) => id)).toContain('filter-mismatch');
  });

  test('an old success does not excuse what was broken since', async () => {
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'before.txt', Body: 'a' }));
    await sandbox().idle();
    await breakIt();
    const result = await run([BUCKET, '--json']);
    expect((envelopeOf(result).data as DoctorResult).rootCause).toBe('lambda-permission-missing');
  });

  test('an endpoint where nobody is: one error, and 1', async () => {
    const result = await run([BUCKET, '--json'], {
      endpoint: 'http://127.0.0.1:9',
      env: { AWS_MAX_ATTEMPTS: '1' },
    });
    expect(result.code).toBe(1);
    expect(envelopeOf(result).error).toMatchObject({ code: 'NETWORK' });
  });

  test('a time before there was AWS', async () => {
    const result = await run([BUCKET, '--since', '99999d', '--json']);
    expect((envelopeOf(result).data as DoctorResult).notChecked).toEqual([]);
  });

  test.each([[[BUCKET]], [['--key', 'a']], [['--save-facts', 'x.json']]])(
    '%j beside --facts is another question',
    async (argv) => {
      const path = join(cwd, 'facts.json');
      await run([BUCKET, '--save-facts', path]);
      const result = await run([...argv, '--facts', path]);
      expect(result.code).toBe(2);
      expect(result.stderr).toContain('leave out');
    },
  );
});

describe('saved facts', () => {
  test('lead to the same verdict without AWS, and hold no account id', async () => {
    await breakIt();
    const path = join(cwd, 'facts.json');
    const live = envelopeOf(await run([BUCKET, '--save-facts', path, '--json'])).data as DoctorResult;
    expect(readFileSync(path, 'utf8')).not.toContain('000000000000');
    const offline = await runCli(['doctor', '--facts', path, '--json'], { cwd });
    expect(offline.code).toBe(3);
    const saved = envelopeOf(offline).data as DoctorResult;
    expect(saved.rootCause).toBe(live.rootCause);
    expect(saved.findings.map(({ id }) => id)).toEqual(live.findings.map(({ id }) => id));
    const kept = join(cwd, 'kept.json');
    await run([BUCKET, '--save-facts', kept, '--keep-accounts']);
    expect(readFileSync(kept, 'utf8')).toContain('000000000000');
  });

  test('any damage is an error that says so, or a verdict; never a crash', async () => {
    const path = join(cwd, 'facts.json');
    await run([BUCKET, '--save-facts', path]);
    const whole = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const spoiled: unknown[] = [];
    for (const [name, value] of Object.entries(whole)) {
      for (const other of [null, 0, '', [], {}, { state: 'known' }, { state: 'known', value: null }]) {
        spoiled.push({ ...whole, [name]: other });
      }
      if (typeof value !== 'object' || value === null) continue;
      for (const member of Object.keys(value))
        spoiled.push({ ...whole, [name]: { ...value, [member]: null } });
    }
    for (const [index, facts] of spoiled.entries()) {
      writeFileSync(path, JSON.stringify(facts));
      const result = await runCli(['doctor', '--facts', path, '--json'], { cwd });
      const { error } = envelopeOf(result);
      expect([null, 'INVALID_ARGUMENT'], `${index}: ${JSON.stringify(error)}`).toContain(
        error === null ? null : error.code,
      );
    }
  });
});
