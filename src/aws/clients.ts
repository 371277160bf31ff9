import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
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
  /** Closes idle sockets, so that the process can end. */
  destroy(): void;
}
