/**
 * Every command that the doctor prints, copied into a real shell with the real AWS CLI. The regular suite reads the same commands with the
 * SDK's own model. Skipped where the machine has no AWS CLI.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

function hasAwsCli(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const FILES = [
  'scope',
  'object',
  'rule',
  'destination',
  'permission',
  'encryption',
  'running',
  'flow',
  'outcome',
  'delivery',
  'visibility',
];

test.skipIf(!hasAwsCli())('in a shell, with the AWS CLI', async () => {
  const files = FILES.map((name) => `test/commands/doctor/${name}.test.ts`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=120000', '--reporter=json', ...files],
    { env: { ...process.env, S3EVT_REAL_COMMANDS: '1' }, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: unknown) => error as { readonly stdout: string });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
    numPassedTests: number;
    testResults: { assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
  };
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  expect(failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`)).toEqual(
    [],
  );
  expect(report.numPassedTests).toBeGreaterThan(45);
});
