/** ARN parsing and the few ARNs that s3evt builds. `arn:partition:service:region:account:resource`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Empty for global services and for S3 buckets. */
  readonly region: string;
  /** Empty for S3 buckets. */
  readonly account: string;
  /** All after the fifth colon, colons included. */
  readonly resource: string;
}

export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/s.exec(text);
  if (!match) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

export interface FunctionReference {
  /** Name alone. */
  readonly name: string;
  /** Version number, alias or `$LATEST`; undefined when the reference names none. */
  readonly qualifier: string | undefined;
  /** From an ARN; undefined for a bare name. */
  readonly account: string | undefined;
  readonly region: string | undefined;
}

/**
 * A function as people and APIs name it: `name`, `name:alias`, `123456789012:function:name` or an ARN, each with or
 * without a qualifier (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, FunctionName).
 */
export function parseFunctionReference(text: string): FunctionReference | undefined {
  const match =
    /^(?:(?:arn:[^:]+:lambda:([^:]+):)?(?:(\d{12}):)?function:)?([A-Za-z0-9_-]{1,140})(?::(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const [, region, account, name = '', qualifier] = match;
  return { name, qualifier, account, region };
}

/** `aws`, `aws-cn` or `aws-us-gov`, from the caller's ARN: the only reliable source (never from the Region's name). */
export function partitionOf(callerArn: string): string {
  return parseArn(callerArn)?.partition ?? 'aws';
}

/** The ARN of a function without its version or alias. */
export function unqualifiedFunctionArn(arn: string): string {
  return arn.split(':').slice(0, 7).join(':');
}

export function bucketArn(partition: string, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

export function functionArn(partition: string, region: string, account: string, name: string): string {
  return `arn:${partition}:lambda:${region}:${account}:function:${name}`;
}

export function roleArn(partition: string, account: string, name: string): string {
  return `arn:${partition}:iam::${account}:role/${name}`;
}

export function logGroupArn(partition: string, region: string, account: string, group: string): string {
  return `arn:${partition}:logs:${region}:${account}:log-group:${group}`;
}

export function queueArn(partition: string, region: string, account: string, name: string): string {
  return `arn:${partition}:sqs:${region}:${account}:${name}`;
}

export function topicArn(partition: string, region: string, account: string, name: string): string {
  return `arn:${partition}:sns:${region}:${account}:${name}`;
}
