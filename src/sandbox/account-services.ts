/** The services of one account, tied together and to those of the other accounts. */
import { parseArn } from '../core/arn.ts';
import { functionCredentials, roleRefusal } from './access/authority.ts';
import type { Authority } from './access/guard.ts';
import { routedKeys, routedServices, type Accounts, type AccountServices } from './accounts.ts';
import type { SandboxEnv } from './env.ts';
import type { Faults } from './faults.ts';
import type { FindPython } from './lambda/interpreter.ts';
import type { Janitor } from './lambda/janitor.ts';
import { objectReader, recordBucket } from './object-reader.ts';
import { createCloudTrailService } from './services/cloudtrail/service.ts';
import { createEventsService } from './services/events/service.ts';
import { createIamService } from './services/iam/service.ts';
import { createKmsService } from './services/kms/service.ts';
import type { KeyState } from './services/kms/store.ts';
import { createLambdaService } from './services/lambda/index.ts';
import type { ActivationFailure } from './services/lambda/store.ts';
import { createLogsService } from './services/logs/service.ts';
import { createMonitoringService } from './services/monitoring/service.ts';
import type { S3Handlers } from './services/s3/context.ts';
import type { S3Service } from './services/s3/index.ts';
import { createSnsService } from './services/sns/service.ts';
import { createSqsService } from './services/sqs/service.ts';
import type { StsService } from './services/sts/service.ts';

/** What all accounts share. */
export interface SharedServices {
  readonly sts: StsService;
  /** S3 behind its guard. It delivers to the services that are made here: asked for only once all are there. */
  readonly s3: () => Pick<S3Service, 'bucket'> & { readonly handlers: S3Handlers };
  readonly authority: Authority;
  readonly janitor: Janitor;
  readonly faults: Faults;
  readonly findPython: FindPython;
  /** Milliseconds, as in `SandboxOptions`. */
  readonly iamPropagationMs: number;
  readonly functionActivationMs: number;
}

export function createAccountServices(
  env: SandboxEnv,
  accounts: Accounts,
  shared: SharedServices,
): AccountServices {
  const { sts, s3, authority, janitor, faults, findPython } = shared;
  const documents = (roleArn: string) => authority.documents(roleArn);
  const roleMay = (roleArn: string, action: string, resource: string) =>
    roleRefusal(authority, roleArn, action, resource);
  const routed = routedServices(accounts);

  const logs = createLogsService(env, { faults });
  const iam = createIamService(env, {
    get propagationMs() {
      return faults.propagation('iam-propagation', shared.iamPropagationMs);
    },
  });
  const kms = createKmsService(env, { documents });
  const gate = routedKeys(accounts, () => kms);
  const sqs = createSqsService(env, { kms: gate });
  const lambda = createLambdaService(env, {
    logSink: (region) => ({
      append: (group, stream, lines, roleArn) =>
        logs.append(
          region,
          group,
          stream,
          lines,
          (action, resource) => roleMay(roleArn, action, resource) === undefined,
        ),
    }),
    roleExists: (roleArn) => iam.assumable(roleArn),
    roleMay,
    credentials: functionCredentials(sts),
    readCodeObject: objectReader(env, () => s3().handlers),
    asyncTargets: {
      sqs: routed.sqs,
      sns: routed.sns,
      events: routed.events,
      s3: recordBucket(env, s3, sts),
    },
    queues: routed.sqs,
    isThrottled: () => faults.throttles({ service: 'lambda', operation: 'Invoke' }),
    activationFailure(functionArn, { kmsKeyArn }) {
      if (kmsKeyArn === undefined) return undefined;
      const region = parseArn(functionArn)?.region ?? env.region;
      return keyFailure(accounts.byArn(kmsKeyArn).kms.stateOf(region, kmsKeyArn));
    },
    janitor,
    findPython,
    options: {
      get activationMs() {
        return faults.propagation('function-activation', shared.functionActivationMs);
      },
    },
  });
  const sns = createSnsService(env, { kms: gate, sqs: routed.sqs, lambda: routed.lambda });
  const events = createEventsService(env, {
    sqs: routed.sqs,
    sns: routed.sns,
    lambda: routed.lambda,
    logs: routed.logs,
    buses: {
      receive(busArn, event, roleArn) {
        // AWS wants a role for new targets of this kind; whether PutTargets refuses one without is UNKNOWN.
        const refused = roleArn === undefined ? undefined : roleMay(roleArn, 'events:PutEvents', busArn);
        if (refused !== undefined) return { refused };
        return routed.events.receive(busArn, event, { account: env.account, roleArn });
      },
    },
  });
  const monitoring = createMonitoringService(env);
  const cloudtrail = createCloudTrailService(env);
  return { account: env.account, iam, logs, lambda, kms, sqs, sns, events, monitoring, cloudtrail };
}

/** Codes of the model; the texts are UNKNOWN. */
function keyFailure(state: KeyState | undefined): ActivationFailure | undefined {
  switch (state) {
    case 'Enabled':
      return undefined;
    case 'Disabled':
      return { code: 'DisabledKMSKey', reason: 'The KMS key of the function is disabled.' };
    case 'PendingDeletion':
      return { code: 'InvalidStateKMSKey', reason: 'The KMS key of the function is pending deletion.' };
    case undefined:
      return { code: 'KMSKeyNotFound', reason: 'The KMS key of the function was not found.' };
  }
}

/** Forgets the state of an account: sources of events first, logs and metrics last, since what is ended may still write a line. */
export async function resetAccount(
  { iam, logs, lambda, kms, sqs, sns, events, monitoring, cloudtrail }: AccountServices,
  end: 'reset' | 'close',
): Promise<void> {
  events.reset();
  sns.reset();
  // Ends long polls, which would keep the server open.
  sqs.reset();
  kms.reset();
  await lambda[end]();
  iam.reset();
  logs.reset();
  monitoring.reset();
  cloudtrail.reset();
}
