import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
