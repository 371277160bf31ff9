import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';

export const HOME = '000000000000';
export const OTHER = '222222222222';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Clients of all services for one caller, ended with the test. */
export function clientsFor(url: string, credentials: Keys, region = 'us-east-1') {
  const settings = { endpoint: url, region, credentials, maxAttempts: 1 };
  const clients = {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    events: new EventBridgeClient(settings),
    kms: new KMSClient(settings),
    cloudwatch: new CloudWatchClient(settings),
    cloudtrail: new CloudTrailClient(settings),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
  };
  onTestFinished(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  return clients;
}

/** An access key of twelve digits is root of that account. */
export const rootClients = (url: string, account: string) =>
  clientsFor(url, { accessKeyId: account, secretAccessKey: 'none' });

export type Clients = ReturnType<typeof clientsFor>;

export interface Statement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

/** A policy document; statements allow unless they say otherwise. */
export const policy = (...statements: readonly Statement[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })),
  });

/** Clients of a session of a new role in the account of `root`, with these rights. */
export async function sessionClients(
  url: string,
  root: Pick<Clients, 'iam' | 'sts'>,
  RoleName: string,
  ...rights: readonly Statement[]
): Promise<Clients> {
  const { Role } = await root.iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({
        Statement: { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
      }),
    }),
  );
  if (rights.length > 0) {
    await root.iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'rights', PolicyDocument: policy(...rights) }),
    );
  }
  const { Credentials } = await root.sts.send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'me' }),
  );
  return clientsFor(url, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
}

/** Name, status and message of the error that a call fails with. */
export async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('the call succeeded');
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  return { name, message, status: $metadata?.httpStatusCode };
}
