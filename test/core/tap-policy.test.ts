import { describe, expect, test } from 'vitest';
import { tapExpiry, tapName, tapRuleArn, type TapRecord, type TapSource } from '../../src/core/tap.ts';
import { tapPattern, tapPolicy, tapsBucket } from '../../src/core/tap-policy.ts';
import { policyRefusal } from '../../src/sandbox/services/service-access.ts';

const EXPIRY = Date.UTC(2026, 10, 22, 12);
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alerts';
const tap = (source: TapSource): TapRecord => ({
  name: tapName('0123abcd', EXPIRY),
  bucket: 'photos',
  account: '123456789012',
  partition: 'aws',
  region: 'eu-west-1',
  endpoint: 'AWS',
  expiresAt: EXPIRY,
  source,
});

test('a name says when the tap expires', () => {
  expect(tapName('0123abcd', EXPIRY)).toBe('s3evt-tap-0123abcd-1795348800');
  expect(tapExpiry('s3evt-tap-0123abcd-1795348800')).toBe(EXPIRY);
  for (const other of [
    's3evt-tap-0123abcd',
    's3evt-tap-jobs-1795348800',
    'x-s3evt-tap-0123abcd-1795348800',
  ]) {
    expect(tapExpiry(other)).toBeUndefined();
  }
});

describe('the policy of the queue', () => {
  const bus = tap({ kind: 'eventbridge' });
  const topic = tap({ kind: 'topic', topicArn: TOPIC });
  const rows: readonly [string, TapRecord, string, string, number, boolean][] = [
    ['its rule', bus, 'events.amazonaws.com', tapRuleArn(bus), EXPIRY - 1, true],
    ['its rule once it has expired', bus, 'events.amazonaws.com', tapRuleArn(bus), EXPIRY, false],
    ['another rule', bus, 'events.amazonaws.com', `${tapRuleArn(bus)}0`, EXPIRY - 1, false],
    ['S3', bus, 's3.amazonaws.com', 'arn:aws:s3:::photos', EXPIRY - 1, false],
    ['its topic', topic, 'sns.amazonaws.com', TOPIC, EXPIRY - 1, true],
    ['its topic once it has expired', topic, 'sns.amazonaws.com', TOPIC, EXPIRY + 1, false],
    ['another topic', topic, 'sns.amazonaws.com', `${TOPIC}2`, EXPIRY - 1, false],
  ];
  test.each(rows)('%s', (_name, record, service, sourceArn, now, admitted) => {
    const queue = `arn:aws:sqs:eu-west-1:123456789012:${record.name}`;
    const refusal = policyRefusal(tapPolicy(record), { service, sourceArn }, 'sqs:SendMessage', queue, now);
    expect(refusal === undefined).toBe(admitted);
  });
});

test('whether a rule taps a bucket', () => {
  expect(tapsBucket(JSON.stringify(tapPattern('photos')), 'photos')).toBe(true);
  expect(tapsBucket(JSON.stringify(tapPattern('photos')), 'photos2')).toBe(false);
  expect(tapsBucket(undefined, 'photos')).toBe(false);
});
