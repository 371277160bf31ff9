import { expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { ABSENT, ifKnown, known, valueOf, type Fact } from '../../src/core/facts.ts';

const error = new S3evtError('ACCESS_DENIED', 'no');
const denied: Fact<string> = { state: 'denied', action: 's3:ListBucket', error };
const failed: Fact<string> = { state: 'failed', error };

test('a value is a value, absence is undefined', () => {
  expect([valueOf(known('x')), ifKnown(known('x'))]).toEqual(['x', 'x']);
  expect([valueOf(ABSENT), ifKnown(ABSENT)]).toEqual([undefined, undefined]);
  expect(valueOf(known(''))).toBe('');
});

test.each([denied, failed])('a read that is $state is thrown where it is needed, and only there', (fact) => {
  expect(() => valueOf(fact)).toThrow(error);
  expect(ifKnown(fact)).toBeUndefined();
});
