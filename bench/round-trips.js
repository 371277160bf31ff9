// doctor (20 rules) and init (everything new) against an endpoint that answers after 50 ms. The anchor is what the same calls take one
// after the other, without any work between them: the sum of their times as the sandbox measured them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median, ratios, rounded } from './support/figures.js';
import { bareEnv, inFolder, s3evt, targetEnv, withSandbox } from './support/processes.js';

const ROUNDS = 15;
const RULES = 20;

export const run = () =>
  inFolder((folder) =>
    withSandbox(
      async ({ endpoint }) => {
        const env = bareEnv(folder, targetEnv(endpoint));
        const output = async (...words) => {
          const [node, ...args] = s3evt(...words);
          return (await promisify(execFile)(node, args, { env, cwd: folder, maxBuffer: 1e8 })).stdout;
        };
        for (let rule = 0; rule < RULES; rule++) {
          const place = [
            'big-bucket',
            '--function',
            `fn-${rule}`,
            '--prefix',
            `p${rule}/`,
            '--id',
            `r${rule}`,
          ];
          const word = rule === 0 ? 'init' : 'add';
          await output(word, ...place, '--event', 'create', '--yes', '--no-save', '--quiet');
        }
        await output('sandbox', 'fault', 'add', 'latency:*,50ms');
        const [doctor, init] = [[], []];
        for (let round = 0; round < ROUNDS; round++) {
          doctor.push(await measure(output, ['doctor', 'big-bucket', '--json']));
          const place = [`new-${round}-bucket`, '--function', `new-${round}`];
          init.push(await measure(output, ['init', ...place, '--yes', '--no-save', '--quiet']));
        }
        return [
          row(`\`doctor\`, ${RULES} rules to ${RULES} functions / its calls in sequence`, doctor, 0.35, 0.2),
          row("`init`, everything new, with the doctor's look / its calls in sequence", init, 0.6, 0.45),
        ];
      },
      { folder },
    ),
  );

async function measure(output, words) {
  const requests = async () =>
    (await output('sandbox', 'journal', '--json', '--type', 'request'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const before = (await requests()).at(-1).seq;
  const begun = performance.now();
  await output(...words);
  const wall = performance.now() - begun;
  const calls = (await requests()).filter(({ seq }) => seq > before);
  return { wall, calls: calls.length, sequence: calls.reduce((sum, { durationMs }) => sum + durationMs, 0) };
}

function row(what, runs, gate, aim) {
  const [walls, sequences] = [runs.map(({ wall }) => wall), runs.map(({ sequence }) => sequence)];
  const calls = median(runs.map((each) => each.calls));
  return {
    what,
    values: ratios(walls, sequences),
    unit: 'x',
    gate,
    aim,
    detail: `${rounded(median(walls))} ms / ${rounded(median(sequences))} ms, ${calls} calls`,
  };
}
