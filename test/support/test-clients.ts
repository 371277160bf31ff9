import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';

export interface TestClients {
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly events: EventBridgeClient;
  readonly kms: KMSClient;
  readonly cloudwatch: CloudWatchClient;
  readonly cloudtrail: CloudTrailClient;
}

/**
 * SDK clients for the sandbox at `url`, with dummy credentials and without retries, so that each fault is seen once. An access key of
 * twelve digits is that account.
 * Ended by the caller with `destroy()`.
 */
export function testClients(url: string, region = 'us-east-1', accessKeyId = 'test'): TestClients {
  // The SDK announces the end of Node 20 in every process otherwise.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const settings = {
    endpoint: url,
    region,
    credentials: { accessKeyId, secretAccessKey: 'test' },
    maxAttempts: 1,
    // StartLiveTail would call stream-127.0.0.1.
    disableHostPrefix: true,
  };
  return {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
    sqs: new SQSClient(settings),
    sns: new SNSClient(settings),
    events: new EventBridgeClient(settings),
    kms: new KMSClient(settings),
    cloudwatch: new CloudWatchClient(settings),
    cloudtrail: new CloudTrailClient(settings),
  };
}

export function destroyClients(clients: TestClients): void {
  const { s3, lambda, logs, iam, sts, sqs, sns, events, kms, cloudwatch, cloudtrail } = clients;
  for (const client of [s3, lambda, logs, iam, sts, sqs, sns, events, kms, cloudwatch, cloudtrail]) {
    client.destroy();
  }
}
