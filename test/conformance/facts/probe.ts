/** Functions that do what the event says, one of Python and one of Node, and the log lines that they leave. */
import { FilterLogEventsCommand, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import {
  InvokeCommand,
  type CreateFunctionCommandInput,
  type InvokeCommandInput,
} from '@aws-sdk/client-lambda';
import { zipOf } from '../../support/function-code.ts';
import type { Target } from './harness.ts';
import { lambdaFunction, type FunctionRef } from './resources.ts';
import { eventually } from './target.ts';

const PYTHON = `
import logging, os

def handler(event, context):
    do = event.get('do')
    if do == 'raise':
        raise ValueError('no such picture')
    if do == 'log':
        print('printed')
        logging.getLogger().warning('logged')
        logging.getLogger().info('not shown')
    return {'env': dict(os.environ), 'requestId': context.aws_request_id}
`;

const NODE = `
export const handler = async (event, context) => {
  switch (event.do) {
    case 'raise':
      throw new TypeError('no such picture');
    case 'exit':
      process.exit(event.status);
    case 'sleep':
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    case 'log':
      console.log('printed');
      return;
    case 'answer-twice': {
      const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
      const answer = await fetch(base + context.awsRequestId + '/response', {
        method: 'POST',
        headers: { 'Lambda-Runtime-Invocation-Id': 'wrong' },
        body: '"stolen"',
      });
      return { status: answer.status, body: await answer.text() };
    }
  }
  const { awsRequestId, invokedFunctionArn, functionName, memoryLimitInMB, logGroupName, clientContext } = context;
  const left = context.getRemainingTimeInMillis();
  return { env: process.env, awsRequestId, invokedFunctionArn, functionName, memoryLimitInMB, logGroupName, clientContext, left };
};
`;

export const PROBES = {
  python: { Runtime: 'python3.12', Handler: 'app.handler', Code: { ZipFile: zipOf('app.py', PYTHON) } },
  node: { Runtime: 'nodejs22.x', Handler: 'app.handler', Code: { ZipFile: zipOf('app.mjs', NODE) } },
} as const satisfies Record<string, Partial<CreateFunctionCommandInput>>;

export const probe = (
  t: Target,
  language: keyof typeof PROBES,
  input: Partial<CreateFunctionCommandInput> = {},
): Promise<FunctionRef> => lambdaFunction(t, { ...PROBES[language], ...input });

export interface Invoked {
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly version: string | undefined;
  readonly requestId: string;
  /** The last lines of its log; empty without LogType Tail. */
  readonly tail: string;
  readonly text: string;
}

export async function invoke(
  t: Target,
  FunctionName: string,
  event: unknown = {},
  input: Partial<InvokeCommandInput> = {},
): Promise<Invoked> {
  const answer = await t.lambda.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), ...input }),
  );
  return {
    status: answer.StatusCode,
    error: answer.FunctionError,
    version: answer.ExecutedVersion,
    requestId: answer.$metadata.requestId ?? '',
    tail: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
    text: Buffer.from(answer.Payload ?? []).toString(),
  };
}

/** All events of the function's group in the order of the log, once `done` holds for their messages. */
export async function logged(
  t: Target,
  { name }: FunctionRef,
  done: (messages: readonly string[]) => boolean,
): Promise<readonly FilteredLogEvent[]> {
  return eventually(async () => {
    const events: FilteredLogEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await t.logs.send(
        new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}`, nextToken }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    const messages = events.map(({ message = '' }) => message);
    if (!done(messages)) throw new Error(`not yet in the log: ${JSON.stringify(messages)}`);
    return events;
  });
}

/** The messages once the invocation has its REPORT. */
export async function messagesOf(t: Target, of: FunctionRef, requestId: string): Promise<readonly string[]> {
  const events = await logged(t, of, (messages) =>
    messages.some((message) => message.startsWith(`REPORT RequestId: ${requestId}`)),
  );
  return events.map(({ message = '' }) => message);
}
