import { InvokeCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { invoke, probe } from './probe.ts';
import { refused } from './refused.ts';
import { executionRole, lambdaFunction } from './resources.ts';
import { eventually, refusal } from './target.ts';

const role = shared(executionRole);
const python = shared(async (t: Target) => probe(t, 'python', { Role: await role(t) }));
const node = shared(async (t: Target) => probe(t, 'node', { Role: await role(t) }));
/** Never runs. */
const idle = shared(async (t: Target) => probe(t, 'node', { Role: await role(t) }));

const json = (text: string) => JSON.parse(text) as Readonly<Record<string, unknown>>;

const environment: readonly Fact[] = [
  {
    id: '5.3-environment',
    source: 'AWS-recorded',
    expectation: "the environment of a function has Lambda's reserved variables",
    async run(t) {
      for (const { name, runtime } of [
        { ...(await python(t)), runtime: 'python3.12' },
        { ...(await node(t)), runtime: 'nodejs22.x' },
      ]) {
        const { text } = await invoke(t, name);
        expect(json(text).env).toMatchObject({
          AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
          AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^[\d.]+:\d+/) as string,
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
          AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
          AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(
            /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/,
          ) as string,
          // /var/task and /var/runtime on AWS; folders of its own in a sandbox, which has no container.
          LAMBDA_TASK_ROOT: expect.stringMatching(/^\//) as string,
          LAMBDA_RUNTIME_DIR: expect.stringMatching(/^\//) as string,
          TZ: ':UTC',
          LANG: 'en_US.UTF-8',
        });
      }
    },
  },
];

const invoking: readonly Fact[] = [
  {
    id: '5.4-statuses',
    source: 'AWS-recorded',
    expectation: 'RequestResponse answers 200, Event 202 without a body, DryRun 204',
    async run(t) {
      const { name } = await node(t);
      const answers = [
        await invoke(t, name, {}),
        await invoke(t, name, {}, { InvocationType: 'Event' }),
        await invoke(t, name, {}, { InvocationType: 'DryRun' }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 202, 204]);
      expect(answers.slice(1).map(({ text }) => text)).toEqual(['', '']);
    },
  },
  {
    id: '5.4-headers',
    source: 'model',
    expectation: 'the answer names the version, and with LogType Tail has the end of the log',
    async run(t) {
      const { name } = await node(t);
      expect(await invoke(t, name, {})).toMatchObject({ version: '$LATEST', tail: '', error: undefined });
      const { tail, requestId } = await invoke(t, name, { do: 'log' }, { LogType: 'Tail' });
      expect(tail).toMatch(/\tprinted\n/);
      expect(tail).toContain(`REPORT RequestId: ${requestId}\t`);
      expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4096);
    },
  },
  {
    id: '5.4-error-python',
    source: 'AWS-recorded',
    expectation: 'an exception of Python is a 200 with message, type, request id and stack trace',
    async run(t) {
      const answer = await invoke(t, (await python(t)).name, { do: 'raise' });
      expect(answer).toMatchObject({ status: 200, error: 'Unhandled' });
      expect(json(answer.text)).toEqual({
        errorMessage: 'no such picture',
        errorType: 'ValueError',
        requestId: answer.requestId,
        stackTrace: expect.any(Array) as string[],
      });
    },
  },
  {
    id: '5.4-error-node',
    source: 'AWS-recorded',
    expectation: 'an exception of Node is a 200 with type, message and trace',
    async run(t) {
      const answer = await invoke(t, (await node(t)).name, { do: 'raise' });
      expect(answer).toMatchObject({ status: 200, error: 'Unhandled' });
      expect(json(answer.text)).toEqual({
        errorType: 'TypeError',
        errorMessage: 'no such picture',
        trace: expect.arrayContaining(['TypeError: no such picture']) as string[],
      });
    },
  },
  {
    id: '5.4-error-import',
    source: 'AWS-recorded',
    expectation: 'what fails at the import of Python has an empty request id',
    async run(t) {
      const { name } = await lambdaFunction(t, {
        Role: await role(t),
        Runtime: 'python3.12',
        Code: { ZipFile: zipOf('app.py', 'import nosuchmodule\n') },
      });
      const { text } = await invoke(t, name);
      expect(json(text)).toMatchObject({
        errorMessage: "Unable to import module 'app': No module named 'nosuchmodule'",
        errorType: 'Runtime.ImportModuleError',
        requestId: '',
      });
    },
  },
  {
    id: '5.4-timeout',
    source: 'AWS-recorded',
    expectation: 'a function that takes too long is a 200 with Sandbox.Timedout',
    async run(t) {
      const { name } = await probe(t, 'node', { Role: await role(t), Timeout: 1 });
      const { status, error, text, requestId } = await invoke(t, name, { do: 'sleep' });
      expect([status, error]).toEqual([200, 'Unhandled']);
      expect(json(text)).toEqual({
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after 1.00 seconds`,
      });
    },
  },
  {
    id: '5.4-exit',
    source: 'AWS-recorded',
    expectation: 'a process that ends is a 200 with Runtime.ExitError, and the status if it has one',
    async run(t) {
      const { name } = await node(t);
      const ended = async (status: number) => {
        const { text, requestId } = await invoke(t, name, { do: 'exit', status });
        return { ...json(text), requestId };
      };
      const [good, bad] = [await ended(0), await ended(127)];
      expect([good, bad]).toEqual([
        {
          errorType: 'Runtime.ExitError',
          errorMessage: `RequestId: ${good.requestId} Error: Runtime exited without providing a reason`,
          requestId: good.requestId,
        },
        {
          errorType: 'Runtime.ExitError',
          errorMessage: `RequestId: ${bad.requestId} Error: Runtime exited with error: exit status 127`,
          requestId: bad.requestId,
        },
      ]);
    },
  },
  refused(
    {
      id: '5.4-no-function',
      source: 'AWS-recorded',
      expectation: 'a function that is not there is not found',
    },
    (t) => invoke(t, 'doesnotexist'),
    (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `Function not found: arn:${t.partition}:lambda:${t.region}:${t.account}:function:doesnotexist`,
    }),
  ),
  refused(
    {
      id: '5.4-no-function-latest',
      source: 'AWS-recorded',
      expectation: 'the text has the qualifier that was given',
    },
    (t) => invoke(t, 'doesnotexist', {}, { Qualifier: '$LATEST' }),
    (t) => ({
      status: 404,
      message: `Function not found: arn:${t.partition}:lambda:${t.region}:${t.account}:function:doesnotexist:$LATEST`,
    }),
  ),
  refused(
    { id: '5.4-bad-json', source: 'AWS-recorded', expectation: 'a payload that is no JSON is refused' },
    async (t) =>
      t.lambda.send(new InvokeCommand({ FunctionName: (await idle(t)).name, Payload: Buffer.from('{') })),
    {
      status: 400,
      code: 'InvalidRequestContentException',
      message: /^Could not parse request body into json: Could not parse payload into json: /,
    },
  ),
  {
    id: '5.4-throttled',
    source: 'AWS-recorded',
    expectation: 'without concurrency an invocation is throttled, with a reason',
    async run(t) {
      const { name } = await probe(t, 'node', { Role: await role(t) });
      await t.lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }),
      );
      await eventually(async () => {
        expect(await refusal(invoke(t, name))).toMatchObject({
          status: 429,
          code: 'TooManyRequestsException',
          message: 'Rate Exceeded.',
          members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
        });
      });
    },
  },
  refused(
    { id: '5.4-payload-quota', source: 'AWS-doc', expectation: 'a synchronous payload has at most 6 MB' },
    async (t) => invoke(t, (await idle(t)).name, 'x'.repeat(6 * 1_048_576)),
    { status: 413 },
  ),
  refused(
    { id: '5.4-payload-quota-event', source: 'AWS-doc', expectation: 'an event has at most 1 MB' },
    async (t) => invoke(t, (await idle(t)).name, 'x'.repeat(1_048_576), { InvocationType: 'Event' }),
    { status: 413 },
  ),
];

const runtimeApi: readonly Fact[] = [
  {
    id: '5.7-context',
    source: 'AWS-doc',
    expectation: 'what the Runtime API says of an invocation is the context of the handler',
    async run(t) {
      const { name, arn } = await node(t);
      const ClientContext = Buffer.from('{"custom":{"a":"b"}}').toString('base64');
      const { text, requestId } = await invoke(t, name, {}, { ClientContext });
      const context = json(text);
      expect(context).toMatchObject({
        awsRequestId: requestId,
        invokedFunctionArn: arn,
        functionName: name,
        memoryLimitInMB: '128',
        logGroupName: `/aws/lambda/${name}`,
        clientContext: { custom: { a: 'b' } },
      });
      expect(context.left).toBeGreaterThan(10_000);
      expect(context.left).toBeLessThanOrEqual(30_000);
    },
  },
  {
    id: '5.7-invocation-id',
    source: 'AWS-doc',
    expectation: 'an answer with the id of another attempt is refused with 400 InvalidInvocationId',
    async run(t) {
      const { text } = await invoke(t, (await node(t)).name, { do: 'answer-twice' });
      expect(json(text)).toMatchObject({
        status: 400,
        body: expect.stringContaining('InvalidInvocationId') as string,
      });
    },
  },
];

describeFacts('5 running functions', [...environment, ...invoking, ...runtimeApi]);
