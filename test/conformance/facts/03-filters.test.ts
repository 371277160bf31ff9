import { PutObjectCommand, type Event, type NotificationConfiguration } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { accepted, CREATED, ready, refused, rules } from './documents.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { watched } from './mailbox.ts';

/** One bucket, one configuration for each row; a key belongs to the row whose name it begins with. */
const filtered = shared((t: Target) =>
  watched(t, {
    configurations: [
      { Id: 'probe', Events: CREATED, Filter: rules(['prefix', 'probe/']) },
      { Id: 'and', Events: CREATED, Filter: rules(['prefix', 'and/'], ['suffix', '.jpg']) },
      { Id: 'star', Events: CREATED, Filter: rules(['prefix', 'star/*']) },
      { Id: 'space', Events: CREATED, Filter: rules(['prefix', 'spa+ce/']) },
      { Id: 'encoded', Events: CREATED, Filter: rules(['prefix', 'caf%C3%A9/']) },
      { Id: 'case', Events: CREATED, Filter: rules(['prefix', 'Case/']) },
      { Id: 'whole', Events: CREATED, Filter: rules(['prefix', 'whole/key/']) },
    ],
  }),
);

/** A row about which of these keys is reported, and by which configuration. */
function reporting(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  configurationId: string,
  keys: { readonly reported: readonly string[]; readonly silent: readonly string[] },
): Fact {
  return {
    ...row,
    async run(t) {
      const { bucket, of, soFar } = await filtered(t);
      for (const Key of [...keys.silent, ...keys.reported]) {
        await t.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
      }
      for (const key of keys.reported) {
        const [record] = await of(key);
        expect(record?.s3.configurationId, key).toBe(configurationId);
      }
      for (const key of keys.silent) expect(await soFar(key), key).toEqual([]);
    },
  };
}

const filters: readonly Fact[] = [
  reporting(
    {
      id: '3.3-prefix-and-suffix',
      source: 'AWS-doc',
      expectation: 'a key passes when both the prefix and the suffix fit',
    },
    'and',
    { reported: ['and/b.jpg'], silent: ['and/b.png', 'or/b.jpg'] },
  ),
  reporting(
    { id: '3.3-no-wildcard', source: 'AWS-doc', expectation: 'an asterisk in a rule is no wildcard' },
    'star',
    { reported: [], silent: ['star/a', 'star/ab'] },
  ),
  reporting(
    { id: '3.3-space', source: 'AWS-doc', expectation: 'a space of the key is a plus sign in the rule' },
    'space',
    { reported: ['spa ce/a'], silent: ['spa+ce/a'] },
  ),
  reporting(
    {
      id: '3.3-url-encoded',
      source: 'AWS-doc',
      expectation: 'special characters are URL-encoded in the rule',
    },
    'encoded',
    { reported: ['café/a'], silent: ['cafe/a'] },
  ),
  reporting({ id: '3.3-case', source: 'AWS-doc', expectation: 'upper and lower case differ' }, 'case', {
    reported: ['Case/a'],
    silent: ['case/a'],
  }),
  reporting(
    {
      id: '3.3-whole-key',
      source: 'AWS-doc',
      expectation: 'the prefix is that of the whole key, not of its last part',
    },
    'whole',
    { reported: ['whole/key/a'], silent: ['up/whole/key/a', '/whole/key/a'] },
  ),
  {
    id: '3.3-no-filter',
    source: 'AWS-doc',
    expectation: 'a configuration without a filter reports every key',
    async run(t) {
      const { bucket, of } = await watched(t);
      for (const Key of ['a', '/leading', 'deep/er/b.txt']) {
        await t.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
        expect(await of(Key)).toHaveLength(1);
      }
    },
  },
];

interface Rule {
  readonly events?: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
}

/** Two configurations, of the queue and of the topic unless `kind` says otherwise. */
async function pair(
  t: Target,
  [first, second]: readonly [Rule, Rule],
  kind: 'queue+topic' | 'queue+queue' = 'queue+topic',
): Promise<NotificationConfiguration> {
  const { queue, topicArn } = await ready(t);
  const of = (Id: string, { events = CREATED, prefix, suffix }: Rule) => ({
    Id,
    Events: events as Event[],
    ...((prefix !== undefined || suffix !== undefined) && {
      Filter: rules(
        ...(prefix === undefined ? [] : [['Prefix', prefix] as const]),
        ...(suffix === undefined ? [] : [['Suffix', suffix] as const]),
      ),
    }),
  });
  return kind === 'queue+queue'
    ? {
        QueueConfigurations: [
          { QueueArn: queue.arn, ...of('a', first) },
          { QueueArn: queue.arn, ...of('b', second) },
        ],
      }
    : {
        QueueConfigurations: [{ QueueArn: queue.arn, ...of('a', first) }],
        TopicConfigurations: [{ TopicArn: topicArn, ...of('b', second) }],
      };
}

const AMBIGUOUS =
  'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.';
const OVERLAP = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.';

function conflict(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  two: readonly [Rule, Rule],
  message = AMBIGUOUS,
  kind?: 'queue+queue',
): Fact {
  return {
    ...row,
    async run(t) {
      const refusal = await refused(t, await pair(t, two, kind));
      expect(refusal).toMatchObject({ status: 400, code: 'InvalidArgument', message });
    },
  };
}

function valid(row: Pick<Fact, 'id' | 'source' | 'expectation'>, two: readonly [Rule, Rule]): Fact {
  return {
    ...row,
    async run(t) {
      const document = await accepted(t, await pair(t, two));
      expect([document.QueueConfigurations?.length, document.TopicConfigurations?.length]).toEqual([1, 1]);
    },
  };
}

const overlaps: readonly Fact[] = [
  conflict(
    {
      id: '3.4-no-filter-and-prefix',
      source: 'AWS-doc',
      expectation: 'no filter and the prefix "images" overlap',
    },
    [{}, { prefix: 'images' }],
  ),
  conflict(
    { id: '3.4-suffix-of-suffix', source: 'AWS-doc', expectation: 'the suffixes "jpg" and "pg" overlap' },
    [{ suffix: 'jpg' }, { suffix: 'pg' }],
  ),
  conflict(
    {
      id: '3.4-prefix-with-suffix',
      source: 'AWS-doc',
      expectation: 'the prefix "images" with the suffix "jpg" overlaps the suffix "jpg" alone',
    },
    [{ prefix: 'images', suffix: 'jpg' }, { suffix: 'jpg' }],
  ),
  conflict(
    {
      id: '3.4-prefix-of-prefix',
      source: 'AWS-doc',
      expectation: 'one prefix at the start of the other overlaps it',
    },
    [{ prefix: 'images/' }, { prefix: 'images/large/' }],
  ),
  conflict(
    {
      id: '3.4-prefix-and-suffix-only',
      source: 'AWS-doc',
      expectation: 'a prefix alone and a suffix alone overlap: a key may have both',
    },
    [{ prefix: 'images/' }, { suffix: '.jpg' }],
  ),
  conflict(
    {
      id: '3.4-wildcard-covers-member',
      source: 'AWS-doc',
      expectation: 's3:ObjectCreated:* shares an event type with s3:ObjectCreated:Put',
    },
    [{ prefix: 'a' }, { prefix: 'a', events: ['s3:ObjectCreated:Put'] }],
  ),
  conflict(
    {
      id: '3.4-same-destination',
      source: 'AWS-doc',
      expectation: 'the rule holds for two configurations of one queue as well',
    },
    [{ prefix: 'a' }, { prefix: 'ab' }],
    AMBIGUOUS,
    'queue+queue',
  ),
  {
    id: '3.4-neither-filtered',
    source: 'second-hand',
    expectation: 'without filters the shared event type is named, once for each configuration',
    async run(t) {
      const removed = { events: ['s3:ObjectRemoved:*'] };
      const { status, code, message, members } = await refused(t, await pair(t, [removed, removed]));
      expect({ status, code, message }).toEqual({ status: 400, code: 'InvalidArgument', message: OVERLAP });
      expect(members).toMatchObject({
        ArgumentName: 'Event',
        ArgumentValue: 's3:ObjectRemoved:*, s3:ObjectRemoved:*',
      });
    },
  },
  valid(
    {
      id: '3.4-valid-suffixes',
      source: 'AWS-doc',
      expectation: 'the prefix "images" with ".jpg" and with ".png" do not overlap',
    },
    [
      { prefix: 'images', suffix: '.jpg' },
      { prefix: 'images', suffix: '.png' },
    ],
  ),
  valid(
    {
      id: '3.4-valid-suffix-only',
      source: 'AWS-doc',
      expectation: 'the suffixes ".jpg" and ".png" do not overlap',
    },
    [{ suffix: '.jpg' }, { suffix: '.png' }],
  ),
  valid(
    {
      id: '3.4-valid-events',
      source: 'AWS-doc',
      expectation: 'the same prefix for different event types is no conflict',
    },
    [
      { prefix: 'image', events: ['s3:ObjectCreated:Put'] },
      { prefix: 'image', events: ['s3:ObjectRemoved:*'] },
    ],
  ),
  valid(
    {
      id: '3.4-valid-prefixes',
      source: 'AWS-doc',
      expectation: 'prefixes of which neither starts the other do not overlap',
    },
    [{ prefix: 'images/' }, { prefix: 'logs/' }],
  ),
  {
    id: '3.4-before-destinations',
    source: 'second-hand',
    expectation: 'overlaps are found before any destination is asked',
    async run(t) {
      const missing = `arn:${t.partition}:sqs:${t.region}:${t.account}:s3evt-not-there`;
      const QueueConfigurations = ['a', 'ab'].map((prefix) => ({
        QueueArn: missing,
        Events: CREATED,
        Filter: rules(['prefix', prefix]),
      }));
      expect(await refused(t, { QueueConfigurations })).toMatchObject({ status: 400, message: AMBIGUOUS });
    },
  },
];

describeFacts('3.3 filters, 3.4 overlaps', [...filters, ...overlaps]);
