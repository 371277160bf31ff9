// `tail --no-follow` of one page and of ten (100,000 events), against a script with the SDK's own paginator, from a static server;
// and the memory of a hundred pages against that of ten. `aws logs tail`, which only version 2 of the AWS CLI has, stands beside
// where it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, ratios, rounded } from './support/figures.js';
import { bareEnv, binary, cpuInTurn, inFolder, s3evt, targetEnv } from './support/processes.js';
import { PAGE_EVENTS } from './support/log-pages.js';
import { withStaticServer } from './support/static-server.js';

const ROUNDS = 15;
const MEMORY_ROUNDS = 3;
const SINCE = '2026-09-01';
const TAIL = ['tail', '/aws/lambda/photos', '--no-follow', '--since', SINCE];
const paginator = fileURLToPath(new URL('support/paginator.js', import.meta.url));
const memoryHook = new URL('support/print-memory.js', import.meta.url).href;

export const run = () =>
  inFolder(async (folder) => {
    const rows = [];
    rows.push(...(await speed(folder, { log: 'lambda', pages: 1 }, { paginator: [1.8], awsCli: [6, 8] })));
    rows.push(...(await speed(folder, { log: 'lambda', pages: 10 }, { paginator: [1.8], awsCli: [3.5, 6] })));
    rows.push(...(await speed(folder, { log: 'chatty', pages: 10 }, {})));
    rows.push(await memory(folder));
    return rows;
  });

const name = ({ log, pages }) =>
  `${pages === 1 ? 'one page' : `${pages * PAGE_EVENTS} events`}${log === 'chatty' ? ', 1 in 100 an S3 event' : ''}`;

async function speed(folder, what, gates) {
  return withStaticServer({ kind: 'log pages', ...what }, async (endpoint) => {
    const env = bareEnv(folder, targetEnv(endpoint));
    const aws = awsWithLogsTail(env);
    const commands = [
      { command: s3evt(...TAIL), env },
      { command: s3evt(...TAIL, '--raw'), env },
      { command: [process.execPath, paginator], env },
      ...(aws === undefined
        ? []
        : [{ command: [aws, 'logs', 'tail', '/aws/lambda/photos', '--since', SINCE], env }]),
    ];
    const [tail, raw, sdk, cli] = cpuInTurn(commands, ROUNDS, folder);
    const ms = (values) => `CPU ${rounded(median(values))} ms`;
    const row = (peer, peerTimes, own, ownTimes, [gate, aim] = []) => ({
      what: `${peer} / \`${own}\`, ${name(what)}`,
      values: ratios(peerTimes, ownTimes),
      unit: 'x',
      more: true,
      gate,
      aim,
      detail: `${ms(peerTimes)} / ${ms(ownTimes)}`,
    });
    return [
      row('paginator', sdk, 'tail', tail, gates.paginator),
      row('paginator', sdk, 'tail --raw', raw),
      ...(cli === undefined ? [] : [row('aws logs tail', cli, 'tail', tail, gates.awsCli)]),
    ];
  });
}

/** Peak memory of 1,000,000 events against that of 100,000; of the paginator's too. */
async function memory(folder) {
  const peaks = { small: [], large: [] };
  for (let round = 0; round < MEMORY_ROUNDS; round++) {
    for (const [size, pages] of [
      ['small', 10],
      ['large', 100],
    ]) {
      peaks[size].push(
        await withStaticServer({ kind: 'log pages', log: 'lambda', pages }, (endpoint) =>
          peakMb(
            [process.execPath, '--import', memoryHook, binary, ...TAIL],
            bareEnv(folder, targetEnv(endpoint)),
          ),
        ),
      );
    }
  }
  return {
    what: 'memory, 1,000,000 / 100,000 events',
    values: ratios(peaks.large, peaks.small),
    unit: 'x',
    gate: 1.5,
    aim: 1.2,
    detail: `${rounded(median(peaks.large))} / ${rounded(median(peaks.small))} MB`,
  };
}

async function peakMb([command, ...args], env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  const kilobytes = /peak (\d+)/.exec(said)?.[1];
  if (code !== 0 || kilobytes === undefined) throw new Error(`ended with ${code}: ${said}`);
  return Number(kilobytes) / 1024;
}

function awsWithLogsTail(env) {
  const { status } = spawnSync('aws', ['logs', 'tail', 'help'], { env: { ...env, AWS_PAGER: 'cat' } });
  return status === 0 ? 'aws' : undefined;
}
