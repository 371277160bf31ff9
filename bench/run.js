// npm run bench [name ...] [-- --save]: measures, never asserts. Figures are ratios to an anchor of the same round, since machines
// differ; those in milliseconds belong to one machine. `--save` puts the tables into RESULTS.md.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { table } from './support/figures.js';

const results = new URL('RESULTS.md', import.meta.url);
const benches = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => file.slice(0, -'.js'.length));
const words = process.argv.slice(2);
const names = words.filter((word) => word !== '--save');
for (const name of names) {
  if (benches.includes(name)) continue;
  console.error(`There is no bench "${name}". There are: ${benches.join(', ')}`);
  process.exit(2);
}

for (const name of names.length === 0 ? benches : names) {
  const begun = performance.now();
  const { run } = await import(`./${name}.js`);
  const shown = table(await run());
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(`## ${name} (${seconds} s)\n\n${shown}\n`);
  if (words.includes('--save')) save(name, shown);
}

/** Replaces the table below the heading of that name; what stands around it is written by hand. */
function save(name, shown) {
  const machine = `${cpus()[0].model}, ${availableParallelism()} cores, ${process.platform} ${process.arch}, Node.js ${process.version}`;
  const lines = readFileSync(results, 'utf8').split('\n');
  const heading = lines.indexOf(`## ${name}`);
  if (heading < 0) throw new Error(`RESULTS.md has no heading "## ${name}"`);
  const isTable = (line) => line.startsWith('| ') || line.startsWith('_Run on ') || line === '';
  let end = heading + 1;
  while (end < lines.length && isTable(lines[end])) end++;
  const run = `_Run on ${new Date().toISOString().slice(0, 10)}: ${machine}._`;
  lines.splice(heading + 1, end - heading - 1, '', run, '', shown, '');
  writeFileSync(results, `${lines.join('\n').trimEnd()}\n`);
}
