import { describe, expect, it } from 'vitest';
import { filterLiteralWildcard } from '../../../src/core/checks/rule/filter-literal-wildcard.ts';
import { filterMismatch } from '../../../src/core/checks/rule/filter-mismatch.ts';
import { filterNotEncoded } from '../../../src/core/checks/rule/filter-not-encoded.ts';
import type { Check } from '../../../src/core/doctor/check.ts';
import { denied } from '../../../src/core/doctor/reading.ts';
import {
  ALL_OF_BUCKET,
  bridged,
  document,
  entry,
  eventRule,
  eventRules,
  filtered,
  rulesTo,
  sample,
  seen,
  withFilter,
} from './rule-support.ts';
import {
  BUCKET,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  log,
  REGION,
  type FactsOver,
} from './support.ts';

const FILTERS: readonly Check[] = [filterMismatch, filterNotEncoded, filterLiteralWildcard];

/** What the three say of a key and a filter. */
function verdicts(prefix: string | undefined, suffix: string | undefined, key: string, over: FactsOver = {}) {
  const given = facts({ question: { key }, bucket: filtered(prefix, suffix), ...over });
  return FILTERS.flatMap((check) =>
    judge(check, given).findings.map(({ id, verdict }) => `${id} ${verdict}`),
  );
}

const setTo = (change: object) => [{ edits: [{ kind: 'set', ruleId: 'thumbs', ...change }] }];

describe('filters and the key in question', () => {
  it.each([
    ['in/', undefined, 'out/a', 'filter-mismatch broken'],
    ['/in/', undefined, 'in/a', 'filter-mismatch broken'],
    [undefined, '.jpg', 'a.JPG', 'filter-mismatch broken'],
    [undefined, '.csv', 'a.csv.gz', 'filter-mismatch broken'],
    ['in/ ', undefined, 'in/a', 'filter-mismatch broken'],
    ['my%20folder/', undefined, 'my folder/a', 'filter-mismatch suspected'],
    ['dt=2024/', undefined, 'dt=2024/a', 'filter-not-encoded broken'],
    ['my folder/', undefined, 'my folder/a', 'filter-not-encoded broken'],
    ['a+b/', undefined, 'a+b/c', 'filter-not-encoded broken'],
    ['a(b)/', undefined, 'a(b)/c', 'filter-not-encoded suspected'],
    ['fünf/', undefined, 'fünf/c', 'filter-not-encoded suspected'],
    [undefined, '*.csv', 'a.csv', 'filter-literal-wildcard broken'],
    ['in/*', '.csv', 'in/a.csv', 'filter-literal-wildcard broken'],
    ['^in/', String.raw`\.csv$`, 'in/a.csv', 'filter-literal-wildcard broken'],
    [undefined, '.jpg|.png', 'a.png', 'filter-literal-wildcard broken'],
  ])('prefix %s, suffix %s, key %s: %s', (prefix, suffix, key, expected) => {
    expect(verdicts(prefix, suffix, key)).toEqual([expected]);
  });

  it.each([
    ['images', undefined, 'images2/a'],
    [undefined, 'jpg', 'a.jpg'],
    ['', '', 'a'],
    ['a%3Db/', undefined, 'a=b/c'],
    ['a%3db/', undefined, 'a=b/c'],
    ['my+folder/', undefined, 'my folder/a'],
    ['a-b_c.d*', undefined, 'a-b_c.d*e'],
    [undefined, '*', 'ends with *'],
  ])('leaves prefix %s, suffix %s and key %s alone', (prefix, suffix, key) => {
    expect(verdicts(prefix, suffix, key)).toEqual([]);
  });

  it('leaves alone what another rule, or EventBridge, takes', () => {
    const rules = document(rulesTo(withFilter('in/'), withFilter('out/')));
    expect(verdicts(undefined, undefined, 'out/a', { bucket: rules })).toEqual([]);
    const bridge = {
      bucket: bridged(lambdaDocument(withFilter('dt=1/'))),
      ...eventRules(eventRule(ALL_OF_BUCKET)),
    };
    expect(verdicts(undefined, undefined, 'dt=1/a', bridge)).toEqual([]);
    expect(verdicts(undefined, undefined, 'out/a', bridge)).toEqual([]);
  });

  it('is not sure while EventBridge may not be asked, and says so', () => {
    const given = facts({
      question: { key: 'out/a' },
      bucket: bridged(lambdaDocument(withFilter('in/'))),
      eventRules: denied('events:ListRules', 'default'),
    });
    const { findings, notChecked } = judge(filterMismatch, given);
    expect(findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(notChecked).toMatchObject([{ action: 'events:ListRules' }]);
  });

  it('still blames the filter of the rule that is asked about', () => {
    const given = {
      question: { key: 'out/a', ruleId: 'rule-1' },
      bucket: document(rulesTo(withFilter('in/'), withFilter('out/'))),
    };
    expect(verdicts(undefined, undefined, 'out/a', given)).toEqual(['filter-mismatch broken']);
  });

  it('leaves an expectation that no rule leads to, to the check for that', () => {
    const given = { question: { key: 'out/a', expected: fnArn('mine') } };
    expect(verdicts('in/', undefined, 'out/a', given)).toEqual([]);
  });

  it('believes an event of the rule that was seen', () => {
    const functions = { [fnArn()]: functionNode({ log: log({ records: [seen('dt=1/b')] }) }) };
    expect(verdicts('dt=1/', undefined, 'dt=1/a', { functions })).toEqual(['filter-not-encoded suspected']);
    const odd = { [fnArn()]: functionNode({ log: log({ records: [seen('a(b)/x')] }) }) };
    expect(verdicts('a(b)/', undefined, 'a(b)/c', { functions: odd })).toEqual([]);
  });

  it('knows how the sandbox takes what AWS leaves open', () => {
    expect(verdicts('a(b)/', undefined, 'a(b)/c', { target: { region: REGION, sandbox: true } })).toEqual([]);
  });
});

describe('their fixes', () => {
  const fix = (
    check: Check,
    prefix: string | undefined,
    suffix: string | undefined,
    key: string,
    entries: readonly string[] = [],
  ) =>
    judge(
      check,
      facts({
        question: { key },
        bucket: { ...filtered(prefix, suffix), ...sample(entries.map((one) => entry(one))) },
      }),
    ).findings[0]?.fix;

  it('takes the slash away, and keeps the rest', () => {
    expect(fix(filterMismatch, '/in/', '.jpg', 'in/a.jpg')).toMatchObject({
      mode: 'ask',
      actions: setTo({ prefix: 'in/' }),
    });
  });

  it('does not take from other objects what they have', () => {
    expect(fix(filterMismatch, undefined, '.jpg', 'a.JPG')).toMatchObject({
      mode: 'ask',
      actions: setTo({ suffix: '.JPG' }),
    });
    expect(fix(filterMismatch, undefined, '.jpg', 'a.JPG', ['b.jpg'])).toMatchObject({ mode: 'tell' });
  });

  it('only tells where nothing is near', () => {
    expect(fix(filterMismatch, 'in/', undefined, 'out/a')).toMatchObject({ mode: 'tell' });
  });

  it('encodes', () => {
    expect(fix(filterNotEncoded, 'dt=1/my folder/', undefined, 'dt=1/my folder/a')).toMatchObject({
      mode: 'ask',
      actions: setTo({ prefix: 'dt%3D1/my+folder/' }),
    });
  });

  it('drops stars, and only tells of other patterns', () => {
    expect(fix(filterLiteralWildcard, 'in/*', '*.csv', 'in/a.csv')).toMatchObject({
      mode: 'ask',
      actions: setTo({ prefix: 'in/', suffix: '.csv' }),
    });
    expect(fix(filterLiteralWildcard, 'in/*/raw', undefined, 'in/x/raw')).toMatchObject({ mode: 'tell' });
  });

  it('proposes nothing that S3 would refuse beside another rule', () => {
    const bucket = document(
      rulesTo({ Id: 'thumbs', ...withFilter(undefined, '*.csv') }, withFilter('x/', '.csv')),
    );
    const { findings } = judge(filterLiteralWildcard, facts({ question: { key: 'a.csv' }, bucket }));
    expect(findings).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
  });
});

describe('filters without a key', () => {
  const overall = (
    prefix: string | undefined,
    suffix: string | undefined,
    keys: readonly string[],
    truncated = false,
  ) => {
    const given = facts({
      bucket: {
        ...filtered(prefix, suffix),
        ...sample(
          keys.map((key) => entry(key)),
          truncated,
        ),
      },
    });
    return FILTERS.flatMap((check) =>
      judge(check, given).findings.map(({ id, verdict }) => `${id} ${verdict}`),
    );
  };

  it.each([
    ['dt=1/', undefined, ['dt=1/a'], false, ['filter-not-encoded broken']],
    ['a+b/', undefined, ['a+b/c'], false, ['filter-not-encoded suspected']],
    ['dt=1/', undefined, [], false, ['filter-not-encoded risk']],
    [undefined, '*.csv', ['a.csv'], false, ['filter-literal-wildcard broken']],
    [undefined, '*.csv', ['a.csv'], true, ['filter-literal-wildcard suspected']],
    [undefined, '*.csv', [], false, ['filter-literal-wildcard risk']],
    [undefined, '.jpg|.png', [], false, ['filter-literal-wildcard risk']],
    ['fünf/', undefined, [], false, ['filter-not-encoded risk']],
    ['/in/', undefined, ['in/a'], false, ['filter-mismatch suspected']],
    ['/in/', undefined, ['in/a'], true, ['filter-mismatch risk']],
    [undefined, '.jpg', ['a.jpg', 'b.JPG'], false, ['filter-mismatch risk']],
  ])('prefix %s, suffix %s, objects %s (more: %s): %s', (prefix, suffix, keys, truncated, expected) => {
    expect(overall(prefix, suffix, keys, truncated)).toEqual(expected);
  });

  it.each([
    ['in/', undefined, ['out/a', 'b']],
    ['in/', '.jpg', []],
    ['my+folder/', undefined, ['my folder/a']],
    ['my+folder/', undefined, ['my+folder/a', 'my folder/a']],
    ['a+b/', undefined, []],
    [undefined, '*', ['odd*']],
    ['images', undefined, ['images2/a']],
  ])('leaves prefix %s, suffix %s and objects %s alone', (prefix, suffix, keys) => {
    expect(overall(prefix, suffix, keys)).toEqual([]);
  });

  it('sees that another rule has what this one has not', () => {
    const bucket = {
      ...document(rulesTo(withFilter(undefined, '.jpg'), withFilter(undefined, '.JPG'))),
      ...sample([entry('b.JPG'), entry('a.jpg')]),
    };
    expect(judge(filterMismatch, facts({ bucket })).findings).toEqual([]);
  });

  it('says so when objects may not be listed', () => {
    const bucket = { ...filtered('in/'), sample: denied('s3:ListBucketVersions', BUCKET) };
    expect(judge(filterMismatch, facts({ bucket }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:ListBucketVersions' }],
    });
  });
});
