import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Destinations } from './delivery/destinations.ts';
import type { SandboxEnv } from './env.ts';
import { findPython } from './lambda/interpreter.ts';
import type { Janitor } from './lambda/janitor.ts';
import { DEFAULT_EVENTBRIDGE_VERSION } from './delivery/eventbridge-event.ts';
import { createEventsService } from './services/events/service.ts';
import { createIamService } from './services/iam/service.ts';
import { createKmsService } from './services/kms/service.ts';
import { createLambdaService } from './services/lambda/index.ts';
import { createLogsService } from './services/logs/service.ts';
import { objectReader } from './object-reader.ts';
import { createS3Service } from './services/s3/index.ts';
import { createSnsService } from './services/sns/service.ts';
import { createSqsService } from './services/sqs/service.ts';
import { createStsService } from './services/sts/service.ts';
import { defineService, SERVICE_SPECS } from './wire/schema.ts';
import type { WireServer } from './wire/server.ts';

export interface ServiceOptions {
  readonly janitor: Janitor;
  readonly iamPropagationMs?: number;
  readonly functionActivationMs?: number;
  readonly destinations?: Destinations;
}

export interface Services {
  runtimeApi(request: IncomingMessage, response: ServerResponse, rest: string): void;
  /** Forgets all state; ends what runs. */
  reset(): Promise<void>;
  /** As reset, for good. The janitor stays open. */
  close(): Promise<void>;
}

/** Makes the services, ties them together and puts them on the server. */
export async function mountServices(
  env: SandboxEnv,
  wire: Pick<WireServer, 'mount'>,
  options: ServiceOptions,
): Promise<Services> {
  const { janitor, iamPropagationMs = 0, functionActivationMs = 0, destinations = {} } = options;
  const [
    s3Client,
    lambdaClient,
    logsClient,
    iamClient,
    stsClient,
    sqsClient,
    snsClient,
    eventsClient,
    kmsClient,
  ] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-lambda'),
    import('@aws-sdk/client-cloudwatch-logs'),
    import('@aws-sdk/client-iam'),
    import('@aws-sdk/client-sts'),
    import('@aws-sdk/client-sqs'),
    import('@aws-sdk/client-sns'),
    import('@aws-sdk/client-eventbridge'),
    import('@aws-sdk/client-kms'),
  ]);

  let isClosed = false;
  const logs = createLogsService(env);
  const iam = createIamService(env, { propagationMs: iamPropagationMs });
  const sts = createStsService(env, iam);
  // Lambda reads code from S3, S3 delivers to Lambda: the reader is asked only once both are there.
  const lambda = createLambdaService(env, {
    logSink: (region) => ({ append: (group, stream, lines) => logs.append(region, group, stream, lines) }),
    roleExists: (roleArn) => iam.assumable(roleArn),
    readCodeObject: (...where) => readObject(...where),
    janitor,
    findPython: async () => {
      const python = await findPython();
      // A launch that waited for this would unpack its code after the folder has been removed.
      if (isClosed) throw new Error('the sandbox was closed');
      return python;
    },
    options: { activationMs: functionActivationMs },
  });
  const kms = createKmsService(env);
  const sqs = createSqsService(env, { kms: kms.gate });
  const sns = createSnsService(env, { kms: kms.gate, sqs, lambda });
  const events = createEventsService(env, { sqs, sns, lambda, logs });
  const s3 = createS3Service(
    env,
    { lambda: lambda.destination, sqs: sqs.destination, sns: sns.destination, ...destinations },
    {
      eventBridge: {
        put: (event, region) => events.putS3Event(event, region),
        version: DEFAULT_EVENTBRIDGE_VERSION,
      },
    },
  );
  const readObject = objectReader(env, s3);

  wire.mount(defineService(SERVICE_SPECS.s3, s3Client), s3.handlers);
  wire.mount(defineService(SERVICE_SPECS.lambda, lambdaClient), lambda.handlers);
  wire.mount(defineService(SERVICE_SPECS.logs, logsClient), logs.handlers);
  wire.mount(defineService(SERVICE_SPECS.iam, iamClient), iam.handlers);
  wire.mount(defineService(SERVICE_SPECS.sts, stsClient), sts.handlers);
  wire.mount(defineService(SERVICE_SPECS.sqs, sqsClient), sqs.handlers);
  wire.mount(defineService(SERVICE_SPECS.sns, snsClient), sns.handlers);
  wire.mount(defineService(SERVICE_SPECS.events, eventsClient), events.handlers);
  wire.mount(defineService(SERVICE_SPECS.kms, kmsClient), kms.handlers);

  /** Sources of events first; the logs last, since what is ended may still write a line. */
  const resetWith = async (endLambda: () => Promise<void>) => {
    s3.reset();
    events.reset();
    sns.reset();
    // Ends long polls, which would keep the server open.
    sqs.reset();
    kms.reset();
    await endLambda();
    iam.reset();
    sts.reset();
    logs.reset();
  };
  return {
    runtimeApi: (request, response, rest) => lambda.runtimeApi(request, response, rest),
    reset: () => resetWith(() => lambda.reset()),
    close: () => {
      isClosed = true;
      return resetWith(() => lambda.close());
    },
  };
}
