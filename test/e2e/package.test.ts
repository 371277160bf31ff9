import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Packed {
  /** Bytes of the tarball. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|beach\.jpeg)$/,
  /^bin\/(package\.json|s3evt\.js)$/,
  /^dist\/[\w.-]+\.cjs(\.LEGAL\.txt)?$/,
  /^dist\/help-(80|100)\.json$/,
  /^dist\/bootstrap\.(py|mjs)$/,
  /^dist\/THIRD-PARTY-LICENSES\.txt$/,
];

test('the package holds what it runs with, small, and pulls in no other', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(output) as readonly Packed[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  for (const pattern of EXPECTED) expect(paths.filter((path) => pattern.test(path))).not.toEqual([]);
  expect(paths.filter((path) => !EXPECTED.some((pattern) => pattern.test(path)))).toEqual([]);
  expect(packed?.size).toBeLessThan(2e6);
  expect(packed?.unpackedSize).toBeLessThan(6e6);
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies?: object };
  expect(dependencies).toBeUndefined();
});

test('the licence of every package in the bundles is among those that come along', () => {
  const text = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8');
  const meta = JSON.parse(readFileSync('dist/meta.json', 'utf8')) as Record<string, { inputs: object }>;
  const inputs = Object.values(meta).flatMap((output) => Object.keys(output.inputs));
  const names = new Set(
    inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []),
  );
  expect(names.size).toBeGreaterThan(20);
  for (const name of names) expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\S+ \\(\\S`, 'm'));
});
