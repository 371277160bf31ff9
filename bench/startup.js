// CPU time (user and system) of whole runs, as ratios to bare node in the same round; each round runs all in turn. The code cache is
// warm. AWS is one static server: an emulator would be what is measured. The same calls of the AWS CLI stand beside, where it is
// installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const PAIRS = 15;
const binary = fileURLToPath(new URL('../bin/s3evt.js', import.meta.url));

/** In a thread of its own: this one waits for its children. */
const SERVER = `
const { createServer } = require('node:http');
const IDENTITY = '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  '<Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>' +
  '</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>';
const RULES = '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></NotificationConfiguration>';
createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(request.method === 'POST' ? IDENTITY : RULES);
  });
}).listen(0, '127.0.0.1', function () {
  require('node:worker_threads').parentPort.postMessage(this.address().port);
});`;

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-bench-'));
  const server = new Worker(SERVER, { eval: true });
  try {
    const port = await new Promise((resolve) => server.once('message', resolve));
    const endpoint = `http://127.0.0.1:${port}`;
    const env = {
      // Not NODE_EXTRA_CA_CERTS, which Node 20 reads at each start: it triples that of bare node.
      PATH: process.env.PATH,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1', // what version 1 of the AWS CLI reads
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const empty = join(folder, 'empty.cjs');
    writeFileSync(empty, '');
    const s3evt = (...args) => [process.execPath, binary, ...args];
    const cold = { S3EVT_NO_CODE_CACHE: '1' };
    const rows = [
      { name: 'bare node', command: [process.execPath, empty] },
      { name: '--version', command: s3evt('--version') },
      { name: '--help', command: s3evt('--help') },
      { name: 'init --help', command: s3evt('init', '--help') },
      { name: 'a bad flag', command: s3evt('init', '--bogus'), code: 2 },
      { name: 'no bucket named', command: s3evt('ls'), code: 2 },
      { name: 'whoami', command: s3evt('whoami') },
      { name: 'ls BUCKET', command: s3evt('ls', 'photos') },
      { name: 'ls BUCKET, no code cache', command: s3evt('ls', 'photos'), env: cold },
      ...awsRows(env, endpoint),
    ].map((row) => ({ code: 0, ...row, env: { ...env, ...row.env }, times: [] }));
    for (const row of rows) cpuMs(row, folder); // fills the cache
    for (let pair = 0; pair < PAIRS; pair++) for (const row of rows) row.times.push(cpuMs(row, folder));
    print(rows);
  } finally {
    await server.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same calls by the AWS CLI; nothing but a word where it is not installed or does not run. */
function awsRows(own, endpoint) {
  // Its installation may be found through the home folder; its configuration there must not matter.
  const nothing = join(own.HOME, 'absent');
  const env = { HOME: process.env.HOME, AWS_CONFIG_FILE: nothing, AWS_SHARED_CREDENTIALS_FILE: nothing };
  const output = (...command) =>
    spawnSync(command[0], command.slice(1), { env: { ...own, ...env }, encoding: 'utf8' });
  // pyenv's `aws` is a shell script that looks for the real one.
  const aws = output('pyenv', 'which', 'aws').stdout?.trim() || 'aws';
  const whoami = [aws, 'sts', 'get-caller-identity', '--endpoint-url', endpoint];
  if (output(...whoami).status !== 0) {
    console.log('aws is not installed or does not run: its rows are left out');
    return [];
  }
  const read = [
    's3api',
    'get-bucket-notification-configuration',
    '--bucket',
    'photos',
    '--endpoint-url',
    endpoint,
  ];
  const version = output(aws, '--version').stdout.split(' ')[0];
  return [
    { name: `${version} sts get-caller-identity`, command: whoami, env },
    { name: `${version} s3api get-bucket-notif...`, command: [aws, ...read], env },
  ];
}

/** By the shell's `times`, whose second line is of its children; Node does not tell it of a single one. */
function cpuMs({ command, env, code }, cwd) {
  const script = '"$@" >/dev/null 2>&1 | cat; exit_code=${PIPESTATUS[0]}; times; exit $exit_code';
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    env,
    cwd,
    encoding: 'utf8',
  });
  if (status !== code) throw new Error(`${command.slice(1).join(' ')} ended with ${status}`);
  const times = stdout.trim().split('\n').at(-1).split(' ');
  return times.reduce((sum, time) => {
    const [minutes, seconds] = time.replace('s', '').split('m');
    return sum + (Number(minutes) * 60 + Number(seconds)) * 1000;
  }, 0);
}

function print(rows) {
  const sorted = (values) => [...values].sort((a, b) => a - b);
  const at = (values, share) => sorted(values)[Math.floor((values.length - 1) * share)];
  const anchor = rows[0].times;
  console.log(`CPU time of a run, ${PAIRS} rounds in turn (node ${process.version})`);
  console.log(`${'what'.padEnd(44)}  median    25-75 %  / bare node`);
  for (const { name, times } of rows) {
    const ratio = at(
      times.map((time, i) => time / anchor[i]),
      0.5,
    );
    const spread = `${at(times, 0.25).toFixed(0)}-${at(times, 0.75).toFixed(0)}`;
    console.log(
      `${name.padEnd(44)} ${at(times, 0.5).toFixed(0).padStart(4)} ms ${spread.padStart(10)} ${ratio.toFixed(2).padStart(12)}`,
    );
  }
}
