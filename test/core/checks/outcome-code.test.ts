import { describe, expect, it } from 'vitest';
import { archivedObject } from '../../../src/core/checks/outcome/archived-object.ts';
import { eventbridgeKeyDecodedTwice } from '../../../src/core/checks/outcome/eventbridge-key-decoded-twice.ts';
import { memoryOrTmpExhausted } from '../../../src/core/checks/outcome/memory-or-tmp-exhausted.ts';
import { objectGoneOrReplaced } from '../../../src/core/checks/outcome/object-gone-or-replaced.ts';
import { vpcNoRoute } from '../../../src/core/checks/outcome/vpc-no-route.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { objectOf, ok, s3Error, sampleOf, withLog, type Given, type Shown } from './outcome-support.ts';
import { facts, fnArn, functionNode, judge, log, MINUTE, NOW } from './support.ts';

const TIMEOUT = ['Sandbox.Timedout', 'Task timed out after 3.00 seconds'] as const;
const HANGS = [
  'ConnectTimeoutError',
  'Connect timeout on endpoint URL: "https://photos.s3.eu-west-1.amazonaws.com/a.jpg"',
] as const;
const bad = (error: readonly [string, string], over: Partial<Shown> = {}): Shown => ({
  id: 'bad',
  at: 9,
  keys: ['a.jpg'],
  error,
  ...over,
});

describe('vpc-no-route', () => {
  const vpc: Given = { configuration: { subnetIds: ['subnet-1'] } };
  const findings = (shown: readonly Shown[], given: Given = vpc) =>
    judge(vpcNoRoute, withLog(shown, given)).findings;
  const slow = bad(TIMEOUT);
  const line: Shown = { ...bad(['', HANGS[1]]), id: 'bad' };

  it('is certain when all run out of time and a line names the connection that hangs', () => {
    const shown = [{ ...slow, id: 'b', at: 8 }, line, slow];
    expect(findings(shown)).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
  });

  it('is suspected on time-outs alone, and on a connection alone', () => {
    expect(findings([slow])).toMatchObject([{ verdict: 'suspected' }]);
    expect(findings([bad(HANGS)])).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is nothing outside of a VPC, and where anything succeeded', () => {
    expect(findings([slow, line], {})).toEqual([]);
    expect(findings([ok('a', 20), line, slow])).toEqual([]);
    expect(findings([slow, bad(['KeyError', "'x'"], { id: 'c' })])).toEqual([]);
  });
});

describe('memory-or-tmp-exhausted', () => {
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(memoryOrTmpExhausted, withLog(shown, given)).findings;
  const full = { status: 'error', maxMemoryMb: 128 } as const;

  it('is certain on the signal and the report at its limit', () => {
    expect(
      findings([bad(['Runtime.ExitError', 'Runtime exited with error: signal: killed'], { report: full })]),
    ).toMatchObject([{ verdict: 'broken', fix: { mode: 'ask', actions: [{ input: { MemorySize: 256 } }] } }]);
    expect(findings([bad(['Runtime.OutOfMemory', ''], { report: full })])).toMatchObject([
      { verdict: 'broken' },
    ]);
  });

  it('is suspected on one signal alone', () => {
    expect(findings([bad(['Runtime.OutOfMemory', ''], { report: { status: 'error' } })])).toMatchObject([
      { verdict: 'suspected' },
    ]);
    const ended = ['Runtime.ExitError', 'Runtime exited without providing a reason'] as const;
    expect(findings([bad(ended, { report: full })])).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is not it when the program ended with memory to spare, or has more by now', () => {
    const ended = ['Runtime.ExitError', 'Runtime exited without providing a reason'] as const;
    expect(findings([bad(ended, { report: { status: 'error' } })])).toEqual([]);
    const more = { configuration: { memoryMb: 512 } };
    expect(findings([bad(['Runtime.OutOfMemory', ''], { report: full })], more)).toEqual([]);
  });

  it('is certain of a full /tmp, unless another file system is mounted', () => {
    const shown = [bad(['OSError', '[Errno 28] No space left on device'])];
    expect(findings(shown)).toMatchObject([
      { verdict: 'broken', fix: { actions: [{ input: { EphemeralStorage: { Size: 1024 } } }] } },
    ]);
    expect(findings(shown, { configuration: { fileSystems: ['arn:efs'] } })).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });
});

describe('eventbridge-key-decoded-twice', () => {
  const record = { via: ['eventbridge'], key: 'a+b.jpg', rawKey: 'a+b.jpg', configurationId: undefined };
  const findings = (shown: readonly Shown[], ...keys: readonly string[]) =>
    judge(eventbridgeKeyDecodedTwice, withLog(shown, { bucket: { sample: sampleOf(...keys) } })).findings;
  const missing = bad(s3Error('NoSuchKey'), { record });

  it('is certain when S3 has the key of the event', () => {
    expect(findings([missing], 'a+b.jpg')).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
  });

  it('is suspected when the text does not say what was asked for', () => {
    expect(findings([bad(['NotFound', 'UnknownError'], { record })], 'a+b.jpg')).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('is nothing without the object, without special characters, and for other ways', () => {
    expect(findings([missing])).toEqual([]);
    expect(findings([bad(s3Error('NoSuchKey'), { record: { via: ['eventbridge'] } })], 'a.jpg')).toEqual([]);
    expect(findings([bad(s3Error('NoSuchKey'), { record: { ...record, via: [] } })], 'a+b.jpg')).toEqual([]);
    expect(findings([bad(s3Error('AccessDenied'), { record })], 'a+b.jpg')).toEqual([]);
  });
});

describe('archived-object', () => {
  const findings = (shown: readonly Shown[], head?: Readonly<Record<string, unknown>>) =>
    judge(
      archivedObject,
      withLog(shown, head ? { question: { key: 'a.jpg' }, object: objectOf('a.jpg', head) } : {}),
    ).findings;
  const refused = bad(s3Error('InvalidObjectState', 'GetObject', "not valid for the object's storage class"));

  it('is certain on the text, and lets the rule take restored objects', () => {
    expect(findings([refused])).toMatchObject([
      {
        verdict: 'broken',
        fix: { actions: [{ edits: [{ events: ['s3:ObjectCreated:*', 's3:ObjectRestore:Completed'] }] }] },
      },
    ]);
  });

  it('is suspected of an archived object that nothing is known of', () => {
    expect(findings([], { storageClass: 'DEEP_ARCHIVE' })).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is nothing for what can be read', () => {
    expect(findings([], { storageClass: 'GLACIER_IR' })).toEqual([]);
    const restored = { storageClass: 'GLACIER', restore: 'ongoing-request="false", expiry-date="x"' };
    expect(findings([], restored)).toEqual([]);
    expect(findings([refused], restored)).toEqual([]);
    expect(findings([ok('a', 9, 'a.jpg')], { storageClass: 'GLACIER' })).toEqual([]);
  });
});

describe('object-gone-or-replaced', () => {
  const findings = (shown: readonly Shown[], given: Given = { bucket: { sample: sampleOf() } }) =>
    judge(objectGoneOrReplaced, withLog(shown, given)).findings;
  const missing = bad(s3Error('NoSuchKey'));
  const marker = (modified: number) => ({
    question: { key: 'a.jpg' },
    object: {
      key: 'a.jpg',
      head: absent('s3:GetObject'),
      versions: read('s3:ListBucketVersions', [
        { key: 'a.jpg', versionId: 'v2', latest: true, deleteMarker: true, modified, size: 0 },
      ]),
    },
  });

  it('is certain with a delete marker between the event and the read', () => {
    expect(findings([missing], marker(NOW - 9 * MINUTE + 300))).toMatchObject([
      { verdict: 'broken', severity: 'SOME', fix: { mode: 'tell' } },
    ]);
    expect(findings([missing], marker(NOW - MINUTE))).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is certain when the event says that the object is deleted', () => {
    const removed = bad(s3Error('NoSuchKey'), { record: { eventName: 'ObjectRemoved:Delete' } });
    expect(findings([removed])).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is suspected without versions', () => {
    expect(findings([missing])).toMatchObject([{ verdict: 'suspected' }]);
    const again = { question: { key: 'a.jpg' }, object: objectOf('a.jpg', { modified: NOW - MINUTE }) };
    expect(findings([missing], again)).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is not it when the object was there all the time, or the error was caught, or the key was not decoded', () => {
    expect(findings([missing], { question: { key: 'a.jpg' }, object: objectOf('a.jpg') })).toEqual([]);
    expect(findings([bad(['', s3Error('NoSuchKey')[1]])])).toEqual([]);
    expect(findings([bad(s3Error('NoSuchKey'), { keys: ['a+b.jpg'] })])).toEqual([]);
  });

  it('is over when all that came later was read', () => {
    expect(findings([missing, ok('b', 5, 'b.jpg')])).toEqual([]);
  });
});

describe('a log that may not be read', () => {
  it.each([
    vpcNoRoute,
    memoryOrTmpExhausted,
    eventbridgeKeyDecodedTwice,
    archivedObject,
    objectGoneOrReplaced,
  ])('is noted by $id', (check) => {
    const node = functionNode({ log: log({}, { seen: denied('logs:FilterLogEvents', 'group') }) });
    const { findings, notChecked } = judge(check, facts({ functions: { [fnArn()]: node } }));
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ check: check.id, action: 'logs:FilterLogEvents' }]);
  });
});
