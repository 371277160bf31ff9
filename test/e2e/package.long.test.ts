import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/run-cli.ts';

test('the tarball, installed globally into an empty folder, runs the demo', () => {
  const folder = temporaryFolder();
  const env = { PATH: process.env['PATH'], HOME: folder, XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder };
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  // Nothing is fetched: the package has no dependencies.
  const install = ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', folder];
  execFileSync('npm', [...install, join(folder, tarball)], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  const output = execFileSync(join(folder, 'bin/s3evt'), ['demo', '--json'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  const items = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; key?: string });
  expect(items).toContainEqual(expect.objectContaining({ type: 'event', key: 'beach.jpeg' }));
});
