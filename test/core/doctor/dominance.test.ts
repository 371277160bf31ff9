import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/core/doctor/catalogue.ts';
import { dominates } from '../../../src/core/doctor/dominance.ts';

const node = 'arn:aws:lambda:eu-west-1:111122223333:function:thumbs';
const ids = CATALOGUE.map(({ id }) => id);

test('no two causes explain each other: one of them has to be the root', () => {
  const both = ids.flatMap((a) =>
    ids.filter(
      (b) => dominates({ id: a, node }, { id: b, node }) && dominates({ id: b, node }, { id: a, node }),
    ),
  );
  expect(both).toEqual([]);
});

test('the kind of a bucket, which its name tells, explains that it is not found', () => {
  expect(dominates({ id: 'unsupported-bucket-kind' }, { id: 'bucket-not-found' })).toBe(true);
});

test('a destination looked for in the wrong Region explains that no rule leads there', () => {
  expect(dominates({ id: 'wrong-profile-or-region', node }, { id: 'rule-points-elsewhere' })).toBe(true);
});

test('an event that Lambda stopped as one of a loop was not given up for another reason', () => {
  expect(dominates({ id: 'recursion-terminated', node }, { id: 'async-event-dropped', node })).toBe(true);
  expect(dominates({ id: 'recursion-terminated', node }, { id: 'async-event-dropped', node: 'other' })).toBe(
    false,
  );
});
