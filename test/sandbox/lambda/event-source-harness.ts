/** Event source mappings over real queues and in-process functions, on a manual clock. */
import type * as Sqs from '@aws-sdk/client-sqs';
import type { InvocationResult } from '../../../src/sandbox/lambda/execution.ts';
import type { RoleMay } from '../../../src/sandbox/services/lambda/async-targets.ts';
import { createEventSources } from '../../../src/sandbox/services/lambda/event-source-operations.ts';
import type { SqsRecord } from '../../../src/sandbox/services/lambda/event-source-record.ts';
import { Invocations } from '../../../src/sandbox/services/lambda/invocations.ts';
import {
  FunctionStore,
  type FunctionRecord,
  type VersionRecord,
} from '../../../src/sandbox/services/lambda/store.ts';
import { createSqsService } from '../../../src/sandbox/services/sqs/service.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION } from '../logs/harness.ts';

export const ROLE = `arn:aws:iam::${ACCOUNT}:role/fn`;
export const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const functionArn = (name: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;

/** Gets the records of a batch; what it returns is the response, what it throws fails the invocation. */
export type Handler = (records: readonly SqsRecord[]) => unknown;

export interface Batch {
  readonly records: readonly SqsRecord[];
  readonly traceId: string;
}

export function startEventSources(options: { roleMay?: RoleMay; transitionMs?: number } = {}) {
  const env = createTestEnv();
  const sqs = createSqsService(env);
  const store = new FunctionStore(ACCOUNT);
  const batches: Batch[] = [];
  const sources = createEventSources({
    env,
    store,
    invocations: new Invocations(env, store),
    queues: sqs,
    roleMay: options.roleMay,
    transitionMs: () => options.transitionMs ?? 0,
  });

  function versionWith(name: string, handler: Handler, settings: object = {}): VersionRecord {
    const pool = {
      async invoke(
        _spec: unknown,
        { payload, traceId }: { payload: Uint8Array; traceId: string },
      ): Promise<InvocationResult> {
        const { Records: records } = JSON.parse(Buffer.from(payload).toString()) as { Records: SqsRecord[] };
        batches.push({ records, traceId });
        const logTail = new Uint8Array();
        try {
          const response = await handler(records);
          return { outcome: 'ok', payload: Buffer.from(JSON.stringify(response ?? null)), logTail };
        } catch (error) {
          return { outcome: 'error', payload: Buffer.from(String(error)), logTail };
        }
      },
    };
    return {
      version: name,
      pool,
      settings: { role: ROLE, timeoutSeconds: 3, ...settings },
      activeAt: 0,
      update: undefined,
    } as unknown as VersionRecord;
  }

  function addFunction(
    name: string,
    handler: Handler = () => null,
    options: { settings?: object; activeAt?: number; reservedConcurrency?: number } = {},
  ): FunctionRecord {
    const record = {
      name,
      region: REGION,
      arn: functionArn(name),
      latest: {
        ...versionWith('$LATEST', handler, options.settings),
        activeAt: options.activeAt ?? 0,
      },
      versions: new Map<string, VersionRecord>(),
      aliases: new Map(),
      policies: new Map(),
      eventInvoke: new Map(),
      tags: new Map(),
      recursiveLoop: 'Terminate',
      reservedConcurrency: options.reservedConcurrency,
      publishedVersions: 0,
      inFlight: 0,
    } as unknown as FunctionRecord;
    store.functions(REGION).set(name, record);
    return record;
  }

  const callSqs = callerOf(sqs.handlers);

  /** A queue with a visibility timeout of 30 seconds. Resolves with its URL. */
  async function addQueue(name: string, Attributes: Record<string, string> = {}): Promise<string> {
    const fifo = name.endsWith('.fifo') ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {};
    const { QueueUrl = '' } = await callSqs('CreateQueue', {
      QueueName: name,
      Attributes: { ...fifo, ...Attributes },
    });
    return QueueUrl;
  }

  async function sendAll(
    QueueUrl: string,
    bodies: readonly string[],
    input: Partial<Sqs.SendMessageRequest> = {},
  ) {
    for (const MessageBody of bodies) await callSqs('SendMessage', { ...input, QueueUrl, MessageBody });
  }

  /** Visible, in flight, delayed. */
  async function counts(QueueUrl: string): Promise<[number, number, number]> {
    const { Attributes = {} } = await callSqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    const count = (name: string) => Number((Attributes as Record<string, string>)[name]);
    return [
      count('ApproximateNumberOfMessages'),
      count('ApproximateNumberOfMessagesNotVisible'),
      count('ApproximateNumberOfMessagesDelayed'),
    ];
  }

  return {
    env,
    store,
    sources,
    call: callerOf(sources.operations),
    callSqs,
    addFunction,
    versionWith,
    addQueue,
    sendAll,
    counts,
    batches,
    /** The bodies of each batch. */
    bodies: () => batches.map(({ records }) => records.map(({ body }) => body)),
    /** Resolves when the pollers have done all that they can do now. */
    settle: async () => {
      // The end of a batch lets its poller look again, which may begin another one.
      for (let i = 0; i < 5; i++) await env.work.idle();
    },
  };
}
