// Bundles what users start: ES modules in dist/, split so that a command loads only its own code. Types are tsc's business.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const at = (path) => new URL(path, root);

rmSync(at('dist'), { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: at('.').pathname,
  entryPoints: { main: 'src/cli/main.ts', host: 'src/cli/process-host.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The SDK's ES modules, which can be shaken, instead of the CommonJS ones that `platform: node` would take.
  mainFields: ['module', 'main'],
  chunkNames: '[name]-[hash]',
  // Readable stack traces under --debug are worth more than the bytes.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  // Some dependencies are CommonJS and ask for Node's own modules by require().
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  metafile: true,
  logLevel: 'warning',
});
for (const file of ['bootstrap.py', 'bootstrap.mjs'])
  copyFileSync(at(`src/sandbox/lambda/${file}`), at(`dist/${file}`));
// Which sources stand in which file: the tests that watch what a command loads read it.
writeFileSync(at('dist/meta.json'), JSON.stringify(metafile.outputs));
