// Bundles what users start. esbuild splits ES modules only, so they are split first and then turned into CommonJS, file by
// file: CommonJS starts faster, and its compiled code can be kept (src/launcher). Types are tsc's business.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
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
  // The question that opens an editor brings half a megabyte of character sets.
  inquirer: {
    filter: /^@inquirer.editor$/,
    importer: /node_modules.@?inquirer/,
    contents: 'export default undefined',
  },
  // Of all that `fs/promises` brings, the SDK's reader of configuration files calls this.
  '@smithy/core': {
    filter: /^node:fs\/promises$/,
    importer: /shared-ini-file-loader/,
    contents: `import { readFile as read } from 'node:fs';
      export const readFile = (path, encoding) =>
        new Promise((resolve, reject) => read(path, encoding, (error, text) => (error ? reject(error) : resolve(text))));`,
  },
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

/** What the program takes from the sandbox, and both from core: of a class there must be one only, for `instanceof`. */
const SANDBOX = {
  sandbox: 'src/sandbox/index.ts',
  faults: 'src/sandbox/faults.ts',
  'sdk-clients': 'src/sandbox/sdk-clients.ts',
};
const SHARED = { errors: 'src/core/errors.ts' };

/**
 * The sandbox speaks all operations of its services, the program some of each client's: built together, every part of the SDK would
 * be in the files that both load. So they are built apart, and each finds the other's entries as files beside its own.
 */
const apart = (entries) => ({
  name: 'apart',
  setup({ onResolve, resolve }) {
    const names = Object.fromEntries(Object.entries(entries).map(([name, file]) => [join(root, file), name]));
    onResolve({ filter: /^\.\.?\// }, async ({ path, importer, pluginData, ...from }) => {
      if (pluginData === 'apart' || !importer.startsWith(join(root, 'src'))) return undefined;
      const found = await resolve(path, { importer, ...from, pluginData: 'apart' });
      const name = names[found.path];
      return name === undefined ? undefined : { path: `./${name}.cjs`, external: true };
    });
  },
});

/** What is ever used of a client's package; its other names are words of many texts. */
const USED = /(Client|Command|RoleAssumer(WithWebIdentity)?)$/;

/** Of a client's package what src/aws names: `await import()` gives all of it, and nothing could be left out. */
const namedOnly = {
  name: 'named only',
  setup({ onResolve, onLoad }) {
    const folder = join(root, 'src/aws');
    const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.ts'));
    const words = new Set(files.flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/\w+/g)));
    onResolve({ filter: /^@aws-sdk\/client-/ }, ({ path, importer }) =>
      importer.startsWith(folder) ? { path, namespace: 'named' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'named' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => words.has(name) && USED.test(name));
      return { contents: `export { ${names.join()} } from '${path}'`, resolveDir: root };
    });
    // A schema is an array that could be left out, were it not for names in brackets, of which the bundler cannot know that they are
    // texts: `{ [_hH]: 200 }`.
    onLoad({ filter: /client-[\w-]+.dist-es.schemas.schemas_0\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const texts = Object.fromEntries(
        [...text.matchAll(/^const (_\w+) = (".*");$/gm)].map(([, ...pair]) => pair),
      );
      return {
        contents: text.replace(/\[(_\w+)\]: /g, (whole, name) => (texts[name] ? `${texts[name]}: ` : whole)),
      };
    });
  },
};

/** The sandbox knows a service by its schemas: the code of eleven clients would be a third of the package, and of a start. */
const schemasOnly = {
  name: 'schemas only',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/client-/ }, ({ path, importer }) =>
      importer.startsWith(join(root, 'src')) ? { path, namespace: 'schemas' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'schemas' }, ({ path }) => ({
      contents: `export * from '${path}/dist-es/schemas/schemas_0.js'`,
      resolveDir: root,
    }));
  },
};

const lazyHttps = {
  name: 'lazy https',
  setup({ onLoad }) {
    onLoad({ filter: /node-http-handler.dist-es.node-https\.js$/ }, () => ({
      contents: readFileSync(join(root, 'scripts/lazy-https.js'), 'utf8'),
    }));
  },
};

mkdirSync(out, { recursive: true });
try {
  const split = (settings) =>
    build({
      ...common,
      ...settings,
      splitting: true,
      format: 'esm',
      chunkNames: '[name]-[hash]',
      legalComments: 'linked',
    });
  const builds = await Promise.all([
    split({
      entryPoints: { main: 'src/cli/index.ts', ...SHARED },
      plugins: [withoutUnused, apart(SANDBOX), namedOnly, lazyHttps],
    }),
    split({ entryPoints: SANDBOX, plugins: [apart(SHARED), schemasOnly] }),
  ]);
  const outputFiles = builds.flatMap((each) => each.outputFiles);
  const outputs = Object.assign({}, ...builds.map(({ metafile }) => metafile.outputs));
  await Promise.all(outputFiles.map(writeOutput));
  for (const file of ['bootstrap.py', 'bootstrap.mjs'])
    copyFileSync(join(root, 'src/sandbox/lambda', file), join(out, file));

  const entry = 'main.cjs';
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
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), licences(Object.values(outputs)));
  // Which sources stand in which file: the tests that watch what a command loads read it.
  writeFileSync(join(out, 'meta.json'), JSON.stringify({ ...outputs, ...launcher.metafile.outputs }));

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

/** The licence of every package that anything in the bundles is of; packages with the same text share it. */
function licences(outputs) {
  const inputs = outputs.flatMap((output) => Object.keys(output.inputs));
  const folders = inputs.flatMap(
    (input) => input.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? [],
  );
  const packages = new Map();
  for (const folder of [...new Set(folders)].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? `${license}\n` : readFileSync(join(root, folder, file), 'utf8');
    packages.set(text, [...(packages.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...packages]
    .map(([text, names]) => `${names.join('\n')}\n\n${text.trim()}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
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
