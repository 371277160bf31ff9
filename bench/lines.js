// 200,000 coloured lines of 97 characters, three colours each, written by a program of its own: with our theme and our output, a
// write for each line and each awaited, against chalk and `console.log` for each line; beside them, a write for each hundred, which
// is how `tail` does it. To a pipe and to a terminal (a pseudo-terminal of Python's, left out where there is no Python). What counts
// is the CPU time, user and system, of the writing program from its first line until all of them are handed over: it leaves out the
// start of Node and whoever reads. 15 rounds, by turns; a minute and a half.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median, ratios, rounded } from './support/figures.js';
import { bareEnv, inFolder } from './support/processes.js';

const ROUNDS = 15;
const LINES = 200_000;
const root = fileURLToPath(new URL('..', import.meta.url));

/** What both programs print: a time, a name and a key in colours of their own, and the rest of the line without. */
const LINE = `
  const line = (dim, name, key, i) =>
    dim('09:15:02.417') + '  ' + name('ObjectCreated:Put') + '  ' + key('uploads/2026/' + (1e6 + i) + '.csv') +
    '  2.0 KB  request 7Q2M4T9X8B3K5N1P  done';
  const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
  const begun = cpu();
  const done = () => writeFileSync(process.env.FIGURES, String(cpu() - begun));
`;

const ours = (together) => `
  import { writeFileSync } from 'node:fs';
  import { createIo } from './src/ui/io.ts';
  import { createTheme } from './src/ui/theme.ts';
  ${LINE}
  const { stdout } = createIo(process, { env: process.env, color: 'always' });
  const { dim, good, key } = createTheme({ color: stdout.color, unicode: true });
  for (let i = 0; i < ${LINES}; i += ${together}) {
    let text = '';
    for (let next = i; next < i + ${together}; next++) text += line(dim, good, key, next) + '\\n';
    await stdout.write(text);
  }
  await stdout.flush();
  done();
`;

const PEER = `
  import { writeFileSync } from 'node:fs';
  import { Chalk } from 'chalk';
  ${LINE}
  const chalk = new Chalk({ level: 1 });
  for (let i = 0; i < ${LINES}; i++) console.log(line(chalk.dim, chalk.green, chalk.magenta, i));
  process.stdout.write('', done);
`;

/** Runs a program on a new terminal and reads what it prints, as fast as it comes. */
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while os.read(terminal, 65536):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export const run = () =>
  inFolder(async (folder) => {
    const peer = await program(folder, 'peer', PEER);
    const single = await program(folder, 'single', ours(1));
    const hundreds = await program(folder, 'hundreds', ours(100));
    checkOutput(folder, [peer, single, hundreds]);
    const pipe = (script) => [
      'bash',
      '-c',
      '"$@" | cat >/dev/null; exit ${PIPESTATUS[0]}',
      'bash',
      process.execPath,
      script,
    ];
    const terminal = (script) => ['python3', '-c', TERMINAL, process.execPath, script];
    const hasPython = spawnSync('python3', ['-c', 'import os, pty; os.waitstatus_to_exitcode']).status === 0;
    const places = [{ where: 'a pipe', on: pipe, gate: 4, aim: 9 }];
    if (hasPython) places.push({ where: 'a terminal', on: terminal, gate: 4, aim: 6 });
    else console.error('lines: no terminal without Python 3.9 or later, so that row is left out');
    return places.flatMap(({ where, on, gate, aim }) => {
      const [theirs, own, ownHundreds] = cpuByTurns([peer, single, hundreds].map(on), folder);
      const row = (what, values, wanted) => ({
        what: `\`console.log\` with chalk / ours, ${what}`,
        values: ratios(theirs, values),
        unit: 'x',
        more: true,
        detail: `CPU ${usPerLine(theirs)} / ${usPerLine(values)} a line`,
        ...wanted,
      });
      return [
        row(`to ${where}`, own, { gate, aim }),
        row(`to ${where}, a hundred lines in a write`, ownHundreds),
      ];
    });
  });

const usPerLine = (values) => `${rounded((median(values) / LINES) * 1000)} us`;

/** A script of one file, so that both programs are loaded alike; makes TypeScript of ours readable for Node as well. */
async function program(folder, name, contents) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}

/** The same bytes, or the comparison would be of different things. */
function checkOutput(folder, scripts) {
  const outputs = scripts.map(
    (script) => spawnSync(process.execPath, [script], { env: environment(folder), maxBuffer: 1e9 }).stdout,
  );
  const same = outputs.every((output) => output.equals(outputs[0]));
  if (!same || outputs[0].length < LINES * 97) throw new Error('the programs print different lines');
}

const figures = (folder) => join(folder, 'figures');
const environment = (folder) => bareEnv(folder, { FIGURES: figures(folder), TERM: 'xterm' });

/** CPU milliseconds of each command in each round, as the programs say themselves. */
function cpuByTurns(commands, folder) {
  const times = commands.map(() => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, [command, ...args]] of commands.entries()) {
      writeFileSync(figures(folder), '');
      const { status } = spawnSync(command, args, {
        env: environment(folder),
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const time = Number(readFileSync(figures(folder), 'utf8'));
      if (status !== 0 || !(time > 0)) throw new Error(`${args.at(-1)} ended with ${status}`);
      if (round >= 0) times[i].push(time);
    }
  }
  return times;
}
