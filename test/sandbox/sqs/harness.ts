/** SQS, SNS and KMS together, as functions and on a real port. */
import * as Kms from '@aws-sdk/client-kms';
import * as Sns from '@aws-sdk/client-sns';
import * as Sqs from '@aws-sdk/client-sqs';
import { createKmsService, type KmsService } from '../../../src/sandbox/services/kms/service.ts';
import type { SnsServiceDeps } from '../../../src/sandbox/services/sns/service.ts';
import { createSnsService, type SnsService } from '../../../src/sandbox/services/sns/service.ts';
import { createSqsService, type SqsService } from '../../../src/sandbox/services/sqs/service.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { createWireServer } from '../../../src/sandbox/wire/server.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION, type TestEnv } from '../logs/harness.ts';

export { ACCOUNT, REGION };

export interface Messaging {
  readonly env: TestEnv;
  readonly kms: KmsService;
  readonly sqs: SqsService;
  readonly sns: SnsService;
}

export function createMessaging(deps: Omit<SnsServiceDeps, 'sqs' | 'kms'> = {}): Messaging {
  const env = createTestEnv();
  const kms = createKmsService(env);
  const sqs = createSqsService(env, { kms: kms.gate });
  const sns = createSnsService(env, { ...deps, sqs, kms: kms.gate });
  return { env, kms, sqs, sns };
}

/** The services' handlers as functions: `sqs('CreateQueue', { … })`. */
export function callersOf({ kms, sqs, sns }: Messaging) {
  return { kms: callerOf(kms.handlers), sqs: callerOf(sqs.handlers), sns: callerOf(sns.handlers) };
}

export const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const topicArn = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;

/** What S3 says of itself for bucket `photos`. */
export const BUCKET = { bucketArn: 'arn:aws:s3:::photos', account: ACCOUNT, region: REGION };

/** A policy with one statement. */
export function policy(statement: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
}

/** Lets the service in for sources like `sourceArn`. */
export function admits(service: string, action: string, resource: string, sourceArn: string): string {
  return policy({
    Principal: { Service: service },
    Action: action,
    Resource: resource,
    Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
  });
}

export interface ServedMessaging {
  readonly port: number;
  readonly sqs: Sqs.SQSClient;
  readonly sns: Sns.SNSClient;
  readonly kms: Kms.KMSClient;
  close(): Promise<void>;
}

export async function serveMessaging({ env, kms, sqs, sns }: Messaging): Promise<ServedMessaging> {
  const server = createWireServer({
    account: env.account,
    region: env.region,
    ids: env.ids,
    journal: env.journal,
  });
  server.mount(defineService(SERVICE_SPECS.sqs, Sqs), sqs.handlers);
  server.mount(defineService(SERVICE_SPECS.sns, Sns), sns.handlers);
  server.mount(defineService(SERVICE_SPECS.kms, Kms), kms.handlers);
  const port = await server.listen(0);
  const config = {
    endpoint: `http://127.0.0.1:${port}`,
    region: REGION,
    credentials: { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' },
    maxAttempts: 1,
  };
  const clients = {
    sqs: new Sqs.SQSClient(config),
    sns: new Sns.SNSClient(config),
    kms: new Kms.KMSClient(config),
  };
  return {
    port,
    ...clients,
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      sqs.reset();
      await server.close();
    },
  };
}
