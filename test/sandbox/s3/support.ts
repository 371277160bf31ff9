import { Readable } from 'node:stream';
import type { Destination, Destinations, EventSource } from '../../../src/sandbox/delivery/destinations.ts';
import type { ObjectRecord } from '../../../src/sandbox/delivery/object-event.ts';
import type { SandboxEnv } from '../../../src/sandbox/env.ts';
import { createIds } from '../../../src/sandbox/ids.ts';
import { Journal } from '../../../src/sandbox/journal.ts';
import type { Input, Output, S3Handlers } from '../../../src/sandbox/services/s3/context.ts';
import { createS3Service, type S3Options, type S3Service } from '../../../src/sandbox/services/s3/index.ts';
import type { RequestContext } from '../../../src/sandbox/wire/types.ts';
import { createMetricStore } from '../../../src/sandbox/services/monitoring/store.ts';
import { createWorkTracker } from '../../../src/sandbox/work.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';

export const ACCOUNT = '111122223333';
export const FUNCTION_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:fn`;
export const QUEUE_ARN = `arn:aws:sqs:us-east-1:${ACCOUNT}:queue`;
export const TOPIC_ARN = `arn:aws:sns:us-east-1:${ACCOUNT}:topic`;

interface Delivered {
  readonly arn: string;
  readonly message: string;
  readonly source: EventSource;
}

/** A destination that takes what it is told to take. */
export interface FakeDestination extends Destination {
  readonly received: Delivered[];
  readonly checked: EventSource[];
  problems: Record<string, { name: string; value: string }>;
  refusal: string | undefined;
  failure: Error | undefined;
}

export function fakeDestination(): FakeDestination {
  const destination: FakeDestination = {
    received: [],
    checked: [],
    problems: {},
    refusal: undefined,
    failure: undefined,
    check(arn, source) {
      destination.checked.push(source);
      return destination.problems[arn];
    },
    deliver(arn, message, source) {
      if (destination.failure) return Promise.reject(destination.failure);
      if (destination.refusal !== undefined) return Promise.resolve({ refused: destination.refusal });
      destination.received.push({ arn, message, source });
      return Promise.resolve(undefined);
    },
  };
  return destination;
}

export function createTestEnv(clock: ManualClock = createManualClock()): SandboxEnv {
  return {
    clock,
    account: ACCOUNT,
    region: 'us-east-1',
    ids: createIds(1),
    journal: new Journal(),
    address: () => '127.0.0.1:4566',
    stateDir: '/nonexistent',
    work: createWorkTracker(),
    metrics: createMetricStore(() => clock.now()),
  };
}

type Call = <K extends keyof S3Handlers>(
  operation: K,
  input: Omit<Input<K>, 'Body'> & { Body?: string | Buffer },
  ctx?: Partial<RequestContext>,
) => Promise<Output<K>>;

export interface TestS3 {
  readonly call: Call;
  readonly env: SandboxEnv;
  readonly clock: ManualClock;
  readonly lambda: FakeDestination;
  readonly sqs: FakeDestination;
  readonly sns: FakeDestination;
  /** Bucket with a queue rule for the events, under `bucket`. */
  readonly withRule: (...events: string[]) => Promise<void>;
  /** Records that reached the queue, once all deliveries are done. */
  readonly records: () => Promise<readonly ObjectRecord[]>;
  readonly reset: () => void;
  readonly runLifecycle: S3Service['runLifecycle'];
}

/** The text of a body that a handler returned. */
export function bodyText(output: { readonly Body?: unknown }): string {
  return Buffer.from(output.Body as Uint8Array).toString();
}

export const BUCKET = 'example-bucket';

export function createTestS3(options: S3Options & { readonly destinations?: Destinations } = {}): TestS3 {
  const clock = createManualClock();
  const env = createTestEnv(clock);
  const [lambda, sqs, sns] = [fakeDestination(), fakeDestination(), fakeDestination()];
  const service = createS3Service(env, options.destinations ?? { lambda, sqs, sns }, options);
  const call: Call = async (operation, input, overrides = {}) => {
    const handler = service.handlers[operation] as
      ((input: unknown, ctx: RequestContext) => unknown) | undefined;
    if (!handler) throw new Error(`no handler for ${operation}`);
    const { Body, ...rest } = input as { Body?: string | Buffer };
    const body = Body === undefined ? {} : { Body: Readable.from([Buffer.from(Body)]) };
    return (await handler({ ...rest, ...body }, createTestContext(env, overrides))) as never;
  };
  return {
    call,
    env,
    clock,
    lambda,
    sqs,
    sns,
    async withRule(...events) {
      await call('CreateBucket', { Bucket: BUCKET });
      await call('PutBucketNotificationConfiguration', {
        Bucket: BUCKET,
        NotificationConfiguration: {
          QueueConfigurations: [{ Id: 'rule', QueueArn: QUEUE_ARN, Events: events as never }],
        },
        SkipDestinationValidation: true,
      });
    },
    async records() {
      await env.work.idle();
      return sqs.received.flatMap(
        ({ message }) => (JSON.parse(message) as { Records?: ObjectRecord[] }).Records ?? [],
      );
    },
    reset: () => service.reset(),
    runLifecycle: (options) => service.runLifecycle(options),
  };
}

function createTestContext(env: SandboxEnv, overrides: Partial<RequestContext> = {}): RequestContext {
  return {
    requestId: env.ids.upper(16),
    extendedRequestId: env.ids.hex(76),
    region: 'us-east-1',
    account: ACCOUNT,
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    sourceIp: '127.0.0.1',
    host: '127.0.0.1:4566',
    method: 'GET',
    headers: {},
    trailers: () => ({}),
    response: { headers: {} },
    ...overrides,
  };
}
