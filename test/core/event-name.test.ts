import { describe, expect, test } from 'vitest';
import {
  EVENT_FAMILIES,
  EVENT_NAMES,
  eventCovers,
  parseEventNames,
  sharedEvents,
} from '../../src/core/event-name.ts';

describe('the names', () => {
  test('are the 31 of AWS, each once; there is no s3:*', () => {
    expect(EVENT_NAMES).toHaveLength(31);
    expect(new Set(EVENT_NAMES).size).toBe(31);
    expect(EVENT_NAMES).not.toContain('s3:*');
    expect(EVENT_NAMES).not.toContain('s3:TestEvent');
  });

  test('have wildcards only where AWS lists them', () => {
    const wildcards = EVENT_NAMES.filter((name) => name.endsWith(':*'));
    expect(wildcards.sort()).toEqual([
      's3:LifecycleExpiration:*',
      's3:ObjectAnnotation:*',
      's3:ObjectCreated:*',
      's3:ObjectRemoved:*',
      's3:ObjectRestore:*',
      's3:ObjectTagging:*',
      's3:Replication:*',
    ]);
  });

  test('families hold names of AWS, and all covers every name', () => {
    for (const names of Object.values(EVENT_FAMILIES)) {
      for (const name of names) expect(EVENT_NAMES).toContain(name);
    }
    const all = EVENT_FAMILIES['all'] ?? [];
    for (const name of EVENT_NAMES)
      expect([name, all.some((one) => eventCovers(one, name))]).toEqual([name, true]);
    // None of them may cover another: AWS refuses a configuration that overlaps itself.
    for (const one of all) {
      for (const other of all) if (one !== other) expect(eventCovers(one, other)).toBe(false);
    }
  });
});

describe('parseEventNames', () => {
  test.each([
    ['s3:ObjectCreated:*', ['s3:ObjectCreated:*']],
    ['ObjectCreated:Put', ['s3:ObjectCreated:Put']],
    ['  OBJECTCREATED:put ', ['s3:ObjectCreated:Put']],
    ['S3:objectremoved:DELETE', ['s3:ObjectRemoved:Delete']],
    ['IntelligentTiering', ['s3:IntelligentTiering']],
    ['create', ['s3:ObjectCreated:*']],
    ['Lifecycle', ['s3:LifecycleExpiration:*', 's3:LifecycleTransition']],
    ['all', EVENT_FAMILIES['all']],
  ])('%s', (text, names) => {
    expect(parseEventNames(text)).toEqual(names);
  });

  test.each([
    '',
    's3:',
    's3:*',
    's3:create',
    's3:TestEvent',
    'ObjectCreated',
    'ObjectAcl:*',
    'put',
    'constructor',
    '__proto__',
    'toString',
  ])('none of AWS: "%s"', (text) => {
    expect(parseEventNames(text)).toBeUndefined();
  });
});

describe('eventCovers', () => {
  test.each([
    ['s3:ObjectCreated:*', 'ObjectCreated:Put', true],
    ['s3:ObjectCreated:*', 's3:ObjectCreated:*', true],
    ['ObjectCreated:Put', 's3:ObjectCreated:Put', true],
    ['s3:ObjectCreated:Put', 's3:ObjectCreated:*', false],
    ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete', false],
    ['s3:ObjectRemoved:Delete', 's3:ObjectRemoved:DeleteMarkerCreated', false],
    ['s3:LifecycleTransition', 's3:LifecycleTransition', true],
    ['s3:LifecycleExpiration:*', 's3:LifecycleTransition', false],
  ])('%s over %s: %s', (configured, name, covers) => {
    expect(eventCovers(configured, name)).toBe(covers);
  });
});

describe('sharedEvents', () => {
  test.each([
    [['s3:ObjectCreated:*'], ['s3:ObjectCreated:Put'], ['s3:ObjectCreated:Put']],
    [['s3:ObjectCreated:Put'], ['s3:ObjectCreated:*'], ['s3:ObjectCreated:Put']],
    [['s3:ObjectCreated:*'], ['s3:ObjectCreated:*'], ['s3:ObjectCreated:*']],
    [['s3:ObjectCreated:Put'], ['s3:ObjectCreated:Copy'], []],
    [
      ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'],
      ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy', 's3:ObjectRemoved:*'],
      ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy', 's3:ObjectRemoved:Delete'],
    ],
    [[], ['s3:ObjectCreated:*'], []],
  ])('%j and %j', (a, b, shared) => {
    expect(sharedEvents(a, b)).toEqual(shared);
    expect([...sharedEvents(b, a)].sort()).toEqual([...shared].sort());
  });
});
