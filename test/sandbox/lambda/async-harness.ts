/** The queue of asynchronous events over functions of this process and real queues, topics and buses, on a manual clock. */
import type { InvocationRequest, InvocationResult } from '../../../src/sandbox/lambda/execution.ts';
import { createEventsService } from '../../../src/sandbox/services/events/service.ts';
import type { RoleMay } from '../../../src/sandbox/services/lambda/async-targets.ts';
import { eventInvokeOperations } from '../../../src/sandbox/services/lambda/event-invoke-config.ts';
import { settingsOperations } from '../../../src/sandbox/services/lambda/function-options.ts';
import { Invocations } from '../../../src/sandbox/services/lambda/invocations.ts';
import { invokeOperation } from '../../../src/sandbox/services/lambda/invoke.ts';
import { FunctionStore, type FunctionRecord } from '../../../src/sandbox/services/lambda/store.ts';
import { createSnsService } from '../../../src/sandbox/services/sns/service.ts';
import { createSqsService } from '../../../src/sandbox/services/sqs/service.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION } from '../logs/harness.ts';

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/fn`;
export const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const topicArn = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
export const busArn = (name: string) => `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${name}`;
export const functionArn = (name: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

/** Gets the payload; what it returns is the response, what it throws fails the invocation. */
export type Handler = (payload: unknown, request: InvocationRequest) => unknown;

export interface AsyncOptions {
  readonly roleMay?: RoleMay;
  readonly isThrottled?: (functionArn: string) => boolean;
  /** Why the bucket refuses records. */
  readonly bucketRefusal?: () => string | undefined;
}

export function startAsync({ roleMay, isThrottled, bucketRefusal }: AsyncOptions = {}) {
  const env = createTestEnv();
  const sqs = createSqsService(env);
  const sns = createSnsService(env, { sqs });
  const events = createEventsService(env, { sqs });
  const store = new FunctionStore(ACCOUNT);
  const objects = new Map<string, string>();
  const targets = {
    sqs,
    sns,
    events,
    s3: {
      exists: (bucket: string) => bucket === 'records',
      put(_bucket: string, key: string, body: string) {
        const refused = bucketRefusal?.();
        if (refused === undefined) objects.set(key, body);
        return Promise.resolve(refused === undefined ? undefined : { refused });
      },
    },
  };
  const invocations = new Invocations(env, store, { targets, roleMay, isThrottled });
  const runs: InvocationRequest[] = [];

  function poolOf(handler: Handler) {
    return {
      async invoke(_spec: unknown, request: InvocationRequest): Promise<InvocationResult> {
        runs.push(request);
        const logTail = new Uint8Array();
        try {
          const response = await handler(JSON.parse(Buffer.from(request.payload).toString()), request);
          return { outcome: 'ok', payload: Buffer.from(JSON.stringify(response ?? null)), logTail };
        } catch (error) {
          const errorMessage = error instanceof Error ? error.message : String(error);
          const payload = JSON.stringify({ errorMessage, errorType: 'Exception' });
          return { outcome: 'error', payload: Buffer.from(payload), logTail };
        }
      },
    };
  }

  function addFunction(name: string, handler: Handler, settings: object = {}): FunctionRecord {
    const version = (number: string) => ({
      version: number,
      pool: poolOf(handler),
      settings: { role: ROLE, timeoutSeconds: 3, ...settings },
      activeAt: 0,
      update: undefined,
    });
    const record = {
      name,
      region: REGION,
      arn: functionArn(name),
      latest: version('$LATEST'),
      versions: new Map([['1', version('1')]]),
      aliases: new Map(),
      policies: new Map(),
      eventInvoke: new Map(),
      tags: new Map(),
      recursiveLoop: 'Terminate',
      reservedConcurrency: undefined,
      publishedVersions: 1,
      inFlight: 0,
    } as unknown as FunctionRecord;
    store.functions(REGION).set(name, record);
    return record;
  }

  const callSqs = callerOf(sqs.handlers);
  async function addQueue(name: string): Promise<void> {
    await callSqs('CreateQueue', { QueueName: name });
  }
  /** Takes all messages out of a queue. */
  function received(name: string) {
    return sqs.consume(queueArn(name))?.receive(10) ?? [];
  }

  const submit = (name: string, payload: unknown = { n: 1 }, traceHeader?: string) => {
    const requestId = env.ids.uuid();
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    invocations.submit({ requestId, payload: Buffer.from(text), arn: functionArn(name), traceHeader });
    return requestId;
  };
  const journal = () =>
    env.journal
      .entries()
      .flatMap((entry) =>
        entry.type === 'invocation' ? [[entry.attempt, entry.outcome, entry.reason]] : [],
      );
  const deliveries = () =>
    env.journal
      .entries()
      .flatMap((entry) =>
        entry.type === 'delivery' && entry.via === 'lambda'
          ? [[entry.destination, entry.outcome, entry.reason]]
          : [],
      );

  return {
    env,
    store,
    sns,
    sqs,
    events,
    invocations,
    runs,
    objects,
    addFunction,
    addQueue,
    received,
    submit,
    journal,
    deliveries,
    callSqs,
    call: callerOf({
      ...settingsOperations(env, store),
      ...eventInvokeOperations({ env, store, targets, roleMay }),
      ...invokeOperation(env, store, invocations),
    }),
    /** Moves the clock; whatever that began has ended then. */
    pass: async (ms: number) => {
      await env.clock.advance(ms);
      await env.work.idle();
    },
  };
}

export const failing = () => {
  throw new Error('intentional failure');
};
