// CPU time of whole runs against bare node in the same round. The code cache is warm. AWS is one static server: an emulator would
// be what is measured. The same calls of the AWS CLI stand beside, where it is installed.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, ratios, rounded } from './support/figures.js';
import { bareEnv, cpuInTurn, inFolder, s3evt, targetEnv } from './support/processes.js';
import { withStaticServer } from './support/static-server.js';

const ROUNDS = 15;

export const run = () =>
  inFolder((folder) =>
    withStaticServer({ kind: 'identity and rules' }, async (endpoint) => {
      const env = bareEnv(folder, targetEnv(endpoint));
      const empty = join(folder, 'empty.cjs');
      writeFileSync(empty, '');
      const START = [
        { what: '`--version`', command: s3evt('--version'), gate: 1.15, aim: 1.05 },
        { what: '`--help`', command: s3evt('--help'), gate: 1.4, aim: 1.1 },
        { what: '`init --help`', command: s3evt('init', '--help'), gate: 1.4, aim: 1.1 },
        { what: 'a bad flag', command: s3evt('init', '--bogus'), code: 2, gate: 1.5, aim: 1.35 },
        { what: 'no bucket named', command: s3evt('ls'), code: 2, gate: 1.5, aim: 1.35 },
        { what: '`whoami`', command: s3evt('whoami'), gate: 3.6, aim: 2.7 },
        { what: '`ls BUCKET`', command: s3evt('ls', 'photos'), gate: 3.6, aim: 2.7 },
        {
          what: '`ls BUCKET`, no code cache',
          command: s3evt('ls', 'photos'),
          env: { ...env, S3EVT_NO_CODE_CACHE: '1' },
        },
      ].map((row) => ({ env, ...row }));
      const peers = awsRows(env);
      const anchor = { command: [process.execPath, empty], env };
      const [bare, ...times] = cpuInTurn([anchor, ...START, ...peers], ROUNDS, folder);
      const ms = (values) => `${rounded(median(values))} ms`;
      const ours = START.map(({ what, gate, aim }, i) => ({
        what: `${what} / bare node`,
        values: ratios(times[i], bare),
        unit: 'x',
        gate,
        aim,
        detail: `CPU ${ms(times[i])} / ${ms(bare)}`,
      }));
      const theirs = peers.map(({ what, same }, i) => {
        const own = times[START.findIndex((row) => row.what === same)];
        const peer = times[START.length + i];
        return {
          what: `${what} / ${same}`,
          values: ratios(peer, own),
          unit: 'x',
          gate: 6,
          aim: 8,
          more: true,
          detail: `CPU ${ms(peer)} / ${ms(own)}`,
        };
      });
      return [...ours, ...theirs, ...packageRows(folder)];
    }),
  );

/** The same calls by the AWS CLI; nothing but a word where it is not installed or does not run. */
function awsRows(own) {
  // Its installation may be found through the home folder; its configuration there must not matter.
  const nothing = join(own.HOME, 'absent');
  const env = {
    ...own,
    HOME: process.env.HOME,
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
  };
  const output = (...command) => spawnSync(command[0], command.slice(1), { env, encoding: 'utf8' });
  // pyenv's `aws` is a shell script that looks for the real one.
  const aws = output('pyenv', 'which', 'aws').stdout?.trim() || 'aws';
  const at = ['--endpoint-url', own.AWS_ENDPOINT_URL];
  const whoami = [aws, 'sts', 'get-caller-identity', ...at];
  if (output(...whoami).status !== 0) {
    console.log('aws is not installed or does not run: its rows are left out');
    return [];
  }
  const read = [aws, 's3api', 'get-bucket-notification-configuration', '--bucket', 'photos', ...at];
  const version = output(aws, '--version').stdout.split(' ')[0];
  return [
    { what: version, same: '`whoami`', command: whoami, env },
    { what: version, same: '`ls BUCKET`', command: read, env },
  ];
}

/** What `npm pack` makes, and what of it lies on the disk once it is installed: it has no dependencies. */
function packageRows(folder) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ filename, unpackedSize }] = JSON.parse(stdout);
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (Object.keys(dependencies).length > 0)
    throw new Error('the package has dependencies: count their size too');
  const megabytes = (bytes) => bytes / 1e6;
  return [
    {
      what: 'tarball',
      values: [megabytes(statSync(join(folder, filename)).size)],
      unit: 'MB',
      gate: 2,
      aim: 1,
    },
    { what: 'installed', values: [megabytes(unpackedSize)], unit: 'MB', gate: 6, aim: 3 },
  ];
}
