import { describe, expect, test } from 'vitest';
import { matrixCases } from '../../src/core/matrix.ts';
import type { Rule } from '../../src/core/notification.ts';
import { matchRules } from '../../src/core/match.ts';
import { eventOf, OPERATION_NAMES } from '../../src/core/operation.ts';

const rule = (id: string, events: readonly string[], prefix = '', suffix = ''): Rule => ({
  id,
  destination: { kind: 'sqs', arn: `arn:aws:sqs:us-east-1:000000000000:${id}` },
  events,
  filter: { ...(prefix === '' ? {} : { prefix }), ...(suffix === '' ? {} : { suffix }) },
});
const operations = OPERATION_NAMES.map((operation) => ({ operation, eventName: eventOf(operation, false) }));
const cases = (rules: readonly Rule[], eventBridge = false) =>
  matrixCases({ rules, eventBridge, operations, unique: 'u' });

describe('the cases', () => {
  test('every key is one that a rule takes, of its kind, and no two are the same', () => {
    const rules = [
      rule('in', ['s3:ObjectCreated:*'], 'in/'),
      rule('special', ['s3:ObjectCreated:*'], 'a+b/', '.jpg'),
      rule('gone', ['s3:ObjectRemoved:*', 's3:ObjectTagging:*']),
    ];
    const { cases: all } = cases(rules);
    for (const { key, eventName } of all) expect(matchRules(rules, key, eventName).matches).not.toEqual([]);
    expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
    const puts = all.filter(({ operation }) => operation === 'put');
    expect(new Set(puts.map(({ keyKind }) => keyKind)).size).toBe(puts.length);
    expect(puts.length).toBeGreaterThanOrEqual(10);
    // Each rule is tried.
    const tried = all.flatMap(({ key, eventName }) => matchRules(rules, key, eventName).matches);
    expect(new Set(tried.map(({ id }) => id)).size).toBe(3);
    expect(all.length).toBeLessThanOrEqual(22);
  });

  test('the longest key has 1,024 bytes, the folder marker ends with a slash', () => {
    const { cases: all } = cases([rule('in', ['s3:ObjectCreated:*'], 'é/', '')]);
    const longest = all.find(({ keyKind }) => keyKind === '1,024 bytes');
    expect(new TextEncoder().encode(longest?.key).length).toBe(1024);
    const folder = all.find(({ keyKind }) => keyKind === 'folder marker');
    expect(folder).toMatchObject({ key: expect.stringMatching(/^é\/.*\/$/) as string, empty: true });
  });

  test('what no rule takes is left out, with the reason', () => {
    const { cases: all, skipped } = cases([rule('jpg', ['s3:ObjectCreated:Copy'], '', '.jpg')]);
    expect(new Set(all.map(({ operation }) => operation))).toEqual(new Set(['copy']));
    expect(skipped).toContainEqual({
      operation: 'put',
      keyKind: null,
      reason: 'no rule takes s3:ObjectCreated:Put',
    });
    expect(skipped).toContainEqual({
      operation: 'copy',
      keyKind: 'folder marker',
      reason: 'no rule takes such a key: "jpg" (*.jpg)',
    });
  });

  test('EventBridge takes all of them', () => {
    const { cases: all, skipped } = cases([], true);
    expect(skipped).toEqual([]);
    expect(new Set(all.map(({ operation }) => operation))).toEqual(new Set(OPERATION_NAMES));
  });

  test('a filter that passes no key has no case', () => {
    const { cases: all } = cases([rule('plain', ['s3:ObjectCreated:*'], 'a b/')]);
    expect(all).toEqual([]);
  });
});
