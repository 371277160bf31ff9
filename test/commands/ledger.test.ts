import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ledgerAfter } from '../../src/commands/ledger.ts';
import { S3evtError, type AwsErrorFacts, type ErrorCode } from '../../src/core/errors.ts';
import type { Step, StepAction, StepOutcome } from '../../src/core/plan.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const other = shareSandbox();

/** A project whose things were made on the first sandbox. */
async function project(): Promise<string> {
  const cwd = temporaryFolder();
  const made = await runCli(['init', 'photos', '--function', 'f', '--yes'], { endpoint: sandbox().url, cwd });
  expect(made.code).toBe(0);
  return cwd;
}

test.each([
  ['destroy', '--yes'],
  ['init', 'photos', '--function', 'f', '--yes'],
])('%s on another endpoint than the ledger is about touches nothing', async (...argv) => {
  const cwd = await project();
  const ledger = readFileSync(join(cwd, 's3evt.json'), 'utf8');
  other().journal.clear();
  const result = await runCli([...argv, '--json'], { endpoint: other().url, cwd });
  expect(result.code).toBe(5);
  expect(envelopeOf(result).error).toMatchObject({ code: 'WRONG_ACCOUNT' });
  expect(envelopeOf(result).error?.message).toContain(new URL(other().url).origin);
  expect(readFileSync(join(cwd, 's3evt.json'), 'utf8')).toBe(ledger);
  const written = other()
    .journal.entries()
    .filter((entry) => entry.type === 'request' && /^(Create|Put|Delete|Add|Remove)/.test(entry.operation));
  expect(written).toEqual([]);
});

test('a project of a local AWS is not removed from another endpoint', async () => {
  const cwd = await project();
  const path = join(cwd, 's3evt.json');
  const { endpointUrl: _, ...settings } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...settings, sandbox: true }));
  const result = await runCli(['destroy', '--yes', '--json'], { endpoint: sandbox().url, cwd });
  expect(result.code).toBe(5);
  expect(envelopeOf(result).error?.message).toContain('the local AWS');
});

test('another folder does not replace the rule of the first, and the first keeps it', async () => {
  const endpoint = sandbox().url;
  const line = ['init', 'shared', '--function', 'f', '--event', 'create', '--yes', '--json'];
  const first = await runCli([...line, '--prefix', 'in/'], { endpoint });
  expect(first.code).toBe(0);
  const second = await runCli([...line, '--prefix', 'out/'], { endpoint });
  expect(second.code).toBe(0);
  const { rules } = envelopeOf(await runCli(['ls', 'shared', '--json'], { endpoint })).data as {
    rules: { id: string; prefix: string }[];
  };
  expect(rules.map(({ prefix }) => prefix).sort()).toEqual(['in/', 'out/']);
  const third = await runCli([...line, '--prefix', 'else/', '--id', 'Invoke-Lambda-NewObjects'], {
    endpoint,
  });
  expect(third.code).toBe(5);
  expect(envelopeOf(third).error).toMatchObject({ code: 'RULE_ID_TAKEN' });
});

test('rules made earlier that the call does not name are named in a warning', async () => {
  const endpoint = sandbox().url;
  const cwd = temporaryFolder();
  const line = ['init', 'suffixes', '--function', 'f', '--event', 'create', '--yes', '--json'];
  await runCli([...line, '--suffix', '.jpg,.png'], { endpoint, cwd });
  const again = await runCli([...line, '--suffix', '.gif', '--id', 'gifs'], { endpoint, cwd });
  expect(envelopeOf(again).warnings).toEqual([
    { code: 'RULES_BESIDE', message: expect.stringMatching(/-jpg, .*-png$/) },
  ]);
});

describe('after a failure', () => {
  const step = (id: string, action: StepAction): Step => ({
    id,
    title: id,
    change: 'create',
    after: [],
    action,
  });
  const ROLE = step('role', { kind: 'create-role', role: 'r', trust: '{}' });
  const GROUP = step('log-group', {
    kind: 'create-log-group',
    group: '/g',
    retentionDays: 14,
    exists: false,
  });
  const WRITE = step('notification', {
    kind: 'put-notification',
    bucket: 'photos',
    before: {},
    after: { EventBridgeConfiguration: {} },
  });
  const KINDS = new Map([
    [ROLE, 'role'],
    [GROUP, 'log-group'],
    [WRITE, 'eventbridge'],
  ]);
  const refusal = (aws: Partial<AwsErrorFacts>, code: ErrorCode = 'AWS_ERROR') =>
    new S3evtError(code, 'no', { aws: { name: 'N', message: 'm', ...aws } });
  const left = (failing: Step, error: unknown, before: readonly { kind: 'role'; name: string }[] = []) => {
    const made = [
      { kind: 'bucket', name: 'photos' },
      { kind: 'role', name: 'r' },
      { kind: 'log-group', name: '/g' },
      { kind: 'eventbridge', name: 'photos', bucket: 'photos' },
    ] as const;
    const outcomes = new Map<string, StepOutcome>([[failing.id, 'failed']]);
    const settings = { version: 1, made } as const;
    const applied = { outcomes, failures: new Map([[failing.id, error]]) };
    const kept = ledgerAfter(settings, { steps: [failing] }, applied, before).made ?? [];
    return kept.some(({ kind }) => kind === KINDS.get(failing)) ? 'stays' : 'goes';
  };

  test.each<[string, Step, unknown, 'stays' | 'goes']>([
    ['refused by AWS', ROLE, refusal({ status: 403, action: 'iam:CreateRole' }), 'goes'],
    ['refused as a bad request', ROLE, refusal({ status: 400, action: 'iam:CreateRole' }), 'goes'],
    ['refused at a later try', ROLE, refusal({ status: 400, attempts: 2 }), 'stays'],
    ['failed on the side of AWS', ROLE, refusal({ status: 500 }, 'AWS_UNAVAILABLE'), 'stays'],
    ['without an answer', ROLE, refusal({}, 'NETWORK'), 'stays'],
    ['cut off', ROLE, new Error('interrupted'), 'stays'],
    ['taken by somebody else', ROLE, new S3evtError('OWNED_BY_OTHERS', 'no'), 'goes'],
    ['group refused', GROUP, refusal({ status: 403, action: 'logs:CreateLogGroup' }), 'goes'],
    [
      'group made, its retention refused',
      GROUP,
      refusal({ status: 403, action: 'logs:PutRetentionPolicy' }),
      'stays',
    ],
    ['write refused', WRITE, refusal({ status: 400, action: 's3:PutBucketNotification' }), 'goes'],
    [
      'written, reading back refused',
      WRITE,
      refusal({ status: 403, action: 's3:GetBucketNotification' }),
      'stays',
    ],
    ['written, something else read back', WRITE, new S3evtError('VERIFY_FAILED', 'no'), 'stays'],
    ['changed meanwhile', WRITE, new S3evtError('CONFIGURATION_CHANGED', 'no'), 'goes'],
  ])('%s', (_what, failing, error, expected) => {
    expect(left(failing, error)).toBe(expected);
  });

  test('what was made earlier stays, refused or not begun', () => {
    const before = [{ kind: 'role', name: 'r' }] as const;
    expect(left(ROLE, refusal({ status: 403 }), before)).toBe('stays');
    const notBegun = { outcomes: new Map<string, StepOutcome>(), failures: new Map() };
    const settings = { version: 1, made: before } as const;
    expect(ledgerAfter(settings, { steps: [ROLE] }, notBegun, before).made).toEqual(before);
    expect(ledgerAfter(settings, { steps: [ROLE] }, notBegun, []).made).toEqual([]);
  });
});
