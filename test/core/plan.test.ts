import { expect, test } from 'vitest';
import { changes, reports, ruleReport, type Plan, type Step } from '../../src/core/plan.ts';

function step(id: string, change: Step['change']): Step {
  return { id, title: `Do ${id}`, change, after: [], action: { kind: 'delete-function', name: id } };
}

const PLAN: Plan = {
  steps: [step('a', 'none'), step('b', 'create'), step('c', 'delete'), step('d', 'update')],
};

test('changes are the steps that do something', () => {
  expect(changes(PLAN).map(({ id }) => id)).toEqual(['b', 'c', 'd']);
});

test('reports: what was not begun is planned, what needs nothing is unchanged', () => {
  const outcomes = new Map([
    ['b', 'applied'],
    ['c', 'failed'],
  ] as const);
  expect(reports(PLAN, outcomes)).toEqual([
    { id: 'a', title: 'Do a', change: 'none', outcome: 'unchanged' },
    { id: 'b', title: 'Do b', change: 'create', outcome: 'applied' },
    { id: 'c', title: 'Do c', change: 'delete', outcome: 'failed' },
    { id: 'd', title: 'Do d', change: 'update', outcome: 'planned' },
  ]);
});

test('a rule’s report says null where it has no filter', () => {
  const destination = { kind: 'sqs', arn: 'arn:aws:sqs:us-east-1:111122223333:q' } as const;
  const rule = { id: 'r', destination, events: ['s3:ObjectCreated:*'], filter: { suffix: '.jpg' } };
  expect(ruleReport(rule)).toEqual({
    id: 'r',
    events: ['s3:ObjectCreated:*'],
    prefix: null,
    suffix: '.jpg',
    destination,
  });
});
