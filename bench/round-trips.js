// doctor (20 rules) and init (everything new) against an endpoint that answers after 50 ms. The anchor is what the same calls take one after
// the other, without any work between them: the sum of their times as the sandbox measured them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROUNDS = 15;
const RULES = 20;
const binary = fileURLToPath(new URL('../bin/s3evt.js', import.meta.url));

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-bench-'));
  const env = { ...process.env, HOME: folder, XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder };
  delete env.NODE_EXTRA_CA_CERTS;
  const sandbox = spawn(process.execPath, [binary, 'sandbox', 'start', '--json'], { env, cwd: folder });
  try {
    const [line] = await once(sandbox.stdout.setEncoding('utf8'), 'data');
    const { endpoint } = JSON.parse(line);
    const target = {
      ...env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_REGION: 'us-east-1',
    };
    const s3evt = async (...words) =>
      (
        await promisify(execFile)(process.execPath, [binary, ...words], {
          env: target,
          cwd: folder,
          maxBuffer: 1e8,
        })
      ).stdout;
    const last = async () => {
      const entries = (await s3evt('sandbox', 'journal', '--json', '--type', 'request')).trim().split('\n');
      return JSON.parse(entries.at(-1)).seq;
    };
    const measure = async (words) => {
      const before = await last();
      const begun = performance.now();
      await s3evt(...words);
      const wall = performance.now() - begun;
      const calls = (await s3evt('sandbox', 'journal', '--json', '--type', 'request'))
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text))
        .filter(({ seq }) => seq > before);
      return {
        wall,
        calls: calls.length,
        sequence: calls.reduce((sum, { durationMs }) => sum + durationMs, 0),
      };
    };
    for (let rule = 0; rule < RULES; rule++) {
      const words = [
        'big-bucket',
        '--function',
        `fn-${rule}`,
        '--event',
        'create',
        '--prefix',
        `p${rule}/`,
        '--id',
        `r${rule}`,
      ];
      await s3evt(rule === 0 ? 'init' : 'add', ...words, '--yes', '--no-save', '--quiet');
    }
    await s3evt('sandbox', 'fault', 'add', 'latency:*,50ms');
    const runs = { [`doctor, ${RULES} rules`]: [], 'init, everything new': [] };
    const names = Object.keys(runs);
    for (let round = 0; round < ROUNDS; round++) {
      runs[names[0]].push(await measure(['doctor', 'big-bucket', '--json']));
      const name = `new-${round}`;
      runs[names[1]].push(
        await measure(['init', `${name}-bucket`, '--function', name, '--yes', '--no-save', '--quiet']),
      );
    }
    console.log('| command | calls | wall | calls in sequence | ratio |\n| --- | --- | --- | --- | --- |');
    for (const [name, all] of Object.entries(runs)) {
      const median = (of) => all.map(of).sort((a, b) => a - b)[Math.floor(all.length / 2)];
      const ms = (value) => `${Math.round(value)} ms`;
      console.log(
        `| ${name} | ${median(({ calls }) => calls)} | ${ms(median(({ wall }) => wall))} | ${ms(median(({ sequence }) => sequence))} | ${median(({ wall, sequence }) => wall / sequence).toFixed(2)} |`,
      );
    }
  } finally {
    sandbox.kill('SIGINT');
    await once(sandbox, 'close');
    rmSync(folder, { recursive: true, force: true });
  }
}
