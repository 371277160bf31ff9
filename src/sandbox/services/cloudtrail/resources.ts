/**
 * The resources of a recorded request. Lambda's by the name that the request has (recorded); of the others it is UNKNOWN in which
 * forms AWS lists them: here as the request names them too.
 */
import type * as Client from '@aws-sdk/client-cloudtrail';
import { firstText, isObject, type Input } from '../../access/permission.ts';
import type { ServiceId } from '../../wire/schema.ts';

/** Where the name stands, in the request or in its answer, and the type as CloudFormation writes it. */
const NAMES: Readonly<
  Partial<Record<ServiceId, readonly (readonly [type: string, members: readonly string[]])[]>>
> = {
  s3: [['AWS::S3::Bucket', ['Bucket']]],
  lambda: [['AWS::Lambda::Function', ['FunctionName', 'Resource']]],
  sqs: [['AWS::SQS::Queue', ['QueueUrl', 'QueueName', 'SourceArn']]],
  sns: [
    ['AWS::SNS::Topic', ['TopicArn', 'ResourceArn']],
    ['AWS::SNS::Subscription', ['SubscriptionArn']],
  ],
  events: [['AWS::Events::Rule', ['Rule', 'Name', 'ResourceARN']]],
  kms: [['AWS::KMS::Key', ['TargetKeyId', 'KeyId']]],
  iam: [
    ['AWS::IAM::Role', ['RoleName']],
    ['AWS::IAM::Policy', ['PolicyArn']],
  ],
  logs: [['AWS::Logs::LogGroup', ['logGroupName']]],
};

export function resourcesOf(
  service: ServiceId,
  input: Input,
  output: unknown,
  place: { readonly region: string; readonly account: string },
): Client.Resource[] {
  const answer = isObject(output) ? output : {};
  const metadata = answer['KeyMetadata'];
  return (NAMES[service] ?? []).flatMap(([type, members]) => {
    const name =
      firstText(input, members) ??
      firstText(answer, members) ??
      (isObject(metadata) ? firstText(metadata, members) : undefined);
    if (name === undefined) return [];
    const isKeyId = service === 'kms' && !/^(?:arn:|alias\/)/.test(name);
    // KMS always writes the ARN of a key.
    const shown = isKeyId ? `arn:aws:kms:${place.region}:${place.account}:key/${name}` : name;
    return [{ ResourceType: type, ResourceName: shown }];
  });
}
