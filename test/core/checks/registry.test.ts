/** The checks as a whole: each is registered once, under its own name, and every cause of the catalogue has a state. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../../src/core/checks/index.ts';
import { CATALOGUE, EDGES, placeOf, type FindingId } from '../../../src/core/doctor/catalogue.ts';
import { diagnose } from '../../../src/core/doctor/judge.ts';
import { NOT_BUILT, PROVEN_END_TO_END, PROVEN_ON_FACTS } from './states.ts';
import { facts } from './support.ts';

const ROOT = 'src/core/checks';

const files = EDGES.flatMap((edge) => readdirSync(`${ROOT}/${edge}`).map((name) => ({ edge, name })));
const ids = new Set<string>(CATALOGUE.map(({ id }) => id));

describe('the registry', () => {
  test('has each check once, in the order of the catalogue', () => {
    const registered = CHECKS.map(({ id }) => id);
    expect(new Set(registered).size).toBe(registered.length);
    expect(registered).toEqual(CATALOGUE.map(({ id }) => id).filter((id) => registered.includes(id)));
  });

  test('holds every file that is named after a cause, in the folder of its edge', () => {
    const named = files
      .map(({ edge, name }) => ({ edge, id: name.replace(/\.ts$/, '') }))
      .filter(({ id }) => ids.has(id));
    expect(named.map(({ id }) => id).sort()).toEqual(CHECKS.map(({ id }) => id).sort());
    for (const { edge, id } of named) expect(placeOf(id as FindingId).edge, id).toBe(edge);
  });

  test('declares facts that exist', () => {
    const known =
      /^(?:(?:bucket|object|functions|queues|topics|keys|roles)\.\w+|identity|eventRules|eventBuses|metrics|trail|accountConcurrency)$/;
    for (const { id, reads } of CHECKS) for (const name of reads) expect(name, id).toMatch(known);
  });
});

describe('the catalogue', () => {
  test('says of every cause whether it is a check, or why not', () => {
    const built = new Set(CHECKS.map(({ id }) => id));
    for (const { id } of CATALOGUE) expect(built.has(id) !== id in NOT_BUILT, id).toBe(true);
  });

  test('has at least 70 of 95 built, and 45 proven end to end', () => {
    expect(CATALOGUE).toHaveLength(95);
    expect(CHECKS.length).toBeGreaterThanOrEqual(70);
    expect(PROVEN_END_TO_END.length).toBeGreaterThanOrEqual(45);
  });

  test('has a broken world for every cause that is not listed as an exception', () => {
    const folder = 'test/commands/doctor';
    const text = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => readText(`${folder}/${name}`))
      .join('\n');
    for (const id of PROVEN_END_TO_END) expect(text.includes(`id: '${id}'`), id).toBe(true);
  });

  test('has a case on recorded facts for every other one', () => {
    const folder = 'test/core/checks';
    const text = readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts') && name !== 'registry.test.ts')
      .map((name) => readText(`${folder}/${name}`))
      .join('\n');
    for (const id of PROVEN_ON_FACTS) {
      const camel = id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      expect(text.includes(camel), id).toBe(true);
    }
  });
});

test('a healthy bucket on recorded facts is healthy', () => {
  const { verdict, findings, notChecked } = diagnose(facts(), CHECKS);
  expect(findings.filter(({ verdict: one }) => one !== 'risk')).toEqual([]);
  expect(notChecked).toEqual([]);
  expect(verdict).toBe('healthy');
});

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
