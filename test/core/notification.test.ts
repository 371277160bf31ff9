import { describe, expect, test } from 'vitest';
import { EVENT_NAMES } from '../../src/core/event-name.ts';
import { keyPasses, type KeyFilter } from '../../src/core/key-filter.ts';
import {
  describeFilter,
  diffDocuments,
  hasEventBridge,
  overlapOf,
  overlapsWith,
  rulesOf,
  sameDocument,
  sameRule,
  withoutRule,
  withRule,
  type ConfigurationElement,
  type Destination,
  type NotificationDocument,
  type Rule,
} from '../../src/core/notification.ts';
import { seededRandom, type SeededRandom } from './seeded-random.ts';

const ARNS: Readonly<Record<Destination['kind'], string>> = {
  lambda: 'arn:aws:lambda:us-east-1:111122223333:function:f',
  sqs: 'arn:aws:sqs:us-east-1:111122223333:q',
  sns: 'arn:aws:sns:us-east-1:111122223333:t',
};
const CREATED = ['s3:ObjectCreated:*'];
const LISTS = ['LambdaFunctionConfigurations', 'QueueConfigurations', 'TopicConfigurations'] as const;

function rule(
  id: string,
  filter: KeyFilter = {},
  events: readonly string[] = CREATED,
  kind: Destination['kind'] = 'lambda',
): Rule {
  return { id, destination: { kind, arn: ARNS[kind] }, events, filter };
}

/** As somebody else's tool may have left it, with members that nobody here has heard of. */
const FOREIGN = {
  TopicConfigurations: [
    {
      Id: 'topic',
      TopicArn: ARNS.sns,
      Events: ['s3:ObjectRemoved:*'],
      Filter: { Key: { FilterRules: [{ Name: 'suffix', Value: '' }], Fuzzy: true }, Size: { Over: 10 } },
    },
  ],
  QueueConfigurations: [
    { Id: 'queue', QueueArn: ARNS.sqs, Events: ['s3:Brand:New'], Priority: 7 },
    { QueueArn: ARNS.sqs, Events: ['s3:ObjectRestore:*'] },
  ],
  EventBridgeConfiguration: { Bus: 'of-the-future' },
  StreamConfigurations: [{ Id: 'stream' }],
} as unknown as NotificationDocument;

function elements(document: NotificationDocument): readonly ConfigurationElement[] {
  return LISTS.flatMap((list) => document[list] ?? []);
}

describe('rulesOf', () => {
  test('reads all three lists, whatever the case of the filter names', () => {
    const document: NotificationDocument = {
      QueueConfigurations: [{ Id: 'q', QueueArn: ARNS.sqs, Events: ['s3:ObjectRemoved:*'] }],
      LambdaFunctionConfigurations: [
        {
          Id: 'f',
          LambdaFunctionArn: ARNS.lambda,
          Events: CREATED,
          Filter: {
            Key: {
              FilterRules: [
                { Name: 'Prefix', Value: 'in/' },
                { Name: 'SUFFIX', Value: '' },
                { Name: 'other', Value: 'x' },
              ],
            },
          },
        },
      ],
      TopicConfigurations: [{ TopicArn: ARNS.sns }],
    };
    expect(rulesOf(document)).toEqual([
      rule('f', { prefix: 'in/', suffix: '' }),
      rule('q', {}, ['s3:ObjectRemoved:*'], 'sqs'),
      rule('', {}, [], 'sns'),
    ]);
    expect(rulesOf({})).toEqual([]);
  });

  test('hasEventBridge: an empty element switches it on', () => {
    expect([{}, { EventBridgeConfiguration: {} }].map(hasEventBridge)).toEqual([false, true]);
  });
});

describe('withRule and withoutRule', () => {
  test('carry all that is not theirs: the same objects, unknown members included', () => {
    const before = structuredClone(FOREIGN);
    const added = withRule(FOREIGN, rule('new', { prefix: 'in/' }));
    expect(FOREIGN).toEqual(before);
    expect(added).toEqual({
      ...before,
      LambdaFunctionConfigurations: [
        {
          Id: 'new',
          LambdaFunctionArn: ARNS.lambda,
          Events: CREATED,
          Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'in/' }] } },
        },
      ],
    });
    for (const document of [added, withoutRule(added, 'new'), withRule(FOREIGN, rule('q2', {}, [], 'sqs'))]) {
      expect(document.EventBridgeConfiguration).toBe(FOREIGN.EventBridgeConfiguration);
      expect(Reflect.get(document, 'StreamConfigurations')).toBe(
        Reflect.get(FOREIGN, 'StreamConfigurations'),
      );
      const now = new Set(elements(document));
      for (const element of elements(FOREIGN)) expect(now.has(element)).toBe(true);
    }
    expect(withoutRule(added, 'new')).toEqual(before);
  });

  test('a rule with a known id takes its place', () => {
    const document = [
      rule('a', { prefix: 'a' }),
      rule('b', { prefix: 'b' }),
      rule('c', { prefix: 'c' }),
    ].reduce<NotificationDocument>(withRule, {});
    const changed = withRule(document, rule('b', { prefix: 'bb' }));
    expect(rulesOf(changed).map(({ id, filter }) => [id, filter.prefix])).toEqual([
      ['a', 'a'],
      ['b', 'bb'],
      ['c', 'c'],
    ]);
  });

  test('an id is there once, also when its destination becomes another kind', () => {
    const document = withRule(withRule({}, rule('a', {}, CREATED, 'sqs')), rule('a'));
    expect(document).toEqual({
      LambdaFunctionConfigurations: [{ Id: 'a', LambdaFunctionArn: ARNS.lambda, Events: CREATED }],
    });
  });

  test('a list that becomes empty disappears; an id that is not there changes nothing', () => {
    expect(withoutRule(withRule({}, rule('a')), 'a')).toEqual({});
    expect(withoutRule(FOREIGN, 'nobody')).toEqual(FOREIGN);
    // An element without an id belongs to somebody.
    expect(elements(withoutRule(FOREIGN, ''))).toHaveLength(3);
  });
});

function randomRule(random: SeededRandom, id: string): Rule {
  const value = () =>
    random.pick(['', 'a', 'ab', 'b', 'in/', 'in/a', '.jpg', 'jpg', '.png', 'in+box/', '%28']);
  const filter: { prefix?: string; suffix?: string } = {};
  if (random.below(2) === 0) filter.prefix = value();
  if (random.below(2) === 0) filter.suffix = value();
  const events = Array.from({ length: 1 + random.below(3) }, () => random.pick(EVENT_NAMES));
  return rule(id, filter, [...new Set(events)], random.pick(['lambda', 'sqs', 'sns']));
}

function randomDocument(random: SeededRandom): NotificationDocument {
  let document: NotificationDocument = random.below(2) === 0 ? {} : { EventBridgeConfiguration: {} };
  for (let i = random.below(6); i > 0; i--) document = withRule(document, randomRule(random, `other-${i}`));
  if (random.below(3) === 0) document = { ...FOREIGN, ...document };
  return document;
}

describe('on random documents', () => {
  test('a rule that comes and goes leaves the document as it was', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 1_000; i++) {
      const document = randomDocument(random);
      const back = withoutRule(withRule(document, randomRule(random, 'mine')), 'mine');
      expect(back).toEqual(document);
      expect(sameDocument(back, document)).toBe(true);
    }
  });

  test('the rules of others never change', () => {
    const random = seededRandom(2);
    for (let i = 0; i < 500; i++) {
      const start = randomDocument(random);
      let document = start;
      for (let step = random.below(12); step > 0; step--) {
        const id = `mine-${random.below(3)}`;
        document =
          random.below(3) === 0 ? withoutRule(document, id) : withRule(document, randomRule(random, id));
      }
      const theirs = elements(document).filter(({ Id }) => Id?.startsWith('mine-') !== true);
      expect(new Set(theirs)).toEqual(new Set(elements(start)));
      expect(document.EventBridgeConfiguration).toBe(start.EventBridgeConfiguration);
    }
  });

  test('the difference is what was done', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 500; i++) {
      const before = randomDocument(random);
      const mine = randomRule(random, 'mine');
      const after = withRule(before, mine);
      expect(diffDocuments(before, after)).toMatchObject({
        removed: [],
        changed: [],
        eventBridge: 'unchanged',
      });
      expect(diffDocuments(before, after).added.map(({ id }) => id)).toEqual(['mine']);
      expect(diffDocuments(after, before).removed.map(({ id }) => id)).toEqual(['mine']);
      expect(diffDocuments(after, after)).toEqual({
        added: [],
        removed: [],
        changed: [],
        eventBridge: 'unchanged',
      });
      expect(sameDocument(before, after)).toBe(false);
    }
  });

  test('an overlap is the same from both sides, and its witness passes both filters', () => {
    const random = seededRandom(4);
    let found = 0;
    for (let i = 0; i < 3_000; i++) {
      const [a, b] = [randomRule(random, 'a'), randomRule(random, 'b')];
      const [there, back] = [overlapOf(a, b), overlapOf(b, a)];
      expect(there === undefined).toBe(back === undefined);
      for (const overlap of [there, back]) {
        if (!overlap) continue;
        found++;
        expect(overlap.events.length).toBeGreaterThan(0);
        expect([a, b, overlap.witness, keyPasses(a.filter, overlap.witness)]).toEqual([
          a,
          b,
          overlap.witness,
          true,
        ]);
        expect([a, b, overlap.witness, keyPasses(b.filter, overlap.witness)]).toEqual([
          a,
          b,
          overlap.witness,
          true,
        ]);
      }
    }
    expect(found).toBeGreaterThan(50);
  });
});

describe('sameDocument', () => {
  const element = {
    Id: 'a',
    LambdaFunctionArn: ARNS.lambda,
    Events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'],
    Filter: {
      Key: {
        FilterRules: [
          { Name: 'Prefix', Value: 'in/' },
          { Name: 'Suffix', Value: '.jpg' },
        ],
      },
    },
  };
  const other = { Id: 'b', LambdaFunctionArn: ARNS.lambda, Events: ['s3:ObjectRemoved:*'] };
  const document: NotificationDocument = { LambdaFunctionConfigurations: [element, other] };

  test.each<[string, NotificationDocument]>([
    ['rules', { LambdaFunctionConfigurations: [other, element] }],
    [
      'events',
      { LambdaFunctionConfigurations: [{ ...element, Events: [...element.Events].reverse() }, other] },
    ],
    [
      'filter rules, and the case of their names',
      {
        LambdaFunctionConfigurations: [
          {
            ...element,
            Filter: {
              Key: {
                FilterRules: [
                  { Value: '.jpg', Name: 'suffix' },
                  { Value: 'in/', Name: 'prefix' },
                ],
              },
            },
          },
          other,
        ],
      },
    ],
    [
      'members',
      {
        LambdaFunctionConfigurations: [
          Object.fromEntries(Object.entries(element).reverse()),
          { ...other, Filter: undefined },
        ],
      },
    ],
    ['empty lists', { ...document, QueueConfigurations: [] }],
  ])('%s: order and absence carry no meaning', (_, same) => {
    expect(sameDocument(document, same)).toBe(true);
    expect(sameDocument(same, document)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['a rule less', { LambdaFunctionConfigurations: [element] }],
    ['a rule twice', { LambdaFunctionConfigurations: [element, other, other] }],
    ['another id', { LambdaFunctionConfigurations: [element, { ...other, Id: 'c' }] }],
    ['another event', { LambdaFunctionConfigurations: [element, { ...other, Events: CREATED }] }],
    [
      'another destination',
      { LambdaFunctionConfigurations: [element, { ...other, LambdaFunctionArn: 'x' }] },
    ],
    ['no filter', { LambdaFunctionConfigurations: [{ ...element, Filter: undefined }, other] }],
    [
      'the filter in another case',
      {
        LambdaFunctionConfigurations: [
          {
            ...element,
            Filter: {
              Key: { FilterRules: [{ Name: 'Prefix', Value: 'IN/' }, element.Filter.Key.FilterRules[1]] },
            },
          },
          other,
        ],
      },
    ],
    ['EventBridge on', { ...document, EventBridgeConfiguration: {} }],
    ['an unknown member of a rule', { LambdaFunctionConfigurations: [element, { ...other, Priority: 1 }] }],
    [
      'an unknown member of a filter',
      {
        LambdaFunctionConfigurations: [
          { ...element, Filter: { ...element.Filter, Size: { Over: 1 } } },
          other,
        ],
      },
    ],
    [
      'an unknown member of a key filter',
      {
        LambdaFunctionConfigurations: [
          { ...element, Filter: { Key: { ...element.Filter.Key, Fuzzy: true } } },
          other,
        ],
      },
    ],
    ['a list of a new kind', { ...document, StreamConfigurations: [{ Id: 'stream' }] }],
  ])('%s: not the same', (_, changed) => {
    expect(sameDocument(document, changed as NotificationDocument)).toBe(false);
  });
});

test('diffDocuments: added, removed, changed, EventBridge', () => {
  const before = [
    rule('stays'),
    rule('goes', { prefix: 'a' }),
    rule('changes', { suffix: '.jpg' }),
  ].reduce<NotificationDocument>(withRule, { EventBridgeConfiguration: {} });
  const after = [
    rule('stays'),
    rule('changes', { suffix: '.png' }),
    rule('comes'),
  ].reduce<NotificationDocument>(withRule, {});
  expect(diffDocuments(before, after)).toEqual({
    added: [rule('comes')],
    removed: [rule('goes', { prefix: 'a' })],
    changed: [{ before: rule('changes', { suffix: '.jpg' }), after: rule('changes', { suffix: '.png' }) }],
    eventBridge: 'disabled',
  });
  expect(diffDocuments(after, before).eventBridge).toBe('enabled');
});

test('sameRule: an empty filter is none, the order of events does not count', () => {
  expect(sameRule(rule('a', { prefix: '' }), rule('a'))).toBe(true);
  expect(sameRule(rule('a', {}, ['x', 'y']), rule('a', {}, ['y', 'x']))).toBe(true);
  expect(sameRule(rule('a'), rule('b'))).toBe(false);
  expect(sameRule(rule('a'), rule('a', {}, CREATED, 'sqs'))).toBe(false);
  expect(sameRule(rule('a', { prefix: 'a' }), rule('a', { suffix: 'a' }))).toBe(false);
});

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html, and what S3 is known to refuse. */
describe('overlaps, as S3 sees them', () => {
  const PUT = ['s3:ObjectCreated:Put'];
  const REMOVED = ['s3:ObjectRemoved:*'];
  test.each<[string, Rule, Rule, readonly string[] | undefined]>([
    ['no filter, prefix images', rule('a'), rule('b', { prefix: 'images' }), CREATED],
    ['suffix jpg, suffix pg', rule('a', { suffix: 'jpg' }), rule('b', { suffix: 'pg' }), CREATED],
    [
      'prefix and suffix, suffix',
      rule('a', { prefix: 'images', suffix: 'jpg' }),
      rule('b', { suffix: 'jpg' }),
      CREATED,
    ],
    [
      'one prefix, two suffixes',
      rule('a', { prefix: 'images', suffix: '.jpg' }),
      rule('b', { prefix: 'images', suffix: '.png' }),
      undefined,
    ],
    [
      'one prefix, other events',
      rule('a', { prefix: 'images' }, PUT),
      rule('b', { prefix: 'images' }, REMOVED),
      undefined,
    ],
    ['.jpg, .png', rule('a', { suffix: '.jpg' }), rule('b', { suffix: '.png' }), undefined],
    ['neither has a filter', rule('a'), rule('b'), CREATED],
    ['a wildcard and its member', rule('a'), rule('b', {}, PUT), PUT],
    ['two members of one family', rule('a', {}, PUT), rule('b', {}, ['s3:ObjectCreated:Copy']), undefined],
    ['kinds of destination do not matter', rule('a'), rule('b', {}, CREATED, 'sqs'), CREATED],
    ['nested prefixes', rule('a', { prefix: 'in/' }), rule('b', { prefix: 'in/deep/' }), CREATED],
    ['sibling prefixes', rule('a', { prefix: 'in/' }), rule('b', { prefix: 'out/' }), undefined],
    ['prefix against suffix', rule('a', { prefix: 'in/' }), rule('b', { suffix: '.jpg' }), CREATED],
    [
      'prefixes overlap, suffixes do not',
      rule('a', { prefix: 'in/', suffix: '.jpg' }),
      rule('b', { prefix: 'in/deep/', suffix: '.png' }),
      undefined,
    ],
    [
      'suffixes overlap, prefixes do not',
      rule('a', { prefix: 'in/', suffix: '.jpg' }),
      rule('b', { prefix: 'out/', suffix: '.jpg' }),
      undefined,
    ],
    ['empty values are none', rule('a', { prefix: '', suffix: '' }), rule('b', { prefix: 'x' }), CREATED],
  ])('%s', (_, a, b, events) => {
    const document = withRule({}, b);
    const found = overlapsWith(document, a);
    expect(found.map((overlap) => overlap.events)).toEqual(events === undefined ? [] : [events]);
    for (const overlap of found) {
      expect([overlap.a, overlap.b.id]).toEqual([a, b.id]);
      expect([keyPasses(a.filter, overlap.witness), keyPasses(b.filter, overlap.witness)]).toEqual([
        true,
        true,
      ]);
    }
    expect(overlapsWith(withRule({}, a), b)).toHaveLength(found.length);
  });

  test('a witness is a key as people have it, not its encoded form', () => {
    expect(overlapOf(rule('a', { prefix: 'in+box/' }), rule('b', { suffix: '%281%29.jpg' }))?.witness).toBe(
      'in box/example(1).jpg',
    );
  });

  test('a rule does not collide with the one it replaces; all others are named', () => {
    const document = [
      rule('a', { prefix: 'a' }),
      rule('b', { prefix: 'b' }),
      rule('c', {}, REMOVED),
    ].reduce<NotificationDocument>(withRule, {});
    expect(overlapsWith(document, rule('a')).map(({ b }) => b.id)).toEqual(['b']);
    expect(overlapsWith(document, rule('new')).map(({ b }) => b.id)).toEqual(['a', 'b']);
  });
});

test.each<[KeyFilter, string]>([
  [{}, '*'],
  [{ prefix: 'in/' }, 'in/*'],
  [{ prefix: 'in/', suffix: '.jpg' }, 'in/*.jpg'],
])('describeFilter %j', (filter, text) => {
  expect(describeFilter(filter)).toBe(text);
});
