import { describe, expect, it } from 'vitest';
import { recursionRunaway } from '../../../src/core/checks/running/recursion-runaway.ts';
import { recursionTerminated } from '../../../src/core/checks/running/recursion-terminated.ts';
import { reservedConcurrencyZero } from '../../../src/core/checks/running/reserved-concurrency-zero.ts';
import type { FunctionNode, SeenRecord } from '../../../src/core/doctor/facts.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  BUCKET,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  log,
  NOW,
  type FactsOver,
} from './support.ts';

const OWN = 'AWS:AROAEXAMPLE:thumbs';
const ADA = 'AWS:AIDAEXAMPLE';

const record = (key: string, principalId?: string, over: Partial<SeenRecord> = {}): SeenRecord => ({
  time: NOW - 60_000,
  stream: 's',
  eventName: 'ObjectCreated:Put',
  bucket: BUCKET,
  key,
  rawKey: key,
  configurationId: 'thumbs',
  principalId,
  via: [],
  ...over,
});

const given = (records: readonly SeenRecord[], node: Partial<FunctionNode> = {}, over: FactsOver = {}) =>
  facts({ functions: { [fnArn()]: functionNode({ log: log({ records }), ...node }) }, ...over });

const dropped = read('cloudwatch:GetMetricData', [
  { namespace: 'AWS/Lambda', name: 'RecursiveInvocationsDropped', of: 'thumbs', points: [[NOW, 3] as const] },
]);

const zero = { concurrency: read('lambda:GetFunctionConcurrency', 0) };

describe('reserved-concurrency-zero', () => {
  const found = (over: Parameters<typeof judge>[1]) => judge(reservedConcurrencyZero, over).findings;

  it('is certain, and asks to remove it', () => {
    expect(found(given([], zero))).toMatchObject([
      {
        verdict: 'broken',
        severity: 'BREAK',
        node: fnArn(),
        message: 'the reserved concurrency of function thumbs is 0, so Lambda never runs it',
        fix: {
          mode: 'ask',
          actions: [{ operation: 'DeleteFunctionConcurrency', input: { FunctionName: 'thumbs' } }],
        },
      },
    ]);
  });

  it.each([
    ['records of its own role', given([record('a.jpg', ADA), record('t-a.jpg', OWN)], zero)],
    ['keys that nest', given([record('out/a.jpg'), record('out/out/a.jpg')], zero)],
    ['invocations that Lambda stopped', given([], zero, { metrics: dropped })],
  ])('does not undo what looks like a brake: %s', (_, over) => {
    expect(found(over)).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell', actions: [] } }]);
  });

  it.each([
    ['no reserved concurrency', absent('lambda:GetFunctionConcurrency')],
    ['one', read('lambda:GetFunctionConcurrency', 1)],
  ])('accepts %s', (_, concurrency) => {
    expect(found(given([], { concurrency }))).toEqual([]);
  });

  it('says so when it may not look', () => {
    const concurrency = denied('lambda:GetFunctionConcurrency', 'thumbs');
    expect(judge(reservedConcurrencyZero, given([], { concurrency }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'lambda:GetFunctionConcurrency' }],
    });
  });
});

describe('recursion-terminated', () => {
  it('is certain with the metric', () => {
    expect(judge(recursionTerminated, given([], {}, { metrics: dropped })).findings).toMatchObject([
      { verdict: 'broken', severity: 'BREAK', node: fnArn(), fix: { mode: 'tell' } },
    ]);
  });

  it('finds nothing without it', () => {
    expect(judge(recursionTerminated, given([record('a.jpg', OWN)])).findings).toEqual([]);
    const metrics = denied('cloudwatch:GetMetricData', '*');
    expect(judge(recursionTerminated, given([], {}, { metrics }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'cloudwatch:GetMetricData' }],
    });
  });
});

describe('recursion-runaway', () => {
  const found = (over: Parameters<typeof judge>[1]) => judge(recursionRunaway, over).findings;

  it('is certain when most records were caused by the function itself', () => {
    const records = [record('a.jpg', ADA), record('t/a.jpg', OWN), record('t/t/a.jpg', OWN)];
    expect(
      found(given(records, { recursion: read('lambda:GetFunctionRecursionConfig', 'Allow') })),
    ).toMatchObject([
      {
        verdict: 'broken',
        severity: 'COST',
        evidence: [
          { value: OWN },
          { value: '2' },
          { value: 't/a.jpg' },
          { field: 'RecursiveLoop', value: 'Allow' },
        ],
        fix: {
          mode: 'ask',
          actions: [{ operation: 'PutFunctionConcurrency', input: { ReservedConcurrentExecutions: 0 } }],
        },
      },
    ]);
    expect(found(given([record('a.jpg', OWN), record('a.jpg', OWN)]))).toMatchObject([{ verdict: 'broken' }]);
  });

  it('only suspects one that may end its loop by itself', () => {
    const records = [record('a.jpg', ADA), record('a.jpg', OWN), record('b.jpg', ADA), record('b.jpg', OWN)];
    expect(found(given(records))).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('keeps the brake that is on', () => {
    expect(found(given([record('a.jpg', OWN)], zero))).toMatchObject([{ fix: { mode: 'tell' } }]);
  });

  it.each([
    ['uploads of others', [record('a.jpg', ADA), record('b.jpg', 'AWS:AROAOTHER:resizer')]],
    ['another bucket', [record('a.jpg', OWN, { bucket: 'elsewhere' })]],
    ['dates and numbers', [record('2024/11/11/a.jpg'), record('2024/11/a.jpg')]],
    ['nested keys that somebody else wrote', [record('out/a.jpg', ADA), record('out/out/a.jpg', ADA)]],
    ['doubled folders alone', [record('out/out/a.jpg')]],
  ])('accepts %s', (_, records) => {
    expect(found(given(records))).toEqual([]);
  });

  it('accepts output that the rule does not take any more', () => {
    const notification = read(
      's3:GetBucketNotification',
      lambdaDocument({ Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'in/' }] } } }),
    );
    expect(found(given([record('out/a.jpg', OWN)], {}, { bucket: { notification } }))).toEqual([]);
  });

  it('says so when it may not read the log', () => {
    const node = { log: log({}, { seen: denied('logs:FilterLogEvents', '/aws/lambda/thumbs') }) };
    expect(judge(recursionRunaway, given([], node))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'logs:FilterLogEvents' }],
    });
  });
});
