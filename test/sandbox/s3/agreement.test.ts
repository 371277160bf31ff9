/** What s3evt says of a configuration against what S3 of the sandbox does with it: generated rules and keys. */
import { expect, test } from 'vitest';
import { matchRules } from '../../../src/core/match.ts';
import { EVENT_NAMES } from '../../../src/core/event-name.ts';
import { overlapOf, rulesOf } from '../../../src/core/notification.ts';
import { validateNotification } from '../../../src/sandbox/services/s3/notification-validation.ts';
import { AwsError } from '../../../src/sandbox/wire/types.ts';
import { seededRandom } from '../../core/seeded-random.ts';
import { BUCKET, createTestS3, QUEUE_ARN } from './support.ts';

const random = seededRandom(23);
const PARTS = [
  'in/',
  'out/',
  'a b',
  'a+b',
  'dt=1/',
  'dt%3D1/',
  'é',
  '(1)',
  '.jpg',
  '.JPG',
  '@2x',
  '%',
  'x',
  '/',
];
const text = (most: number) =>
  Array.from({ length: random.below(most + 1) }, () => random.pick(PARTS)).join('');
const EVENTS = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectRemoved:*',
  's3:ObjectCreated:Copy',
] as const;

function filterRules() {
  return [
    ...(random.below(3) > 0 ? [{ Name: 'prefix' as const, Value: text(2) }] : []),
    ...(random.below(3) > 0 ? [{ Name: 'suffix' as const, Value: text(1) }] : []),
  ];
}

test('match says of 10,000 generated keys and rules what the sandbox delivers', async () => {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  let matched = 0;
  for (let round = 0; round < 500; round++) {
    // Overlapping rules are refused, so each round has one, and its id says which.
    const configuration = {
      QueueConfigurations: [
        {
          Id: `rule-${round}`,
          QueueArn: QUEUE_ARN,
          Events: [random.pick(EVENTS)],
          Filter: { Key: { FilterRules: filterRules() } },
        },
      ],
    };
    await s3.call('PutBucketNotificationConfiguration', {
      Bucket: BUCKET,
      NotificationConfiguration: configuration,
      SkipDestinationValidation: true,
    });
    const rules = rulesOf(configuration);
    const filter = rules[0]?.filter ?? {};
    const expected: string[] = [];
    for (let i = 0; i < 20; i++) {
      // Half of the keys are made to fit the values as they are written.
      const key =
        (random.below(2) === 0 ? `${filter.prefix ?? ''}${text(2)}${filter.suffix ?? ''}` : text(4)) || 'key';
      await s3.call('PutObject', { Bucket: BUCKET, Key: key, Body: '' });
      if (matchRules(rules, key, 's3:ObjectCreated:Put').matches.length > 0) expected.push(key);
    }
    const delivered = (await s3.records()).map((record) =>
      decodeURIComponent(record.s3.object.key.replaceAll('+', ' ')),
    );
    expect([filter, delivered.sort()]).toEqual([filter, expected.sort()]);
    matched += delivered.length;
    s3.sqs.received.length = 0;
  }
  // Neither all nor nothing: the comparison above would be worth little.
  expect(matched).toBeGreaterThan(500);
  expect(matched).toBeLessThan(9_500);
});

test('two generated rules overlap for s3evt exactly when the sandbox refuses them', () => {
  let refused = 0;
  for (let round = 0; round < 5_000; round++) {
    const configuration = {
      QueueConfigurations: ['a', 'b'].map((Id) => ({
        Id,
        QueueArn: QUEUE_ARN,
        Events: [random.pick([...EVENT_NAMES])],
        Filter: { Key: { FilterRules: filterRules() } },
      })),
    };
    const [a, b] = rulesOf(configuration);
    if (!a || !b) throw new Error('two rules were generated');
    const isRefused = refuses(configuration);
    expect([configuration, overlapOf(a, b) !== undefined]).toEqual([configuration, isRefused]);
    if (isRefused) refused++;
  }
  expect(refused).toBeGreaterThan(50);
});

function refuses(configuration: Parameters<typeof validateNotification>[0]): boolean {
  try {
    validateNotification(configuration, { region: 'us-east-1', newId: () => 'id' });
    return false;
  } catch (error) {
    if (error instanceof AwsError && /ambiguously|overlap/.test(error.message)) return true;
    throw error;
  }
}
