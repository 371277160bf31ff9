import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import type { Host } from '../../src/cli/host.ts';

const host = { stdout: {}, stderr: {}, env: {}, version: '1.2.3' } as unknown as Host;
const namesOf = (first?: string) =>
  createProgram(host, () => Promise.resolve(), first)
    .commands.map((command) => command.name())
    .filter((name) => name !== 'help');

it('declares every command, whatever the first word, unless that names one', () => {
  const all = namesOf();
  expect(all).toContain('init');
  for (const first of ['--json', 'no-such-command', 'help', '']) expect(namesOf(first)).toEqual(all);
});

it.each(namesOf())('%s as the first word declares it and few others', (name) => {
  const names = namesOf(name);
  expect(names).toContain(name);
  expect(names.length).toBeLessThanOrEqual(4);
});
