import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { createProgram } from '../../src/cli/program.ts';
import { HELP_WIDTHS, helpFile, helpPage, type HelpPages } from '../../src/launcher/help-page.ts';
import { runCli } from '../support/run-cli.ts';

/** Built by `npm test` before the tests run. */
const DIST = 'dist';

function pathsOf(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  const below = command.commands.filter((each) => each.name() !== 'help');
  return [path, ...below.flatMap((each) => pathsOf(each, [...path, each.name()]))];
}

const host = { version: '0', stdout: {}, stderr: {}, env: {} } as unknown as Host;
const paths = pathsOf(createProgram(host, async () => undefined));

test.each(HELP_WIDTHS)('all pages of %i columns are what commander prints', async (columns) => {
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) {
    const args = [...path, '--help'];
    const { stdout } = await runCli(args, { columns, tty: { stdout: true } });
    expect(
      helpPage(args, DIST, () => columns),
      args.join(' '),
    ).toBe(stdout);
  }
  const pages = JSON.parse(readFileSync(helpFile(DIST, columns), 'utf8')) as HelpPages;
  expect(Object.keys(pages)).toEqual(paths.map((path) => path.join(' ')));
});

test.each([
  ['-h, without a terminal', ['tail', '-h'], undefined, 80],
  ['a wide terminal', ['tail', '--help'], 200, 100],
] as const)('%s: the page of %j', async (_what, args, columns, width) => {
  expect(helpPage(args, DIST, () => columns)).toBe(helpPage(['tail', '--help'], DIST, () => width));
});

test.each([
  ['a width without pages', ['tail', '--help'], 72],
  ['an argument beside it', ['ls', 'photos', '--help'], 80],
  ['no such command', ['constructor', '--help'], 80],
  ['help in the middle', ['--help', 'tail'], 80],
  ['no word about help', ['tail'], 80],
  ['nothing', [], 80],
] as const)('%s is left to commander', (_what, args, columns) => {
  expect(helpPage(args, DIST, () => columns)).toBeUndefined();
});
