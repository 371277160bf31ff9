// Whole runs of programs, measured by the operating system.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const binary = fileURLToPath(new URL('../../bin/s3evt.js', import.meta.url));

/** The command line that starts this build. */
export const s3evt = (...args) => [process.execPath, binary, ...args];

/**
 * What a measured program may see of this machine's environment: nothing but the way to programs. NODE_EXTRA_CA_CERTS above
 * all is not among it: Node 20 reads that file at each start, which triples the time of bare node.
 */
export const bareEnv = (folder, more = {}) => ({
  PATH: process.env.PATH,
  HOME: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  XDG_STATE_HOME: join(folder, 'state'),
  ...more,
});

/** Credentials and Region for an endpoint that checks neither; `AWS_DEFAULT_REGION` is what version 1 of the AWS CLI reads. */
export const targetEnv = (endpoint) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Calls `use` with a folder that is gone afterwards. */
export async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls `use` with the endpoint and the process of a sandbox that has started; `nodeFlags` are Node's. */
export async function withSandbox(use, { folder, nodeFlags = [] }) {
  const sandbox = spawn(process.execPath, [...nodeFlags, binary, 'sandbox', 'start', '--json'], {
    env: bareEnv(folder),
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(sandbox.stdout.setEncoding('utf8'), 'data');
    return await use({ endpoint: JSON.parse(line).endpoint, pid: sandbox.pid });
  } finally {
    sandbox.kill('SIGINT');
    await once(sandbox, 'close');
  }
}

/**
 * Milliseconds of CPU time, user and system, of one whole run whose output goes through a pipe. By the shell's `times`, whose
 * second line is of its children: Node does not tell it of a single one. Throws when the run ends with another code.
 */
export function cpuMs({ command, env, code = 0 }, cwd) {
  const script = '"$@" 2>&1 | cat >/dev/null; exit_code=${PIPESTATUS[0]}; times; exit $exit_code';
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    env,
    cwd,
    encoding: 'utf8',
  });
  if (status !== code) throw new Error(`${command.slice(1).join(' ')} ended with ${status}`);
  return stdout
    .trim()
    .split('\n')
    .at(-1)
    .split(' ')
    .reduce((sum, time) => {
      const [minutes, seconds] = time.replace('s', '').split('m');
      return sum + (Number(minutes) * 60 + Number(seconds)) * 1000;
    }, 0);
}

/** Runs the commands in turn, `rounds` times, after one round that fills caches; resolves to the CPU times of each. */
export function cpuInTurn(rows, rounds, cwd) {
  for (const row of rows) cpuMs(row, cwd);
  const times = rows.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, row] of rows.entries()) times[i].push(cpuMs(row, cwd));
  }
  return times;
}
