import {
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { invoke, logged, messagesOf, probe } from './probe.ts';
import { executionRole, lambdaFunction } from './resources.ts';
import { eventually } from './target.ts';

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}Z`;
const role = shared(executionRole);

/** A cold and a warm invocation that print, one that fails, and the log of all three. */
const runs = async (t: Target, language: 'python' | 'node') => {
  const of = await probe(t, language, { Role: await role(t) });
  const cold = await invoke(t, of.name, { do: 'log' }, { LogType: 'Tail' });
  const warm = await invoke(t, of.name, { do: 'log' });
  const failed = await invoke(t, of.name, { do: 'raise' });
  const events = await logged(t, of, (messages) =>
    messages.some((message) => message.startsWith(`REPORT RequestId: ${failed.requestId}`)),
  );
  return { of, cold, warm, failed, events, messages: events.map(({ message = '' }) => message) };
};
const python = shared((t: Target) => runs(t, 'python'));
const node = shared((t: Target) => runs(t, 'node'));

const report = (id: string, end: string) =>
  new RegExp(
    `^REPORT RequestId: ${id}\tDuration: \\d+\\.\\d\\d ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\t${end}$`,
  );

const text: readonly Fact[] = [
  {
    id: '5.8-group-and-stream',
    source: 'AWS-recorded',
    expectation:
      'Lambda makes the group /aws/lambda/<name> and one stream per environment, named by day and version',
    async run(t) {
      const { events } = await python(t);
      const streams = new Set(events.map(({ logStreamName }) => logStreamName));
      expect([...streams]).toEqual([expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)]);
    },
  },
  {
    id: '5.8-init-start',
    source: 'AWS-recorded',
    expectation: 'the log of an environment begins with INIT_START, a tab before the ARN',
    async run(t) {
      expect((await python(t)).messages[0]).toMatch(
        /^INIT_START Runtime Version: python:3\.12\.\S*v\d+\tRuntime Version ARN: arn:\S+\n$/,
      );
      expect((await node(t)).messages[0]).toMatch(
        /^INIT_START Runtime Version: nodejs:22\.\S*v\d+\tRuntime Version ARN: arn:\S+\n$/,
      );
    },
  },
  {
    id: '5.8-start-end',
    source: 'AWS-recorded',
    expectation: 'an invocation stands between START with the version and END',
    async run(t) {
      for (const { messages, warm } of [await python(t), await node(t)]) {
        expect(messages).toContain(`START RequestId: ${warm.requestId} Version: $LATEST\n`);
        expect(messages).toContain(`END RequestId: ${warm.requestId}\n`);
      }
    },
  },
  {
    id: '5.8-report-cold',
    source: 'AWS-recorded',
    expectation: 'REPORT of a cold start has an Init Duration, a trailing tab and a line feed',
    async run(t) {
      const { messages, cold } = await python(t);
      expect(messages.find((message) => message.startsWith(`REPORT RequestId: ${cold.requestId}`))).toMatch(
        report(cold.requestId, 'Init Duration: \\d+\\.\\d\\d ms\t\n'),
      );
    },
  },
  {
    id: '5.8-report-warm',
    source: 'AWS-recorded',
    expectation: 'REPORT of a warm environment has none',
    async run(t) {
      const { messages, warm } = await python(t);
      expect(messages.find((message) => message.startsWith(`REPORT RequestId: ${warm.requestId}`))).toMatch(
        report(warm.requestId, '\n'),
      );
    },
  },
  {
    id: '5.8-billed-init',
    source: 'second-hand',
    expectation: 'the billed duration of a cold start includes its initialisation',
    async run(t) {
      const { messages, cold } = await node(t);
      const line =
        messages.find((message) => message.startsWith(`REPORT RequestId: ${cold.requestId}`)) ?? '';
      const figure = (name: string) => Number(new RegExp(`\t${name}: ([\\d.]+) ms`).exec(line)?.[1]);
      expect(figure('Billed Duration')).toBe(Math.ceil(figure('Duration') + figure('Init Duration')));
    },
  },
  {
    id: '5.8-tail-without-init',
    source: 'AWS-recorded',
    expectation: 'X-Amz-Log-Result has no INIT_START',
    async run(t) {
      const { tail, requestId } = (await python(t)).cold;
      expect(tail).not.toContain('INIT_START');
      expect(tail).toMatch(new RegExp(`^START RequestId: ${requestId} `));
    },
  },
  {
    id: '5.8-python-print',
    source: 'AWS-recorded',
    expectation: 'what Python prints is written as it is, and the logger has level, time and id before it',
    async run(t) {
      const { messages, warm } = await python(t);
      expect(messages).toContain('printed\n');
      expect(messages).toContainEqual(
        expect.stringMatching(`^\\[WARNING\\]\t${TIME}\t${warm.requestId}\tlogged\n$`),
      );
    },
  },
  {
    id: '5.8-python-level',
    source: 'AWS-doc',
    expectation: 'in plain text Python logs from WARN on',
    async run(t) {
      expect((await python(t)).messages.join('')).not.toContain('not shown');
    },
  },
  {
    id: '5.8-python-error',
    source: 'AWS-recorded',
    expectation: 'an exception of Python is one event, its lines indented with no-break spaces',
    async run(t) {
      const { messages } = await python(t);
      const event = messages.find((message) => message.startsWith('[ERROR] ')) ?? '';
      expect(event).toMatch(
        /^\[ERROR\] ValueError: no such picture\nTraceback \(most recent call last\):\n\u00a0/,
      );
      expect(event).not.toMatch(/\n /);
    },
  },
  {
    id: '5.8-node-print',
    source: 'AWS-recorded',
    expectation: 'a line of Node has time, id and level before it',
    async run(t) {
      const { messages, warm } = await node(t);
      expect(messages).toContainEqual(expect.stringMatching(`^${TIME}\t${warm.requestId}\tINFO\tprinted\n$`));
    },
  },
  {
    id: '5.8-node-error',
    source: 'second-hand',
    expectation: 'an exception of Node is logged as Invoke Error with JSON',
    async run(t) {
      const { messages, failed } = await node(t);
      const line = messages.find((message) => message.includes('Invoke Error')) ?? '';
      const [before, json = ''] = line.split('Invoke Error \t');
      expect(before).toMatch(new RegExp(`^${TIME}\t${failed.requestId}\tERROR\t$`));
      expect(JSON.parse(json)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such picture' });
    },
  },
  {
    id: '5.8-report-timeout',
    source: 'second-hand',
    expectation: 'REPORT of a timeout ends with its status',
    async run(t) {
      const of = await probe(t, 'node', { Role: await role(t), Timeout: 1 });
      const { requestId } = await invoke(t, of.name, { do: 'sleep' });
      const messages = await messagesOf(t, of, requestId);
      expect(messages.find((message) => message.startsWith('REPORT'))).toMatch(/\tStatus: timeout\n$/);
    },
  },
  {
    id: '5.8-report-exit',
    source: 'second-hand',
    expectation: 'REPORT of a process that ended has the status error and the type',
    async run(t) {
      const { of } = await node(t);
      const { requestId } = await invoke(t, of.name, { do: 'exit', status: 3 });
      const messages = await messagesOf(t, of, requestId);
      expect(messages.find((message) => message.startsWith(`REPORT RequestId: ${requestId}`))).toMatch(
        /\tStatus: error\tError Type: Runtime\.ExitError\n$/,
      );
    },
  },
];

/** A function that fails to start: type and message of the answer. */
async function broken(t: Target, input: Partial<CreateFunctionCommandInput>) {
  const of = await lambdaFunction(t, { Role: await role(t), ...input });
  const answer = await invoke(t, of.name);
  return { of, ...answer, ...(JSON.parse(answer.text) as { errorType: string; errorMessage: string }) };
}
const brokenPython = shared((t: Target) =>
  broken(t, { Runtime: 'python3.12', Code: { ZipFile: zipOf('app.py', 'import nosuchmodule\n') } }),
);
const brokenNode = shared((t: Target) =>
  broken(t, { Code: { ZipFile: zipOf('other.mjs', 'export const handler = async () => 1;') } }),
);

const failures: readonly Fact[] = [
  {
    id: '5.8-init-report',
    source: 'second-hand',
    expectation: 'a failed initialisation is reported for the phase init, and again for invoke',
    async run(t) {
      const { of, requestId } = await brokenPython(t);
      const reports = (await messagesOf(t, of, requestId)).filter((message) =>
        message.startsWith('INIT_REPORT'),
      );
      const line = (phase: string) =>
        expect.stringMatching(
          `^INIT_REPORT Init Duration: \\d+\\.\\d\\d ms\tPhase: ${phase}\tStatus: error\tError Type: Runtime\\.ImportModuleError\n$`,
        ) as string;
      expect(reports).toEqual([line('init'), line('invoke')]);
    },
  },
  {
    id: '5.8-node-init-error',
    source: 'second-hand',
    expectation: 'a failed initialisation of Node is an Uncaught Exception without a request id',
    async run(t) {
      const { of, requestId } = await brokenNode(t);
      const messages = await messagesOf(t, of, requestId);
      const line = messages.find((message) => message.includes('Uncaught Exception')) ?? '';
      const [before, json = ''] = line.split('Uncaught Exception \t');
      expect(before).toMatch(new RegExp(`^${TIME}\tundefined\tERROR\t$`));
      expect(JSON.parse(json)).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
    },
  },
  {
    id: '5.8-import-python',
    source: 'AWS-doc',
    expectation: 'a module that Python cannot import is named',
    async run(t) {
      expect(await brokenPython(t)).toMatchObject({
        errorType: 'Runtime.ImportModuleError',
        errorMessage: "Unable to import module 'app': No module named 'nosuchmodule'",
      });
    },
  },
  {
    id: '5.8-import-node',
    source: 'AWS-doc',
    expectation: 'a module that Node cannot find is named',
    async run(t) {
      const { errorType, errorMessage } = await brokenNode(t);
      expect(errorType).toBe('Runtime.ImportModuleError');
      expect(errorMessage).toMatch(/^Error: Cannot find module 'app'/);
    },
  },
  {
    id: '5.8-handler-python',
    source: 'AWS-doc',
    expectation: 'a handler that the module of Python does not have is named',
    async run(t) {
      const code = { ZipFile: zipOf('app.py', 'def other(event, context):\n    pass\n') };
      expect(await broken(t, { Runtime: 'python3.12', Code: code })).toMatchObject({
        errorType: 'Runtime.HandlerNotFound',
        errorMessage: "Handler 'handler' missing on module 'app'",
      });
    },
  },
  {
    id: '5.8-handler-node',
    source: 'AWS-doc',
    expectation: 'a handler that the module of Node does not have is named',
    async run(t) {
      const code = { ZipFile: zipOf('app.mjs', 'export const other = async () => 1;') };
      expect(await broken(t, { Code: code })).toMatchObject({
        errorType: 'Runtime.HandlerNotFound',
        errorMessage: 'app.handler is undefined or not exported',
      });
    },
  },
  {
    id: '5.8-syntax',
    source: 'AWS-doc',
    expectation: 'code that cannot be read is a UserCodeSyntaxError',
    async run(t) {
      const { errorType } = await broken(t, { Code: { ZipFile: zipOf('app.mjs', 'export const = ;') } });
      expect(errorType).toBe('Runtime.UserCodeSyntaxError');
    },
  },
];

/** The lines of a JSON log, those of the system by their type. */
const jsonRuns = shared(async (t: Target) => {
  const of = await probe(t, 'node', { Role: await role(t), LoggingConfig: { LogFormat: 'JSON' } });
  const good = await invoke(t, of.name, { do: 'log' });
  const failed = await invoke(t, of.name, { do: 'raise' });
  const events = await logged(t, of, (messages) =>
    messages.some((message) => message.includes('platform.report') && message.includes(failed.requestId)),
  );
  const lines = events.map(({ message = '' }) => JSON.parse(message) as Readonly<Record<string, unknown>>);
  return { of, good, failed, lines };
});

const json: readonly Fact[] = [
  {
    id: '5.8-json-system',
    source: 'AWS-doc',
    expectation: 'at level INFO a good invocation shows initStart, start and report, with time and record',
    async run(t) {
      const { lines, failed } = await jsonRuns(t);
      const system = lines.filter(({ type }) => type !== undefined);
      const before = system.slice(
        0,
        system.findIndex((line) => JSON.stringify(line).includes(failed.requestId)),
      );
      expect(before.map(({ type }) => type)).toEqual([
        'platform.initStart',
        'platform.start',
        'platform.report',
      ]);
      for (const line of before) expect(Object.keys(line)).toEqual(['time', 'type', 'record']);
    },
  },
  {
    id: '5.8-json-report',
    source: 'AWS-doc',
    expectation: 'platform.report has request id, status and figures',
    async run(t) {
      const { lines, good } = await jsonRuns(t);
      const { record } = lines.find(({ type }) => type === 'platform.report') ?? {};
      expect(record).toMatchObject({
        requestId: good.requestId,
        status: 'success',
        metrics: {
          durationMs: expect.any(Number) as number,
          billedDurationMs: expect.any(Number) as number,
          memorySizeMB: 128,
          maxMemoryUsedMB: expect.any(Number) as number,
          initDurationMs: expect.any(Number) as number,
        },
      });
    },
  },
  {
    id: '5.8-json-failure',
    source: 'second-hand',
    expectation: 'a failed invocation shows its runtimeDone too, and reports the status error',
    async run(t) {
      const { lines, failed } = await jsonRuns(t);
      const system = lines.filter(
        ({ type, record }) =>
          type !== undefined && (record as { requestId?: string }).requestId === failed.requestId,
      );
      expect(system.map(({ type }) => type)).toEqual([
        'platform.start',
        'platform.runtimeDone',
        'platform.report',
      ]);
      expect(system.at(-1)?.record).toMatchObject({ status: 'error' });
    },
  },
  {
    id: '5.8-json-application',
    source: 'AWS-doc',
    expectation: 'a line of the application has timestamp, level, message and request id',
    async run(t) {
      const { lines, good } = await jsonRuns(t);
      expect(lines.find(({ message }) => message === 'printed')).toEqual({
        timestamp: expect.stringMatching(`^${TIME}$`) as string,
        level: 'INFO',
        requestId: good.requestId,
        message: 'printed',
      });
    },
  },
  {
    id: '5.8-json-levels',
    source: 'AWS-recorded',
    expectation: 'JSON has both levels INFO in GetFunction, and going back to text drops them',
    async run(t) {
      const FunctionName = (await jsonRuns(t)).of.name;
      const config = async () =>
        (await t.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).LoggingConfig;
      const LogGroup = `/aws/lambda/${FunctionName}`;
      expect(await config()).toEqual({
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        SystemLogLevel: 'INFO',
        LogGroup,
      });
      const LoggingConfig = { LogFormat: 'Text' as const };
      await t.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, LoggingConfig }));
      await eventually(async () => expect(await config()).toEqual({ LogFormat: 'Text', LogGroup }));
    },
  },
];

describeFacts('5.8 logs of Lambda', [...text, ...failures, ...json]);
