import { PutRolePolicyCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionEventInvokeConfigCommand,
  GetFunctionRecursionConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  type CreateFunctionCommandInput,
  type PutFunctionEventInvokeConfigCommandInput,
} from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { mailbox, type Mailbox } from './mailbox.ts';
import { invoke, logged, probe } from './probe.ts';
import { refused } from './refused.ts';
import { executionRole, lambdaFunction, queue, type FunctionRef } from './resources.ts';
import { eventually } from './target.ts';

const MINUTE = 60_000;
const NEEDS_TIME = 'time that passes';
const clock = createJumpingClock();

const role = shared(executionRole);

/** A role that may send to all queues of the account. */
const sendingRole = shared(async (t: Target) => {
  const arn = await executionRole(t);
  const RoleName = arn.split('/').at(-1) ?? '';
  const PolicyName = 'send';
  const Statement = [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await t.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  t.cleanUp(() => t.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
  return arn;
});

const put = async (t: Target, input: PutFunctionEventInvokeConfigCommandInput) =>
  t.lambda.send(new PutFunctionEventInvokeConfigCommand(input));

interface DestinationRecord {
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

interface Sender extends FunctionRef {
  readonly box: Mailbox;
  /** The record of the event, once it has come. */
  record(event: object): Promise<DestinationRecord>;
}

/** A function whose successes and failures go to a queue. */
async function sender(
  t: Target,
  config: Partial<PutFunctionEventInvokeConfigCommandInput>,
  input: Partial<CreateFunctionCommandInput> = {},
): Promise<Sender> {
  const of = await probe(t, 'node', { Role: await sendingRole(t), ...input });
  const box = mailbox(t, await queue(t));
  const to = { Destination: box.arn };
  // A policy of the role may not be seen at once.
  await eventually(() =>
    put(t, { FunctionName: of.name, DestinationConfig: { OnSuccess: to, OnFailure: to }, ...config }),
  );
  return {
    ...of,
    box,
    async record(event) {
      const mark = JSON.stringify(event);
      const [message] = await eventually(() =>
        box.messages(
          (body) => JSON.stringify((JSON.parse(body) as DestinationRecord).requestPayload) === mark,
          1,
          1,
        ),
      );
      return JSON.parse(message?.Body ?? '') as DestinationRecord;
    },
  };
}

const starts = (messages: readonly string[]) => messages.filter((message) => message.startsWith('START '));
const ends = (messages: readonly string[]) => messages.filter((message) => message.startsWith('REPORT '));

const attempts: readonly Fact[] = [
  {
    id: '5.5-accepted',
    source: 'AWS-doc',
    expectation: 'an event is accepted with 202, whatever becomes of it',
    async run(t) {
      const { name } = await probe(t, 'node', { Role: await role(t) });
      expect(await invoke(t, name, { do: 'raise' }, { InvocationType: 'Event' })).toMatchObject({
        status: 202,
        error: undefined,
        text: '',
      });
    },
  },
  {
    id: '5.5-retries',
    source: 'AWS-recorded',
    expectation:
      'a failing function is tried again one minute and two minutes later with the same request id',
    needs: NEEDS_TIME,
    async run(t) {
      const of = await probe(t, 'node', { Role: await role(t) });
      const { requestId } = await invoke(t, of.name, { do: 'raise' }, { InvocationType: 'Event' });
      const tried = async (count: number) => {
        const events = await logged(t, of, (messages) => ends(messages).length >= count);
        await t.local().idle();
        return starts(events.map(({ message = '' }) => message));
      };
      await tried(1);
      clock.jump(MINUTE - 5_000);
      expect(await tried(1)).toHaveLength(1);
      clock.jump(5_000);
      await tried(2);
      clock.jump(2 * MINUTE - 5_000);
      expect(await tried(2)).toHaveLength(2);
      clock.jump(5_000);
      expect(await tried(3)).toEqual(Array(3).fill(`START RequestId: ${requestId} Version: $LATEST\n`));
      clock.jump(60 * MINUTE);
      expect(await tried(3)).toHaveLength(3);
    },
  },
  {
    id: '5.5-throttled-later',
    source: 'AWS-doc',
    expectation: 'an event that finds no room goes back to the queue and runs later',
    needs: NEEDS_TIME,
    async run(t) {
      const nap = 'export const handler = () => new Promise((done) => setTimeout(done, 200));';
      const of = await lambdaFunction(t, { Role: await role(t), Code: { ZipFile: zipOf('app.mjs', nap) } });
      await t.lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: of.name, ReservedConcurrentExecutions: 1 }),
      );
      for (let i = 0; i < 2; i++) await invoke(t, of.name, { i }, { InvocationType: 'Event' });
      await logged(t, of, (messages) => ends(messages).length === 1);
      clock.jump(2_000);
      await logged(t, of, (messages) => ends(messages).length === 2);
    },
  },
];

const constraint = (value: number, member: string, rule: string) => ({
  status: 400,
  message: `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value ${rule}`,
});

const theFunction = shared(async (t: Target) => probe(t, 'node', { Role: await role(t) }));
const configured = (
  id: string,
  expectation: string,
  input: Partial<PutFunctionEventInvokeConfigCommandInput>,
  expected: Parameters<typeof refused>[2],
  source: Fact['source'] = 'AWS-recorded',
): Fact =>
  refused(
    { id: `5.5-${id}`, source, expectation },
    async (t) => put(t, { FunctionName: (await theFunction(t)).name, ...input }),
    expected,
  );

const configuration: readonly Fact[] = [
  configured(
    'attempts-range',
    'an event is tried again at most twice',
    { MaximumRetryAttempts: 3 },
    constraint(3, 'maximumRetryAttempts', 'less than or equal to 2'),
    'model',
  ),
  configured(
    'age-range-low',
    'an event is kept for at least 60 seconds',
    { MaximumEventAgeInSeconds: 59 },
    constraint(59, 'maximumEventAgeInSeconds', 'greater than or equal to 60'),
    'model',
  ),
  configured(
    'age-range-high',
    'an event is kept for at most 21,600 seconds',
    { MaximumEventAgeInSeconds: 21_601 },
    constraint(21_601, 'maximumEventAgeInSeconds', 'less than or equal to 21600'),
    'model',
  ),
  configured(
    'nothing-given',
    'an event invoke configuration sets something',
    {},
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'You must specify at least one of error handling or destination setting.',
    },
  ),
  configured(
    'config-no-function',
    'the function has to be there',
    { FunctionName: 'doesnotexist', MaximumRetryAttempts: 1 },
    { status: 404, code: 'ResourceNotFoundException', message: "The function doesn't exist." },
  ),
  refused(
    {
      id: '5.5-no-config',
      source: 'AWS-recorded',
      expectation: 'a configuration that was not made is not found',
    },
    async (t) =>
      t.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: (await theFunction(t)).name })),
    async (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `The function ${(await theFunction(t)).arn}:$LATEST doesn't have an EventInvokeConfig`,
    }),
  ),
  refused(
    { id: '5.5-itself', source: 'AWS-recorded', expectation: 'a function is no destination for itself' },
    async (t) => {
      const { name, arn } = await theFunction(t);
      return put(t, { FunctionName: name, DestinationConfig: { OnFailure: { Destination: arn } } });
    },
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: "You can't specify the function as a destination for itself.",
    },
  ),
  refused(
    { id: '5.5-unknown-target', source: 'AWS-recorded', expectation: 'a destination has to be there' },
    async (t) =>
      put(t, {
        FunctionName: (await theFunction(t)).name,
        DestinationConfig: {
          OnFailure: { Destination: `arn:${t.partition}:sqs:${t.region}:${t.account}:nowhere` },
        },
      }),
    (t) => ({
      status: 400,
      code: 'InvalidParameterValueException',
      message: `The destination ARN arn:${t.partition}:sqs:${t.region}:${t.account}:nowhere is invalid.`,
    }),
  ),
  refused(
    { id: '5.5-fifo', source: 'AWS-doc', expectation: 'a FIFO queue is no destination' },
    async (t) => {
      const { name } = await probe(t, 'node', { Role: await sendingRole(t) });
      const { arn } = await queue(t, { fifo: true });
      return put(t, { FunctionName: name, DestinationConfig: { OnFailure: { Destination: arn } } });
    },
    { status: 400 },
  ),
  refused(
    {
      id: '5.5-role-may-not-send',
      source: 'AWS-doc',
      expectation: 'the execution role needs the right to send',
    },
    async (t) => {
      const { arn } = await queue(t);
      const FunctionName = (await theFunction(t)).name;
      return put(t, { FunctionName, DestinationConfig: { OnFailure: { Destination: arn } } });
    },
    { status: 400, code: 'InvalidParameterValueException' },
  ),
];

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const destinations: readonly Fact[] = [
  {
    id: '5.5-record-success',
    source: 'AWS-recorded',
    expectation: 'the record of a success has request and response with their contexts',
    async run(t) {
      const to = await sender(t, {});
      const event = { do: 'log' };
      const { requestId } = await invoke(t, to.name, event, { InvocationType: 'Event' });
      expect(await to.record(event)).toEqual({
        version: '1.0',
        timestamp: expect.stringMatching(ISO) as string,
        requestContext: {
          requestId,
          functionArn: `${to.arn}:$LATEST`,
          condition: 'Success',
          approximateInvokeCount: 1,
        },
        requestPayload: event,
        responseContext: { statusCode: 200, executedVersion: '$LATEST' },
        responsePayload: null,
      });
    },
  },
  {
    id: '5.5-record-failure',
    source: 'AWS-recorded',
    expectation: 'the record of a failure has the condition RetriesExhausted and the error',
    async run(t) {
      const to = await sender(t, { MaximumRetryAttempts: 0 });
      const event = { do: 'raise' };
      const { requestId } = await invoke(t, to.name, event, { InvocationType: 'Event' });
      expect(await to.record(event)).toEqual({
        version: '1.0',
        timestamp: expect.stringMatching(ISO) as string,
        requestContext: {
          requestId,
          functionArn: `${to.arn}:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 1,
        },
        requestPayload: event,
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: expect.objectContaining({
          errorType: 'TypeError',
          errorMessage: 'no such picture',
        }) as object,
      });
    },
  },
  {
    id: '5.5-record-too-old',
    source: 'AWS-recorded',
    expectation: 'an event that gets too old before its next attempt has the condition EventAgeExceeded',
    needs: NEEDS_TIME,
    async run(t) {
      const to = await sender(t, { MaximumEventAgeInSeconds: 60 });
      const event = { do: 'raise' };
      await invoke(t, to.name, event, { InvocationType: 'Event' });
      await logged(t, to, (messages) => ends(messages).length === 1);
      await t.local().idle();
      clock.jump(2 * MINUTE);
      expect((await to.record(event)).requestContext).toMatchObject({ condition: 'EventAgeExceeded' });
    },
  },
  {
    id: '5.5-record-no-concurrency',
    source: 'AWS-recorded',
    expectation: 'without concurrency an event is a failure at once, without attempt and response',
    async run(t) {
      const to = await sender(t, {});
      await t.lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: to.name, ReservedConcurrentExecutions: 0 }),
      );
      const event = { do: 'nothing' };
      const { requestId } = await invoke(t, to.name, event, { InvocationType: 'Event' });
      expect(await to.record(event)).toEqual({
        version: '1.0',
        timestamp: expect.stringMatching(ISO) as string,
        requestContext: {
          requestId,
          functionArn: `${to.arn}:$LATEST`,
          condition: 'ZeroReservedConcurrency',
          approximateInvokeCount: 0,
        },
        requestPayload: event,
      });
    },
  },
  {
    id: '5.5-dead-letter',
    source: 'AWS-recorded',
    expectation: 'a dead letter is the event as it was, with request id, code and message as attributes',
    async run(t) {
      const box = mailbox(t, await queue(t));
      const input = { Role: await sendingRole(t), DeadLetterConfig: { TargetArn: box.arn } };
      const { name } = await probe(t, 'node', input);
      await put(t, { FunctionName: name, MaximumRetryAttempts: 0 });
      const event = { do: 'raise', name: 'Köln' };
      const { requestId } = await invoke(t, name, event, { InvocationType: 'Event' });
      const [letter] = await eventually(() => box.messages(() => true, 1, 1));
      expect(JSON.parse(letter?.Body ?? '')).toEqual(event);
      expect(letter?.MessageAttributes).toEqual({
        RequestID: { DataType: 'String', StringValue: requestId },
        ErrorCode: { DataType: 'Number', StringValue: '200' },
        ErrorMessage: { DataType: 'String', StringValue: 'no such picture' },
      });
    },
  },
];

/** Invokes itself as long as it is let, with the SDK's trace header. */
const LOOP = `
export const handler = async () => {
  const url = process.env.AWS_ENDPOINT_URL + '/2015-03-31/functions/' + process.env.AWS_LAMBDA_FUNCTION_NAME + '/invocations';
  const headers = { 'X-Amz-Invocation-Type': 'Event', 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID };
  return (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
};
`;

const recursion: readonly Fact[] = [
  {
    id: '5.6-default',
    source: 'AWS-recorded',
    expectation: 'a loop is terminated unless the function allows it',
    async run(t) {
      const FunctionName = (await theFunction(t)).name;
      const read = async () =>
        (await t.lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName }))).RecursiveLoop;
      expect(await read()).toBe('Terminate');
      await t.lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Allow' }));
      expect(await read()).toBe('Allow');
    },
  },
  {
    id: '5.6-stopped',
    source: 'AWS-doc',
    expectation: 'after about sixteen invocations in one chain the next one is stopped',
    needs: 'a function that calls without a signature',
    async run(t) {
      const of = await lambdaFunction(t, { Role: await role(t), Code: { ZipFile: zipOf('app.mjs', LOOP) } });
      await invoke(t, of.name);
      const entry = await t
        .local()
        .journal.waitFor((e) => e.type === 'invocation' && e.outcome === 'dropped');
      expect(entry).toBeDefined();
      const events = await logged(t, of, (messages) => ends(messages).length >= 16);
      expect(starts(events.map(({ message = '' }) => message))).toHaveLength(16);
    },
  },
];

describeFacts('5.5 asynchronous path', [...attempts, ...configuration, ...destinations, ...recursion], {
  clock,
});
