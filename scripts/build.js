// Bundles what users start. esbuild splits ES modules only, so they are split first and then turned into CommonJS, file by
// file: CommonJS starts faster, and its compiled code can be kept (src/launcher). Types are tsc's business.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
// Built beside and moved at the end: who runs the program meanwhile finds all of it.
const out = join(root, `node_modules/.s3evt-dist-${process.pid}`);

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20.19',
  // The SDK's ES modules, which can be shaken, instead of the CommonJS ones that `platform: node` would take.
  mainFields: ['module', 'main'],
  // Readable stack traces under --debug are worth more than the bytes.
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'warning',
};

/**
 * What dependencies load and this program never uses, for each start to pay: commander would run subcommands that are
 * programs of their own, chalk would ask the environment for colours, which src/ui/io.ts has decided on.
 */
const UNUSED = {
  commander: {
    filter: /^node:child_process$/,
    importer: /node_modules.commander/,
    contents: 'export default {}',
  },
  chalk: { filter: /^#supports-color$/, importer: /node_modules.chalk/, contents: 'export default {}' },
};
const withoutUnused = {
  name: 'without unused',
  setup({ onResolve, onLoad }) {
    for (const [namespace, { filter, importer, contents }] of Object.entries(UNUSED)) {
      onResolve({ filter }, (wanted) =>
        importer.test(wanted.importer) ? { path: wanted.path, namespace } : undefined,
      );
      onLoad({ filter, namespace }, () => ({ contents }));
    }
  },
};

mkdirSync(out, { recursive: true });
try {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: { main: 'src/cli/index.ts' },
    splitting: true,
    format: 'esm',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    legalComments: 'linked',
    plugins: [withoutUnused],
  });
  await Promise.all(outputFiles.map(writeOutput));
  for (const file of ['bootstrap.py', 'bootstrap.mjs'])
    copyFileSync(join(root, 'src/sandbox/lambda', file), join(out, file));

  const entry = outputFiles.map(({ path }) => basename(path)).find((name) => /^main-.*\.cjs$/.test(name));
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  const commands = await renderHelp(createRequire(import.meta.url)(join(out, entry)), version);
  const id = createHash('sha256')
    .update(outputFiles.map(({ hash }) => hash).join())
    .digest('hex')
    .slice(0, 16);
  const launcher = await build({
    ...common,
    entryPoints: { launcher: 'src/launcher/launch.ts' },
    format: 'cjs',
    define: { BUILD: JSON.stringify({ version, id, entry: `./${entry}`, commands }) },
  });
  writeFileSync(join(out, 'launcher.cjs'), launcher.outputFiles[0].contents);
  // Which sources stand in which file: the tests that watch what a command loads read it.
  writeFileSync(
    join(out, 'meta.json'),
    JSON.stringify({ ...metafile.outputs, ...launcher.metafile.outputs }),
  );

  const old = `${out}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(out, dist);
  rmSync(old, { recursive: true, force: true });
} finally {
  rmSync(out, { recursive: true, force: true });
}

async function writeOutput({ path, text }) {
  const file = join(out, basename(path));
  if (!path.endsWith('.cjs')) return writeFileSync(file, text);
  const usesUrl = text.includes('import.meta.url');
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: common.target,
    minifySyntax: true,
    minifyWhitespace: true,
    // A script that runs from compiled code has no import(); the loader's require() is as lazy.
    supported: { 'dynamic-import': false },
    ...(usesUrl && {
      define: { 'import.meta.url': '__url' },
      banner: "const __url=require('node:url').pathToFileURL(__filename).href;",
    }),
  });
  writeFileSync(file, code);
}

/** Writes what commander prints for `--help` of the program and of each command; resolves to the paths of all commands. */
async function renderHelp({ main, createProgram }, version) {
  const print = (stdout, args) =>
    main(args, { env: {}, cwd: root, stdin: {}, stdout, stderr: stdout, version });
  const paths = pathsOf(createProgram({ version, stdout: {}, stderr: {}, env: {} }, async () => undefined));
  for (const columns of [80, 100]) {
    const pages = {};
    for (const path of paths) {
      let page = '';
      const stdout = { columns, write: (text) => (page += text) };
      await print(stdout, [...path.split(' ').filter(Boolean), '--help']);
      pages[path] = page;
    }
    writeFileSync(join(out, `help-${columns}.json`), JSON.stringify(pages));
  }
  return paths.filter(Boolean);
}

function pathsOf(command, path = '') {
  const below = command.commands.filter((each) => each.name() !== 'help');
  return [path, ...below.flatMap((each) => pathsOf(each, `${path} ${each.name()}`.trim()))];
}
