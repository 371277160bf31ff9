import { describe, expect, test } from 'vitest';
import { EVENT_FAMILIES, EVENT_NAMES, eventCovers } from '../../src/core/event-name.ts';
import { compileEventPattern, matchesEventPattern } from '../../src/core/event-pattern.ts';
import {
  eventPatternFor,
  eventRuleNameFault,
  ruleStatementIdFor,
  takesEventsOf,
  type EventSelection,
} from '../../src/core/event-rule.ts';
import { sampleEvent } from '../../src/core/eventbridge-sample.ts';

const EVERYTHING: EventSelection = { events: ['s3:ObjectCreated:*'], prefix: '', suffixes: [] };

function patternOf(selection: Partial<EventSelection>): Record<string, unknown> {
  const { pattern = 'null' } = eventPatternFor('photos', { ...EVERYTHING, ...selection }) ?? {};
  return JSON.parse(pattern) as Record<string, unknown>;
}

const eventOf = (eventName: string, key = 'a', bucket = 'photos') =>
  sampleEvent({ bucket, key, eventName, account: '111122223333', region: 'eu-west-1' });

function taken(events: readonly string[], eventName: string, bucket?: string): boolean {
  const event = eventOf(eventName, 'a', bucket);
  const { pattern = '{' } = eventPatternFor('photos', { ...EVERYTHING, events }) ?? {};
  const compiled = compileEventPattern(pattern);
  if (!compiled.ok) throw new Error(compiled.reason);
  return event !== undefined && matchesEventPattern(compiled.pattern, event);
}

const SINGLE = EVENT_NAMES.filter((name) => !name.endsWith('*'));

describe('events', () => {
  test.each(EVENT_NAMES.filter((name) => !/Replication|ReducedRedundancy/.test(name)))(
    'a pattern for %s takes those that it covers and no others',
    (event) => {
      for (const name of SINGLE) {
        expect([name, taken([event], name)]).toEqual([
          name,
          eventCovers(event, name) && !/Replication|ReducedRedundancy/.test(name),
        ]);
      }
      expect(taken([event], SINGLE.find((name) => eventCovers(event, name)) ?? '', 'films')).toBe(false);
    },
  );

  test.each([
    [['s3:ObjectCreated:Put', 's3:ObjectTagging:*']],
    [['s3:ObjectCreated:Put', 's3:ObjectRemoved:Delete', 's3:ObjectAcl:Put']],
    [['s3:ObjectRemoved:*', 's3:LifecycleExpiration:*']],
    [['s3:ObjectRemoved:Delete', 's3:LifecycleExpiration:DeleteMarkerCreated']],
    [['s3:ObjectCreated:Put', 's3:ObjectCreated:*']],
    [EVENT_FAMILIES['all'] ?? []],
  ])('of several: %s', (events) => {
    for (const name of SINGLE) {
      const isWanted = events.some((event) => eventCovers(event, name));
      const isSent = !/Replication|ReducedRedundancy/.test(name);
      expect([name, taken(events, name)]).toEqual([name, isWanted && isSent]);
    }
  });

  test('their pattern stays as short as it can be', () => {
    expect(patternOf({ events: ['s3:ObjectCreated:*', 's3:ObjectTagging:*'] })).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Tags Added', 'Object Tags Deleted'],
      detail: { bucket: { name: ['photos'] } },
    });
    expect(patternOf({ events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Post'] })).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['photos'] }, reason: ['PutObject', 'PostObject', 'POST Object'] },
    });
    expect(patternOf({ events: ['s3:ObjectRemoved:*'] })).toMatchObject({
      detail: { reason: ['DeleteObject'] },
    });
    expect(patternOf({ events: ['s3:ObjectRemoved:*', 's3:ObjectAcl:Put'] })).toEqual({
      source: ['aws.s3'],
      detail: { bucket: { name: ['photos'] } },
      $or: [
        { 'detail-type': ['Object ACL Updated'] },
        { 'detail-type': ['Object Deleted'], detail: { reason: ['DeleteObject'] } },
      ],
    });
  });

  test('that S3 does not send there are named; of nothing else there is no pattern', () => {
    const events = ['s3:Replication:*', 's3:ObjectCreated:*'];
    expect(eventPatternFor('photos', { ...EVERYTHING, events })?.unsent).toEqual(['s3:Replication:*']);
    expect(
      eventPatternFor('photos', { ...EVERYTHING, events: ['s3:ReducedRedundancyLostObject'] }),
    ).toBeUndefined();
  });
});

describe('keys', () => {
  test.each<[Partial<EventSelection>, unknown]>([
    [{}, undefined],
    [{ prefix: 'in/' }, [{ prefix: 'in/' }]],
    [{ suffixes: ['.jpg', '.png', ''] }, [{ suffix: '.jpg' }, { suffix: '.png' }]],
    [{ prefix: 'in/', suffixes: ['.jpg'] }, [{ wildcard: 'in/*.jpg' }]],
    [{ prefix: 'a b+c/', suffixes: ['é'] }, [{ wildcard: 'a b+c/*é' }]],
    [{ prefix: 'a*\\', suffixes: ['*'] }, [{ wildcard: String.raw`a\*\\*\*` }]],
    [{ prefix: 'photos/', suffixes: ['/'] }, [{ wildcard: 'photos/*/' }, 'photos/']],
  ])('%j', (selection, key) => {
    expect((patternOf(selection)['detail'] as { object?: { key: unknown } }).object?.key).toEqual(key);
  });

  test('begin with the prefix and end with one of the suffixes, whatever characters they have', () => {
    const parts = ['', '/', 'a', 'aa', 'a/', '*', '\\', '.jpg', 'é b'];
    const keys = parts.flatMap((x) => parts.flatMap((y) => [x + y, `${x}${y}${x}`]));
    const wrong = parts.flatMap((prefix) =>
      parts.flatMap((suffix) => {
        const { pattern = '{' } =
          eventPatternFor('photos', { ...EVERYTHING, prefix, suffixes: [suffix] }) ?? {};
        const compiled = compileEventPattern(pattern);
        return keys.flatMap((key) => {
          const isTaken =
            compiled.ok && matchesEventPattern(compiled.pattern, eventOf('s3:ObjectCreated:Put', key));
          return isTaken === (key.startsWith(prefix) && key.endsWith(suffix)) ? [] : [[prefix, suffix, key]];
        });
      }),
    );
    expect(wrong).toEqual([]);
  });
});

test.each([
  [patternOf({}), true],
  [{ source: ['aws.s3'] }, true],
  [{ source: [{ prefix: 'aws.' }], detail: { bucket: { name: [{ prefix: 'pho' }] } } }, true],
  [{ source: ['aws.s3'], resources: ['arn:aws:s3:::photos'] }, true],
  [{ source: ['aws.s3'], $or: [{ detail: { bucket: { name: ['films'] } } }, { region: ['x'] }] }, true],
  [{ source: ['aws.s3'], resources: ['arn:aws:s3:::films'] }, false],
  [{ source: ['aws.s3'], detail: { bucket: { name: ['films'] } } }, false],
  [{ source: ['aws.ec2'] }, false],
  [{ account: ['111122223333'] }, false],
])('%j takes events of the bucket: %s', (pattern, takes) => {
  expect(takesEventsOf(JSON.stringify(pattern), 'photos', 'aws')).toBe(takes);
});

test('a schedule takes none; what cannot be read may', () => {
  expect(takesEventsOf(undefined, 'photos', 'aws')).toBe(false);
  expect(takesEventsOf('{', 'photos', 'aws')).toBe(true);
});

test('names', () => {
  expect(eventRuleNameFault('a.b-c_D9')).toBeUndefined();
  for (const name of ['', 'a b', 'a/b', 'x'.repeat(65)])
    expect(eventRuleNameFault(name)).toContain('names no event rule');
  expect(ruleStatementIdFor(`${'x'.repeat(62)}.y`)).toMatch(/^[a-zA-Z0-9-_]{1,100}$/);
  expect(ruleStatementIdFor('a_b-c')).toBe('s3evt-event-rule-a_b-c');
  const ids = ['a.b.c', 'a.b_c', 'a_b.c', 'a_b_c'].map(ruleStatementIdFor);
  expect(new Set(ids).size).toBe(4);
});
