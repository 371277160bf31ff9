import type { IncomingMessage, ServerResponse } from 'node:http';
import { createAuthority } from './access/authority.ts';
import { stsPermissions } from './access/actions/identity.ts';
import { guardHandler, type ServiceGuard } from './access/guard.ts';
import { guardS3 } from './access/s3-guard.ts';
import { guardService, objectKeys } from './access/service-guards.ts';
import { createAccountServices, resetAccount } from './account-services.ts';
import { createAccounts, routedServices, type Accounts } from './accounts.ts';
import { eventBridgeVersion } from './delivery/eventbridge-event.ts';
import type { EventVersion } from './delivery/object-event.ts';
import type { SandboxEnv } from './env.ts';
import type { Faults } from './faults.ts';
import { findPython } from './lambda/interpreter.ts';
import type { Janitor } from './lambda/janitor.ts';
import { recorded } from './services/cloudtrail/recorded.ts';
import type { S3Handlers } from './services/s3/context.ts';
import { createS3Service, type S3Service } from './services/s3/index.ts';
import { loadClient } from './sdk-clients.ts';
import { createStsService } from './services/sts/service.ts';
import type { CallerAccount } from './wire/answer.ts';
import type { AnyHandler, AnyHandlers } from './wire/dispatch.ts';
import { defineService, SERVICE_SPECS, type ServiceDefinition } from './wire/schema.ts';
import type { WireServer } from './wire/server.ts';

export interface ServiceOptions {
  readonly janitor: Janitor;
  readonly faults: Faults;
  readonly iamPropagationMs?: number;
  readonly functionActivationMs?: number;
  readonly eventVersion?: EventVersion;
}

export interface Services {
  /** Who is behind an access key. */
  identify(accessKeyId: string | undefined): CallerAccount;
  runtimeApi(request: IncomingMessage, response: ServerResponse, rest: string): void;
  readonly runLifecycle: S3Service['runLifecycle'];
  /** Forgets all state; ends what runs. */
  reset(): Promise<void>;
  /** As reset, for good. The janitor stays open. */
  close(): Promise<void>;
}

/** Makes the services of all accounts, ties them together and puts them on the server, behind their guards. */
export async function mountServices(
  env: SandboxEnv,
  wire: Pick<WireServer, 'mount' | 'mountLater'>,
  options: ServiceOptions,
): Promise<Services> {
  const { janitor, faults, iamPropagationMs = 0, functionActivationMs = 0 } = options;
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
  const accounts: Accounts = createAccounts(env, (accountEnv) =>
    createAccountServices(accountEnv, accounts, {
      sts,
      s3: () => guardedS3,
      authority,
      janitor,
      faults,
      iamPropagationMs,
      functionActivationMs,
      findPython: async () => {
        const python = await findPython();
        // A launch that waited for this would unpack its code after the folder has been removed.
        if (isClosed) throw new Error('the sandbox was closed');
        return python;
      },
    }),
  );
  const routed = routedServices(accounts);
  const sts = createStsService(env, routed.iam);
  const authority = createAuthority(env, routed.iam, sts);
  const s3 = createS3Service(env, routed.destinations, {
    faults,
    ...(options.eventVersion !== undefined && { eventVersion: options.eventVersion }),
    eventBridge: {
      put: (event, region) => accounts.of(event.account).events.putS3Event(event, region),
      version: eventBridgeVersion(options.eventVersion ?? '2.6'),
    },
  });
  const s3Handlers = guardS3(authority, (name) => s3.bucket(name), s3.handlers, objectKeys(accounts));
  const guardedS3 = { handlers: s3Handlers as S3Handlers, bucket: (name: string) => s3.bucket(name) };

  const mount = (definition: ServiceDefinition, handlers: AnyHandlers) =>
    wire.mount(definition, recorded(definition, handlers, authority, accounts));
  mount(defineService(SERVICE_SPECS.s3, s3Client), s3Handlers);
  const stsGuard: ServiceGuard = { service: 'sts', permissions: stsPermissions, resource: () => undefined };
  const stsHandlers = Object.entries(sts.handlers as Readonly<Record<string, AnyHandler>>).map(
    ([operation, handler]) => [
      operation,
      guardHandler(authority, stsGuard, operation, (_input, ctx) => ({ account: ctx.account, handler })),
    ],
  );
  wire.mount(
    defineService(SERVICE_SPECS.sts, stsClient),
    Object.fromEntries(stsHandlers) as Record<string, AnyHandler>,
  );
  const clients = {
    lambda: lambdaClient,
    logs: logsClient,
    iam: iamClient,
    sqs: sqsClient,
    sns: snsClient,
    events: eventsClient,
    kms: kmsClient,
  } as const;
  for (const [name, client] of Object.entries(clients)) {
    const service = name as keyof typeof clients;
    mount(defineService(SERVICE_SPECS[service], client), guardService(authority, accounts, service));
  }
  // Few ask for these: a start does not wait for their clients.
  for (const service of ['monitoring', 'cloudtrail'] as const) {
    const spec = SERVICE_SPECS[service];
    wire.mountLater(
      { ...spec, target: spec.target ?? '' },
      async () => defineService(spec, await loadClient(service)),
      guardService(authority, accounts, service),
    );
  }

  const resetWith = async (end: 'reset' | 'close') => {
    s3.reset();
    await Promise.all(accounts.all().map((services) => resetAccount(services, end)));
    sts.reset();
  };
  return {
    identify(accessKeyId) {
      const { account, kind, userId } = sts.identify(accessKeyId);
      return { account, sessionId: kind === 'session' ? userId : undefined };
    },
    runtimeApi(request, response, rest) {
      const id = /^\/?([^/]*)/.exec(rest)?.[1] ?? '';
      const owner = accounts.all().find(({ lambda }) => lambda.hasEnvironment(id)) ?? accounts.home;
      owner.lambda.runtimeApi(request, response, rest);
    },
    runLifecycle: (lifecycle) => s3.runLifecycle(lifecycle),
    reset: () => resetWith('reset'),
    close: () => {
      isClosed = true;
      return resetWith('close');
    },
  };
}
