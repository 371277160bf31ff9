import { setMaxListeners } from 'node:events';
import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';
import type { Clock } from '../core/clock.ts';
import { logCalls } from './debug-lines.ts';
import type { Env } from './shared-config.ts';
import type { Target } from './target.ts';

/** The SDK clients of one run: each loaded and made when it is first asked for, then kept. */
export interface Aws {
  /** Resolved when it is first asked for, so that commands without AWS never read AWS's config files. */
  target(): Promise<Target>;
  s3(region?: string): Promise<S3Client>;
  lambda(): Promise<LambdaClient>;
  logs(): Promise<CloudWatchLogsClient>;
  iam(): Promise<IAMClient>;
  sts(): Promise<STSClient>;
  sqs(): Promise<SQSClient>;
  sns(): Promise<SNSClient>;
  events(): Promise<EventBridgeClient>;
  kms(): Promise<KMSClient>;
  cloudwatch(): Promise<CloudWatchClient>;
  cloudtrail(): Promise<CloudTrailClient>;
  /**
   * Runs one SDK call under the signal of the run and translates its failure (see `translateError`):
   * `aws.call((options) => s3.send(new HeadBucketCommand({ Bucket }), options), { action: 's3:ListBucket' })`.
   * Rejects with the signal's reason as soon as it is aborted.
   */
  call<T>(send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>, what: Call): Promise<T>;
  /** The same caller in another Region: credentials are resolved once for all. */
  inRegion(region: string): Aws;
  /** Closes idle sockets, so that the process can end. */
  destroy(): void;
}

export interface Call {
  /** The IAM action that the call needs: `s3:PutBucketNotification`. */
  readonly action: string;
  /** Name or ARN, as messages should show it. */
  readonly resource?: string;
  /** In place of the signal of the run: for cleaning up after Ctrl-C. */
  readonly signal?: AbortSignal;
}

export interface AwsOptions {
  readonly target: () => Promise<Target>;
  readonly env: Env;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Gets one line for each call; no headers, no secrets. Remote text in it is as it came. */
  readonly debug?: ((line: string) => void) | undefined;
  /** Beats AWS_MAX_ATTEMPTS and `max_attempts`. */
  readonly maxAttempts?: number | undefined;
  /** Asks for the code of a MFA device, for profiles with `mfa_serial`. */
  readonly askMfa?: ((device: string) => Promise<string>) | undefined;
}

interface Closable {
  readonly middlewareStack: { remove(name: string): boolean };
  destroy(): void;
}

/**
 * Loads nothing of the SDK, of credentials or of errors before something is asked of it: a mistake that needs no call is told without.
 * The clients' time limits are 5 s to connect and 60 s for an answer. Proxies (HTTPS_PROXY) are not supported: the SDK
 * does not read them.
 */
export function createAws(options: AwsOptions): Aws {
  const { clock, signal, debug, env } = options;
  const baseTarget = once(() => options.target());
  const baseSettings = once(async () => {
    // The SDK warns on stderr, over the output of the command, when Node is older than its next releases will want.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
    const [target, { createSettings }] = await Promise.all([baseTarget(), import('./client-settings.ts')]);
    return createSettings(target, {
      env,
      now: () => clock.now(),
      maxAttempts: options.maxAttempts,
      askMfa: options.askMfa,
    });
  });
  const made: Closable[] = [];
  const keep = <Client extends Closable & Parameters<typeof logCalls>[0]>(client: Client): Client => {
    if (debug) logCalls(client, () => clock.now(), debug);
    // It prepares each input and output for a logger, though there is none: a tenth of a call's work.
    client.middlewareStack.remove('loggerMiddleware');
    made.push(client);
    return client;
  };
  const regions = new Map<string, Aws>();
  const elsewhere = (region: string): Aws => {
    const aws = regions.get(region) ?? clientsOf(region);
    regions.set(region, aws);
    return aws;
  };
  /** `moved`: another Region than the target's. */
  const clientsOf = (moved?: string): Aws => {
    const target = once(async () => {
      const found = await baseTarget();
      return moved === undefined ? found : { ...found, region: { ...found.region, value: moved } };
    });
    const settings = once(async () => {
      const settingsFor = await baseSettings();
      return (service: Parameters<typeof settingsFor>[0]) => ({
        ...settingsFor(service),
        ...(moved === undefined ? {} : { region: moved }),
      });
    });
    const s3Clients = new Map<string, () => Promise<S3Client>>();
    const makeS3 = async (region: string): Promise<S3Client> => {
      const [{ S3Client }, settingsFor] = await Promise.all([import('@aws-sdk/client-s3'), settings()]);
      const own = settingsFor('S3');
      const elsewhere = 'endpoint' in own;
      // Other servers know no bucket host names; on AWS itself the SDK follows a bucket to its region only when told to.
      return keep(
        new S3Client({ ...own, region, forcePathStyle: elsewhere, followRegionRedirects: !elsewhere }),
      );
    };

    return {
      target,
      async s3(region) {
        const name = region ?? (await target()).region.value;
        const make = s3Clients.get(name) ?? once(() => makeS3(name));
        s3Clients.set(name, make);
        return make();
      },
      lambda: once(async () => {
        const [{ LambdaClient }, settingsFor] = await Promise.all([
          import('@aws-sdk/client-lambda'),
          settings(),
        ]);
        return keep(new LambdaClient(settingsFor('LAMBDA')));
      }),
      logs: once(async () => {
        const [{ CloudWatchLogsClient }, settingsFor] = await Promise.all([
          import('@aws-sdk/client-cloudwatch-logs'),
          settings(),
        ]);
        return keep(new CloudWatchLogsClient(settingsFor('CLOUDWATCH_LOGS')));
      }),
      iam: once(async () => {
        const [{ IAMClient }, settingsFor] = await Promise.all([import('@aws-sdk/client-iam'), settings()]);
        return keep(new IAMClient(settingsFor('IAM')));
      }),
      sts: once(async () => {
        const [{ STSClient }, settingsFor] = await Promise.all([import('@aws-sdk/client-sts'), settings()]);
        return keep(new STSClient(settingsFor('STS')));
      }),
      sqs: once(async () => {
        const [{ SQSClient }, settingsFor] = await Promise.all([import('@aws-sdk/client-sqs'), settings()]);
        return keep(new SQSClient(settingsFor('SQS')));
      }),
      sns: once(async () => {
        const [{ SNSClient }, settingsFor] = await Promise.all([import('@aws-sdk/client-sns'), settings()]);
        return keep(new SNSClient(settingsFor('SNS')));
      }),
      events: once(async () => {
        const [{ EventBridgeClient }, settingsFor] = await Promise.all([
          import('@aws-sdk/client-eventbridge'),
          settings(),
        ]);
        return keep(new EventBridgeClient(settingsFor('EVENTBRIDGE')));
      }),
      kms: once(async () => {
        const [{ KMSClient }, settingsFor] = await Promise.all([import('@aws-sdk/client-kms'), settings()]);
        return keep(new KMSClient(settingsFor('KMS')));
      }),
      cloudwatch: once(async () => {
        const [{ CloudWatchClient }, settingsFor] = await Promise.all([
          import('@aws-sdk/client-cloudwatch'),
          settings(),
        ]);
        return keep(new CloudWatchClient(settingsFor('CLOUDWATCH')));
      }),
      cloudtrail: once(async () => {
        const [{ CloudTrailClient }, settingsFor] = await Promise.all([
          import('@aws-sdk/client-cloudtrail'),
          settings(),
        ]);
        return keep(new CloudTrailClient(settingsFor('CLOUDTRAIL')));
      }),
      async call(send, { signal: ownSignal, ...what }) {
        const abortSignal = ownSignal ?? signal;
        abortSignal.throwIfAborted();
        // Each call in flight listens to the signal; Node takes more than ten listeners for a leak and warns on stderr.
        setMaxListeners(0, abortSignal);
        try {
          return await orAbort(send({ abortSignal }), abortSignal);
        } catch (error) {
          abortSignal.throwIfAborted();
          const [{ translateError }, whose] = await Promise.all([
            import('./errors.ts'),
            target().catch(() => undefined),
          ]);
          throw translateError(error, { ...what, target: whose });
        }
      },
      inRegion: (other) => elsewhere(other),
      destroy() {
        for (const client of made) client.destroy();
      },
    };
  };

  return clientsOf();
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The SDK looks at the signal only while a request is on the wire, not between retries or while it gets credentials. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
