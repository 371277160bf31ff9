import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import {
  openProject,
  parseProjectSettings,
  writeWhole,
  type ProjectSettings,
} from '../../src/project/project-file.ts';
import { temporaryFolder } from '../support/run-cli.ts';

function failureOf(run: () => unknown): S3evtError {
  try {
    run();
  } catch (error) {
    if (error instanceof S3evtError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseProjectSettings', () => {
  const parse = (value: unknown) => parseProjectSettings(JSON.stringify(value), '/x/s3evt.json');

  test('takes what the tool writes', () => {
    const settings: ProjectSettings = {
      version: 1,
      bucket: 'demo',
      region: 'eu-west-1',
      account: '111122223333',
      profile: 'dev',
      endpointUrl: 'http://127.0.0.1:9000',
      sandbox: false,
      function: 'f',
      made: [
        { kind: 'bucket', name: 'demo' },
        { kind: 'log-group', name: '/aws/lambda/f' },
        { kind: 'role', name: 'r' },
        { kind: 'function', name: 'f' },
        { kind: 'permission', name: 's3evt-demo', function: 'f:live' },
        { kind: 'rule', name: 'r', bucket: 'demo', function: 'arn' },
      ],
    };
    expect(parse(settings)).toEqual(settings);
    expect(parse({ version: 1 })).toEqual({ version: 1 });
    // Of a later version of the tool.
    expect(parse({ version: 1, added: 'later' })).toEqual({ version: 1, added: 'later' });
  });

  test.each<[string, unknown, string]>([
    ['null', null, 'must hold one JSON object'],
    ['a list', [], 'must hold one JSON object'],
    ['a text', 'x', 'must hold one JSON object'],
    ['no version', {}, '"version" must be 1, it is undefined'],
    ['another version', { version: 2 }, '"version" must be 1, it is 2'],
    ['a version as text', { version: '1' }, '"version" must be 1, it is "1"'],
    ...['bucket', 'region', 'account', 'profile', 'endpointUrl', 'function'].flatMap(
      (name): [string, unknown, string][] =>
        [7, '', null, ['x'], {}].map((value) => [
          `${name} ${JSON.stringify(value)}`,
          { version: 1, [name]: value },
          `"${name}" must be a text that is not empty`,
        ]),
    ),
    ['sandbox as text', { version: 1, sandbox: 'yes' }, '"sandbox" must be true or false'],
    ...[
      {},
      'x',
      null,
      [null],
      ['bucket'],
      [{}],
      [{ kind: 'bucket' }],
      [{ name: 'demo' }],
      [{ kind: 'planet', name: 'x' }],
      [{ kind: 'toString', name: 'x' }],
      [{ kind: 'bucket', name: 7 }],
      [{ kind: 'rule', name: 'r', bucket: 7 }],
      [{ kind: 'rule', name: 'r', function: {} }],
      [{ kind: 'bucket', name: 'fine' }, { kind: 'role' }],
    ].map((made): [string, unknown, string] => [
      `made ${JSON.stringify(made)}`,
      { version: 1, made },
      '"made" must be a list of {"kind", "name"}',
    ]),
  ])('refuses %s', (_, value, fault) => {
    const error = failureOf(() => parse(value));
    expect(error).toMatchObject({ code: 'INVALID_PROJECT_FILE', exitCode: 2 });
    expect(error.message).toBe(`/x/s3evt.json: ${fault}`);
    expect(error.hint).toBeDefined();
  });

  test.each(['', '{', '{"version":1,}', 'version: 1', '{"version":1}{'])(
    'refuses what is not JSON: %s',
    (text) => {
      const error = failureOf(() => parseProjectSettings(text, '/x/s3evt.json'));
      expect(error.code).toBe('INVALID_PROJECT_FILE');
      expect(error.message).toMatch(/^\/x\/s3evt\.json: not JSON: ./);
    },
  );
});

describe('openProject', () => {
  const write = (folder: string, settings: object) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 's3evt.json'), JSON.stringify(settings));
  };

  test('takes the nearest file from the folder upwards', () => {
    const root = temporaryFolder();
    const deep = join(root, 'a/b/c');
    mkdirSync(deep, { recursive: true });
    write(root, { version: 1, bucket: 'far' });
    expect(openProject(deep)).toMatchObject({
      path: join(root, 's3evt.json'),
      root,
      settings: { bucket: 'far' },
    });
    write(join(root, 'a/b'), { version: 1, bucket: 'near' });
    expect(openProject(deep)).toMatchObject({ root: join(root, 'a/b'), settings: { bucket: 'near' } });
    expect(openProject(join(root, 'a'))).toMatchObject({ root, settings: { bucket: 'far' } });
  });

  test('a nearer file that is broken is not passed over', () => {
    const root = temporaryFolder();
    write(root, { version: 1 });
    const near = join(root, 'near');
    write(near, { version: 3 });
    const error = failureOf(() => openProject(near));
    expect(error.code).toBe('INVALID_PROJECT_FILE');
    expect(error.message).toContain(join(near, 's3evt.json'));
  });

  test('a file that cannot be read is an error, not an absence', () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 's3evt.json'));
    const error = failureOf(() => openProject(root));
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.message).toContain(`${join(root, 's3evt.json')} cannot be read (EISDIR)`);
  });

  test('without a file: where it would be; nothing is written until it is saved', () => {
    const root = temporaryFolder();
    const project = openProject(root);
    expect(project).toMatchObject({ settings: undefined, path: join(root, 's3evt.json'), root });
    expect(readdirSync(root)).toEqual([]);
    project.save({ version: 1, bucket: 'demo' });
    expect(openProject(join(root, 'gone/already'))).toMatchObject({
      settings: { version: 1, bucket: 'demo' },
    });
    expect(readFileSync(project.path, 'utf8')).toBe('{\n  "version": 1,\n  "bucket": "demo"\n}\n');
    project.remove();
    expect(existsSync(project.path)).toBe(false);
    project.remove();
  });

  test('is saved where it was found', () => {
    const root = temporaryFolder();
    write(root, { version: 1 });
    const deep = join(root, 'deep');
    mkdirSync(deep);
    openProject(deep).save({ version: 1, bucket: 'demo' });
    expect(readdirSync(deep)).toEqual([]);
    expect(openProject(root).settings?.bucket).toBe('demo');
  });
});

describe('writeWhole', () => {
  test('replaces a file in one piece: another file takes its place, no draft stays', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    // Whoever has the old file open goes on reading the old text.
    const before = statSync(path).ino;
    writeWhole(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).ino).not.toBe(before);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('fails without a trace: the old text stays', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'taken');
    mkdirSync(path);
    const error = failureOf(() => writeWhole(path, 'new'));
    expect(error).toMatchObject({ code: 'FILE_UNWRITABLE' });
    expect(error.message).toContain(path);
    expect(readdirSync(folder)).toEqual(['taken']);
    expect(failureOf(() => writeWhole(join(folder, 'no/such/file'), 'new')).code).toBe('FILE_UNWRITABLE');
  });

  test('a link to a file of somebody else is replaced, not followed', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'theirs'), 'theirs');
    chmodSync(join(folder, 'theirs'), 0o600);
    symlinkSync('theirs', join(folder, 'link'));
    writeWhole(join(folder, 'link'), 'ours');
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).toBe('theirs');
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('ours');
  });
});
