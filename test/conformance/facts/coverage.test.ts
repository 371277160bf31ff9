/** The table as a whole: every section of the collection of facts has rows, and every row can be found and read. */
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { collectFacts, type Fact } from './harness.ts';

const SECTIONS: Readonly<Record<string, string>> = {
  '1.1': 'Version drift',
  '1.2': 'Configurable names and record names',
  '2.1': 'Fields of a record',
  '2.2': 'Which object fields are present',
  '2.3': 'Key encoding',
  '2.4': 'sequencer',
  '2.5': 's3:TestEvent',
  '3.1': 'PutBucketNotificationConfiguration: wire form',
  '3.2': 'PutBucketNotificationConfiguration: semantics',
  '3.3': 'Filters',
  '3.4': 'Overlap rule',
  '3.5': 'PutBucketNotificationConfiguration: errors',
  '4.1': 'EventBridge: enabling',
  '4.2': 'EventBridge: detail types and mapping',
  '4.3': 'EventBridge: shape',
  '5.1': 'Lambda: resource policy',
  '5.2': 'Lambda: CreateFunction, states, updates',
  '5.3': 'Lambda: runtimes',
  '5.4': 'Lambda: Invoke',
  '5.5': 'Lambda: asynchronous path',
  '5.6': 'Lambda: recursive loops',
  '5.7': 'Lambda: Runtime API',
  '5.8': 'Logs written by Lambda',
  '6.1': 'FilterLogEvents',
  '6.2': 'GetLogEvents',
  '6.3': 'DescribeLogGroups, DescribeLogStreams',
  '6.4': 'PutLogEvents',
  '6.5': 'CloudWatch Logs: errors',
  '6.6': 'StartLiveTail',
  '6.7': 'StartQuery',
  '6.8': 'Filter pattern syntax',
  '6.9': 'CloudWatch Logs: quotas and classes',
  '7.1': 'SQS and SNS: destination policies',
  '7.2': 'SQS and SNS: encryption',
  '7.3': 'SQS and SNS: what arrives',
  '7.4': 'SQS and SNS: errors',
  '8': 'IAM and STS',
  '9.1': 'CreateBucket',
  '9.2': 'Region handling',
  '9.3': 'Uploads: which API, which event',
  '9.4': 'Versioning',
  '9.5': 'Conditional writes',
  '9.6': 'Checksums',
};

const files = readdirSync(import.meta.dirname)
  .flatMap((name) => /^(\d\d-.*)\.test\.ts$/.exec(name)?.[1] ?? [])
  .sort();

const sectionOf = (id: string) => /^(\d(?:\.\d)?)-[a-z0-9]+(?:-[a-z0-9]+)*$/.exec(id)?.[1] ?? '';

describe('the conformance table', () => {
  const rows = new Map<string, readonly Fact[]>();
  const all = () => [...rows.values()].flat();

  beforeAll(async () => {
    for (const file of files) {
      rows.set(file, await collectFacts(() => import(`./${file}.test.ts`)));
    }
  });

  test('has each row once', () => {
    const ids = all().map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('has its rows in the order of the sections', () => {
    for (const [file, facts] of rows) {
      const sections = facts.map(({ id }) => sectionOf(id));
      expect(sections, file).toEqual([...sections].sort());
    }
  });

  test('has a known section in each id', () => {
    expect(all().filter(({ id }) => !Object.hasOwn(SECTIONS, sectionOf(id)))).toEqual([]);
  });

  test.each(Object.entries(SECTIONS))('has rows of %s, %s', (section) => {
    expect(all().filter(({ id }) => sectionOf(id) === section).length).toBeGreaterThan(0);
  });

  test('says in a sentence what each row expects', () => {
    for (const { id, expectation } of all()) {
      expect(expectation, id).toMatch(/^\S+(?: \S+){2,}$/);
    }
  });
});
