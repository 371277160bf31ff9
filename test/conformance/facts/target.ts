import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../../src/sandbox/index.ts';

/**
 * S3EVT_CONFORMANCE: absent for a sandbox within this process; `aws` for the real AWS, with the default credential chain and
 * AWS_REGION; `http://127.0.0.1:PORT` for a sandbox that runs elsewhere on this machine.
 */
const SWITCH = process.env.S3EVT_CONFORMANCE ?? '';
const ELSEWHERE = /^http:\/\/127\.0\.0\.1:\d+\/?$/;

export const TARGET_KIND: 'sandbox' | 'url' | 'aws' =
  SWITCH === '' ? 'sandbox' : SWITCH === 'aws' ? 'aws' : 'url';

export interface Clients {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;
  readonly kms: KMSClient;
}

export interface ClientOptions {
  readonly region?: string;
  /** Access key id; the sandbox takes twelve digits as the caller's account. Not on AWS. */
  readonly accessKeyId?: string;
  /** Of a session, on every target. */
  readonly credentials?: AwsCredentialIdentity;
  /** Of the S3 client. */
  readonly followRegionRedirects?: boolean;
}

/** An error answer as the SDK shows it. */
export interface Refusal {
  readonly status: number | undefined;
  /** The error's name in the SDK: S3's `Code`. */
  readonly code: string;
  readonly message: string;
  /** All further members: `ArgumentName1`, `BucketName`. */
  readonly members: Readonly<Record<string, unknown>>;
}

export interface Target extends Clients {
  readonly kind: typeof TARGET_KIND;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  /** Of a target within this process: its clock, faults and journal. */
  readonly sandbox: Sandbox | undefined;
  /** The sandbox, for rows with `needs`. */
  readonly local: () => Sandbox;
  /** A name nobody has yet, lower-case, at most 40 characters. */
  name(prefix: string): string;
  /** Clients for another Region or caller, ended with the target. */
  clients(options: ClientOptions): Clients;
  /** Runs at the end, the last one added first. */
  cleanUp(task: () => Promise<unknown>): void;
  /** What went wrong inside the sandbox since the last call. */
  faults(): readonly unknown[];
  close(): Promise<void>;
}

/** Starts the target that the environment names; in a sandbox with `options`. */
export async function startTarget(options: SandboxOptions): Promise<Target> {
  if (TARGET_KIND === 'url' && !ELSEWHERE.test(SWITCH)) {
    throw new Error(`S3EVT_CONFORMANCE is "aws" or "http://127.0.0.1:PORT", not ${JSON.stringify(SWITCH)}`);
  }
  const faults: unknown[] = [];
  const sandbox =
    TARGET_KIND === 'sandbox'
      ? await createSandbox({ onError: (error) => void faults.push(error), ...options })
      : undefined;
  const region = sandbox?.region ?? process.env.AWS_REGION ?? 'us-east-1';
  const endpoint = sandbox?.url ?? (TARGET_KIND === 'url' ? SWITCH : undefined);
  const own: (() => void)[] = [];
  const clients = (wanted: ClientOptions): Clients => {
    const { made, destroy } = lazyClients(endpoint, { region, ...wanted });
    own.push(destroy);
    return made;
  };
  const main = clients({});
  const caller = await main.sts.send(new GetCallerIdentityCommand({}));
  const tasks: (() => Promise<unknown>)[] = [];
  // Twelve hexadecimal digits: several runs may share an account.
  const run = randomBytes(6).toString('hex');
  let names = 0;

  const close = async () => {
    const failures: unknown[] = [];
    // What this process holds goes with it.
    if (!sandbox) {
      for (const task of tasks.reverse()) {
        await task().catch((error: unknown) => isGone(error) || failures.push(error));
      }
    }
    for (const destroy of own) destroy();
    await sandbox?.close();
    if (failures.length > 0) throw new AggregateError(failures, `left behind: ${failures.join('; ')}`);
  };
  const rest: Omit<Target, keyof Clients> = {
    kind: TARGET_KIND,
    account: caller.Account ?? '',
    partition: (caller.Arn ?? '').split(':')[1] ?? 'aws',
    region,
    sandbox,
    local: () => {
      if (!sandbox) throw new Error('a row that uses the sandbox itself says so with `needs`');
      return sandbox;
    },
    name: (prefix) => `s3evt-${run}-${prefix}-${++names}`,
    clients,
    cleanUp: (task) => void tasks.push(task),
    faults: () => faults.splice(0),
    close,
  };
  // The clients stay lazy: a spread would make them all.
  const target: unknown = Object.defineProperties(rest, Object.getOwnPropertyDescriptors(main));
  return target as Target;
}

/** A row may have removed by itself what it made. */
function isGone(error: unknown): boolean {
  return error instanceof Error && /^(?:NoSuch|NotFound|ResourceNotFound|QueueDoesNotExist)/.test(error.name);
}

interface OwnClients {
  /** Each is made when it is first used. */
  readonly made: Clients;
  readonly destroy: () => void;
}

function lazyClients(
  endpoint: string | undefined,
  options: ClientOptions & { readonly region: string },
): OwnClients {
  const { region, accessKeyId = 'test', credentials, followRegionRedirects = false } = options;
  // The SDK announces the end of Node 20 in every process otherwise.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const settings =
    endpoint === undefined
      ? { region, ...(credentials && { credentials }) }
      : {
          region,
          endpoint,
          credentials: credentials ?? { accessKeyId, secretAccessKey: 'test' },
          // Each fault is seen once.
          maxAttempts: 1,
          // StartLiveTail would call stream-127.0.0.1.
          disableHostPrefix: true,
        };
  const destroyers: (() => void)[] = [];
  const keep = <C extends { destroy(): void }>(client: C): C => {
    destroyers.push(() => client.destroy());
    return client;
  };
  const once = <C extends { destroy(): void }>(make: () => C): (() => C) => {
    let client: C | undefined;
    return () => (client ??= keep(make()));
  };
  // The address of a sandbox has no names below it.
  const forcePathStyle = endpoint !== undefined;
  const s3 = once(() => new S3Client({ ...settings, followRegionRedirects, forcePathStyle }));
  const lambda = once(() => new LambdaClient(settings));
  const logs = once(() => new CloudWatchLogsClient(settings));
  const iam = once(() => new IAMClient(settings));
  const sts = once(() => new STSClient(settings));
  const sqs = once(() => new SQSClient(settings));
  const sns = once(() => new SNSClient(settings));
  const events = once(() => new EventBridgeClient(settings));
  const kms = once(() => new KMSClient(settings));
  return {
    made: {
      get s3() {
        return s3();
      },
      get lambda() {
        return lambda();
      },
      get logs() {
        return logs();
      },
      get iam() {
        return iam();
      },
      get sts() {
        return sts();
      },
      get sqs() {
        return sqs();
      },
      get sns() {
        return sns();
      },
      get events() {
        return events();
      },
      get kms() {
        return kms();
      },
    },
    destroy: () => {
      for (const each of destroyers) each();
    },
  };
}

/** The error that a call ends with, as a value. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    if (!(error instanceof Error) || !('$metadata' in error)) throw error;
    const { $metadata, name, message, ...rest } = error as Error & Record<string, unknown>;
    const { httpStatusCode } = $metadata as { httpStatusCode?: number };
    const members = Object.fromEntries(
      Object.entries(rest).filter(([member]) => !ENVELOPE.has(member) && rest[member] !== undefined),
    );
    return { status: httpStatusCode, code: name, message, members };
  }
  throw new Error(`accepted instead of refused: ${JSON.stringify(answer)}`);
}

/** What every error of a service has, and what the SDK adds. */
const ENVELOPE = new Set([
  '$fault',
  '$service',
  '$retryable',
  'Code',
  'RequestId',
  'HostId',
  'Type',
  'Error',
  'stack',
  '$response',
  'extendedRequestId',
]);

const EVENTUALLY =
  TARGET_KIND === 'aws' ? { limitMs: 600_000, pauseMs: 3_000 } : { limitMs: 10_000, pauseMs: 20 };

/**
 * The result of the first attempt that does not throw. AWS is eventually consistent; a sandbox should need one attempt.
 * An error that is not `passing` ends it at once; by default all are.
 */
export async function eventually<T>(
  attempt: () => Promise<T>,
  passing: (error: unknown) => boolean = () => true,
): Promise<T> {
  const until = Date.now() + EVENTUALLY.limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!passing(error) || Date.now() > until) throw error;
      await sleep(EVENTUALLY.pauseMs);
    }
  }
}
