// npm run bench [name]: measures, never asserts. Figures are ratios to an anchor of the same run, since machines differ.
import { readdirSync } from 'node:fs';

const benches = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => file.slice(0, -'.js'.length));
const [wanted] = process.argv.slice(2);
if (wanted !== undefined && !benches.includes(wanted)) {
  console.error(`There is no bench "${wanted}". There are: ${benches.join(', ')}`);
  process.exit(2);
}
for (const name of wanted === undefined ? benches : [wanted]) {
  console.log(`## ${name}`);
  const { run } = await import(`./${name}.js`);
  await run();
}
