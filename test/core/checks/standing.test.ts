import { describe, expect, it } from 'vitest';
import { handlerOrImport } from '../../../src/core/checks/outcome/handler-or-import.ts';
import { functionTimeout } from '../../../src/core/checks/outcome/function-timeout.ts';
import { denied, read } from '../../../src/core/doctor/reading.ts';
import { ok, seen, withLog, type Shown } from './outcome-support.ts';
import {
  configuration,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  log,
  MINUTE,
  NOW,
  queueArn,
  queueAttributes,
  queueNode,
} from './support.ts';

const IMPORT = ['Runtime.ImportModuleError', "Unable to import module 'app': No module named 'x'"] as const;
const TIMEOUT = ['Sandbox.Timedout', 'Task timed out after 3.00 seconds'] as const;

const broken = (id: string, at: number): Shown => ({ id, at, error: IMPORT, report: { status: 'error' } });
const slow = (id: string, at: number, ...keys: readonly string[]): Shown => ({
  id,
  at,
  keys,
  error: TIMEOUT,
  report: { status: 'timeout' },
});

describe('handler-or-import', () => {
  const findings = (...shown: readonly Shown[]) => judge(handlerOrImport, withLog(shown)).findings;

  it('is certain on the type of the error', () => {
    expect(findings(broken('a', 9))).toMatchObject([
      { verdict: 'broken', severity: 'CODE', node: fnArn(), ruleIds: ['thumbs'], fix: { mode: 'tell' } },
    ]);
  });

  it('is certain after successes: a deployment broke it', () => {
    const [finding] = findings(ok('a', 20, 'a.jpg'), broken('b', 9));
    expect(finding).toMatchObject({ verdict: 'broken' });
    expect(finding?.message).toContain('1 of 2 invocations');
  });

  it('is over when only successes came after it, of whatever trigger', () => {
    expect(findings(broken('a', 20), ok('b', 9))).toEqual([]);
  });

  it('is suspected where successes and failures take turns', () => {
    expect(findings(broken('a', 20), ok('b', 15), broken('c', 10), ok('d', 5))).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('is suspected when the function was updated since', () => {
    const given = withLog([broken('a', 9)], { configuration: { lastModified: NOW - MINUTE } });
    expect(judge(handlerOrImport, given).findings).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('leaves errors of other types alone', () => {
    expect(findings({ id: 'a', at: 9, error: ['KeyError', "'x'"] })).toEqual([]);
  });

  it('attributes what an environment writes before its first invocation', () => {
    const { errors = [], ...rest } = seen(broken('a', 9));
    const early = errors.map(({ invocation: _, ...error }) => ({ ...error, time: error.time - 5_000 }));
    const given = facts({
      functions: { [fnArn()]: functionNode({ log: log({ ...rest, errors: early }) }) },
    });
    expect(judge(handlerOrImport, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it('says so when the log may not be read', () => {
    const node = functionNode({
      log: log({}, { seen: denied('logs:FilterLogEvents', '/aws/lambda/thumbs') }),
    });
    const { findings: none, notChecked } = judge(handlerOrImport, facts({ functions: { [fnArn()]: node } }));
    expect(none).toEqual([]);
    expect(notChecked).toMatchObject([{ check: 'handler-or-import', action: 'logs:FilterLogEvents' }]);
  });

  it('does not take the log of another version, another bucket or another function for its own', () => {
    const other = broken('a', 9);
    expect(findings({ ...other, invocation: { version: '3' } })).toEqual([]);
    expect(findings({ ...other, keys: ['x'], record: { bucket: 'other' } })).toEqual([]);
    const { errors = [], ...rest } = seen(other);
    const stream = '2026/01/02/other[$LATEST]0123';
    const shared = log({
      ...rest,
      invocations: [],
      errors: errors.map((error) => ({ ...error, stream, invocation: undefined })),
    });
    const given = facts({ functions: { [fnArn()]: functionNode({ log: shared }) } });
    expect(judge(handlerOrImport, given).findings).toEqual([]);
  });
});

describe('function-timeout', () => {
  const findings = (...shown: readonly Shown[]) => judge(functionTimeout, withLog(shown)).findings;

  it('is certain on the text, and three times the time is safe', () => {
    expect(findings(slow('a', 9, 'a.jpg'))).toMatchObject([
      {
        verdict: 'broken',
        fix: {
          mode: 'safe',
          actions: [
            { operation: 'UpdateFunctionConfiguration', input: { FunctionName: 'thumbs', Timeout: 9 } },
          ],
        },
      },
    ]);
  });

  it('is over when the time was raised since', () => {
    const given = withLog([slow('a', 9, 'a.jpg')], { configuration: { timeoutSeconds: 30 } });
    expect(judge(functionTimeout, given).findings).toEqual([]);
  });

  it('is over when an event of the bucket came right since', () => {
    expect(findings(slow('a', 9, 'a.jpg'), ok('b', 5, 'b.jpg'))).toEqual([]);
  });

  it('is not over when another trigger came right since', () => {
    expect(findings(slow('a', 9, 'a.jpg'), ok('b', 5))).toMatchObject([{ verdict: 'broken' }]);
  });

  it('does not blame S3 for what another trigger fails at', () => {
    expect(findings(ok('a', 20, 'a.jpg'), slow('b', 15), ok('c', 10, 'c.jpg'), slow('d', 5))).toMatchObject([
      { verdict: 'suspected' },
    ]);
    expect(findings(slow('b', 15), ok('c', 10, 'c.jpg'), slow('d', 7), ok('e', 5, 'e.jpg'))).toEqual([]);
  });

  it('asks about the key alone where its invocation was seen', () => {
    const shown = [ok('a', 9, 'a.jpg'), slow('b', 5, 'b.jpg')];
    const about = (key: string) =>
      judge(functionTimeout, withLog(shown, { question: { key } })).findings.map(({ verdict }) => verdict);
    expect(about('a.jpg')).toEqual([]);
    expect(about('b.jpg')).toEqual(['broken']);
  });

  it('never goes beyond 900 seconds, nor beyond what the queue allows', () => {
    const longest = withLog(
      [{ ...slow('a', 9), error: ['Sandbox.Timedout', 'Task timed out after 900.00 seconds'] }],
      {
        configuration: { timeoutSeconds: 900 },
      },
    );
    expect(judge(functionTimeout, longest).findings).toMatchObject([{ fix: { mode: 'tell', actions: [] } }]);
    const mapping = {
      uuid: 'm',
      functionArn: fnArn(),
      state: 'Enabled',
      batchSize: 10,
      windowSeconds: 0,
      filters: [],
      reportsItemFailures: false,
    };
    const behind = withLog([slow('a', 9)], {
      bucket: {
        notification: read('s3:GetBucketNotification', {
          QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
        }),
      },
      queues: {
        [queueArn()]: queueNode({
          attributes: read('sqs:GetQueueAttributes', queueAttributes({ visibilitySeconds: 5 })),
          mappings: read('lambda:ListEventSourceMappings', [mapping]),
        }),
      },
    });
    expect(judge(functionTimeout, behind).findings).toMatchObject([
      { fix: { actions: [{ input: { Timeout: 5 } }] } },
    ]);
  });

  it('does not offer to change a published version', () => {
    const arn = `${fnArn()}:7`;
    const shown = seen({ ...slow('a', 9), invocation: { version: '7' } });
    const given = facts({
      bucket: {
        notification: read('s3:GetBucketNotification', lambdaDocument({ LambdaFunctionArn: arn })),
      },
      functions: {
        [arn]: functionNode({
          arn,
          qualified: read('lambda:GetFunctionConfiguration', configuration({ version: '7' })),
          log: log(shown),
        }),
      },
    });
    expect(judge(functionTimeout, given).findings).toMatchObject([
      { verdict: 'broken', node: arn, fix: { mode: 'tell' } },
    ]);
  });
});
