import { describe, expect, test } from 'vitest';
import { generatedKey, keyFor, matchRules } from '../../src/core/match.ts';
import { rulesOf, withRule, type NotificationDocument, type Rule } from '../../src/core/notification.ts';

const ARN = 'arn:aws:lambda:us-east-1:111122223333:function:f';

function rule(id: string, events: readonly string[], filter: Rule['filter'] = {}): Rule {
  return { id, destination: { kind: 'lambda', arn: ARN }, events, filter };
}

function documentOf(...rules: readonly Rule[]): NotificationDocument {
  return rules.reduce<NotificationDocument>(withRule, {});
}

const DOCUMENT = documentOf(
  rule('images', ['s3:ObjectCreated:*'], { prefix: 'in/', suffix: '.jpg' }),
  rule('texts', ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'], { suffix: '.txt' }),
  rule('gone', ['s3:ObjectRemoved:*']),
);

describe('matchRules', () => {
  const ids = (key: string, event: string) => {
    const { matches, misses } = matchRules(rulesOf(DOCUMENT), key, event);
    return [matches.map(({ id }) => id), misses.map((miss) => [miss.rule.id, miss.reason])];
  };

  test.each([
    [
      'in/a.jpg',
      'ObjectCreated:Put',
      ['images'],
      [
        ['texts', 'suffix'],
        ['gone', 'event'],
      ],
    ],
    [
      'in/a.jpg',
      's3:ObjectCreated:Put',
      ['images'],
      [
        ['texts', 'suffix'],
        ['gone', 'event'],
      ],
    ],
    [
      'out/a.jpg',
      'ObjectCreated:Put',
      [],
      [
        ['images', 'prefix'],
        ['texts', 'suffix'],
        ['gone', 'event'],
      ],
    ],
    [
      'in/a.JPG',
      'ObjectCreated:Put',
      [],
      [
        ['images', 'suffix'],
        ['texts', 'suffix'],
        ['gone', 'event'],
      ],
    ],
    [
      'a.txt',
      'ObjectCreated:CompleteMultipartUpload',
      [],
      [
        ['images', 'prefix'],
        ['texts', 'event'],
        ['gone', 'event'],
      ],
    ],
    [
      'a',
      'ObjectRemoved:DeleteMarkerCreated',
      ['gone'],
      [
        ['images', 'event'],
        ['texts', 'event'],
      ],
    ],
  ])('%s, %s', (key, event, matches, misses) => {
    expect(ids(key, event)).toEqual([matches, misses]);
  });

  test('says why in one sentence', () => {
    const details = matchRules(rulesOf(DOCUMENT), 'out/a.jpg', 'ObjectCreated:Put').misses.map(
      ({ detail }) => detail,
    );
    expect(details).toEqual([
      'the key does not begin with "in/"',
      'the key does not end with ".txt"',
      'it takes s3:ObjectRemoved:*, not ObjectCreated:Put',
    ]);
  });

  test('a filter that is percent-encoded takes the decoded key', () => {
    const document = documentOf(rule('r', ['s3:ObjectCreated:*'], { prefix: 'in+box/' }));
    expect(matchRules(rulesOf(document), 'in box/a', 'ObjectCreated:Put').matches).toHaveLength(1);
  });
});

describe('keyFor', () => {
  test.each([
    [DOCUMENT, 'note.txt', 'note.txt'],
    [DOCUMENT, 'beach.jpg', 'in/beach.jpg'],
    // None takes it: the name stays, and the outcome of the test tells.
    [DOCUMENT, 'beach.png', 'beach.png'],
    [{}, 'beach.png', 'beach.png'],
    [documentOf(rule('r', ['s3:ObjectCreated:*'], { prefix: 'in+box/' })), 'a', 'in box/a'],
  ])('%#', (document, name, key) => {
    expect(keyFor(document, name, 'ObjectCreated:Put')).toBe(key);
  });
});

describe('generatedKey', () => {
  test.each<[NotificationDocument, string, string]>([
    [{}, 'ObjectCreated:Put', 's3evt-test-1.txt'],
    [DOCUMENT, 'ObjectCreated:Put', 'in/s3evt-test-1.jpg'],
    [DOCUMENT, 'ObjectRemoved:Delete', 's3evt-test-1.txt'],
    [
      documentOf(rule('r', ['s3:ObjectCreated:*'], { prefix: 'in+box/' })),
      'ObjectCreated:Put',
      'in box/s3evt-test-1.txt',
    ],
    [
      documentOf(rule('r', ['s3:ObjectCreated:*'], { prefix: 'in/', suffix: '%28x%29.jpg' })),
      'ObjectCreated:Put',
      'in/s3evt-test-1(x).jpg',
    ],
  ])('%#', (document, event, key) => {
    expect(generatedKey(document, event, '1')).toBe(key);
    const taken = matchRules(rulesOf(document), key, event).matches.length;
    expect(taken).toBe(document === DOCUMENT || Object.keys(document).length > 0 ? 1 : 0);
  });
});

test.each([
  [
    { prefix: 'dt=1/' },
    'dt=1/a',
    'encoding',
    'the key has the prefix "dt=1/", but in a filter it must be written "dt%3D1/"',
  ],
  [
    { suffix: '@2x.png' },
    'logo@2x.png',
    'encoding',
    'the key has the suffix "@2x.png", but in a filter it must be written "%402x.png"',
  ],
  [
    { suffix: '.jpg' },
    'a.JPG',
    'suffix',
    'the key does not end with ".jpg", except for upper and lower case',
  ],
  [{ prefix: '/in/' }, 'in/a', 'prefix', 'the key does not begin with "/in/"'],
])('a filter %j misses %s: %s', (filter, key, reason, detail) => {
  const { misses } = matchRules([rule('r', ['s3:ObjectCreated:*'], filter)], key, 'ObjectCreated:Put');
  expect(misses.map((miss) => [miss.reason, miss.detail])).toEqual([[reason, detail]]);
});
