/** The SDK calls that fixes are made of: no other is ever made for one. */
import type { DoctorFacts } from '../../core/doctor/facts.ts';
import type { FixAction, FixService } from '../../core/doctor/finding.ts';
import { valueOf } from '../../core/doctor/reading.ts';
import { S3evtError } from '../../core/errors.ts';
import type { Aws } from '../clients.ts';

interface Options {
  readonly abortSignal: AbortSignal;
}

/**
 * A client with commands of its own service. The input is as a check wrote it: what does not fit is refused by AWS, and every fix is
 * carried out by a test.
 */
interface Client {
  send(command: never, options: Options): Promise<unknown>;
}

type Commands = Readonly<Record<string, new (input: never) => object>>;

type Load = (aws: Aws) => Promise<{ readonly client: Client; readonly commands: Commands }>;

const SERVICES: Readonly<Record<FixService, Load>> = {
  async lambda(aws) {
    const [client, sdk] = await Promise.all([aws.lambda(), import('@aws-sdk/client-lambda')]);
    const commands = {
      AddPermission: sdk.AddPermissionCommand,
      CreateAlias: sdk.CreateAliasCommand,
      CreateEventSourceMapping: sdk.CreateEventSourceMappingCommand,
      DeleteEventSourceMapping: sdk.DeleteEventSourceMappingCommand,
      RemovePermission: sdk.RemovePermissionCommand,
      UpdateAlias: sdk.UpdateAliasCommand,
      DeleteFunctionConcurrency: sdk.DeleteFunctionConcurrencyCommand,
      PutFunctionConcurrency: sdk.PutFunctionConcurrencyCommand,
      PutFunctionEventInvokeConfig: sdk.PutFunctionEventInvokeConfigCommand,
      UpdateFunctionEventInvokeConfig: sdk.UpdateFunctionEventInvokeConfigCommand,
      UpdateEventSourceMapping: sdk.UpdateEventSourceMappingCommand,
      UpdateFunctionConfiguration: sdk.UpdateFunctionConfigurationCommand,
    };
    return { client, commands };
  },
  async sqs(aws) {
    const [client, sdk] = await Promise.all([aws.sqs(), import('@aws-sdk/client-sqs')]);
    const commands = {
      CreateQueue: sdk.CreateQueueCommand,
      SetQueueAttributes: sdk.SetQueueAttributesCommand,
      StartMessageMoveTask: sdk.StartMessageMoveTaskCommand,
    };
    return { client, commands };
  },
  async sns(aws) {
    const [client, sdk] = await Promise.all([aws.sns(), import('@aws-sdk/client-sns')]);
    const commands = {
      CreateTopic: sdk.CreateTopicCommand,
      SetTopicAttributes: sdk.SetTopicAttributesCommand,
      SetSubscriptionAttributes: sdk.SetSubscriptionAttributesCommand,
      Unsubscribe: sdk.UnsubscribeCommand,
    };
    return { client, commands };
  },
  async events(aws) {
    const [client, sdk] = await Promise.all([aws.events(), import('@aws-sdk/client-eventbridge')]);
    const commands = {
      EnableRule: sdk.EnableRuleCommand,
      PutRule: sdk.PutRuleCommand,
      PutTargets: sdk.PutTargetsCommand,
      RemoveTargets: sdk.RemoveTargetsCommand,
    };
    return { client, commands };
  },
  async kms(aws) {
    const [client, sdk] = await Promise.all([aws.kms(), import('@aws-sdk/client-kms')]);
    const commands = {
      CancelKeyDeletion: sdk.CancelKeyDeletionCommand,
      EnableKey: sdk.EnableKeyCommand,
      PutKeyPolicy: sdk.PutKeyPolicyCommand,
    };
    return { client, commands };
  },
  async iam(aws) {
    const [client, sdk] = await Promise.all([aws.iam(), import('@aws-sdk/client-iam')]);
    const commands = {
      AttachRolePolicy: sdk.AttachRolePolicyCommand,
      CreateRole: sdk.CreateRoleCommand,
      PutRolePolicy: sdk.PutRolePolicyCommand,
      UpdateAssumeRolePolicy: sdk.UpdateAssumeRolePolicyCommand,
    };
    return { client, commands };
  },
  async s3(aws) {
    const [client, sdk] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
    const commands = {
      PutBucketOwnershipControls: sdk.PutBucketOwnershipControlsCommand,
      PutBucketPolicy: sdk.PutBucketPolicyCommand,
    };
    return { client, commands };
  },
  async logs(aws) {
    const [client, sdk] = await Promise.all([aws.logs(), import('@aws-sdk/client-cloudwatch-logs')]);
    return { client, commands: { CreateLogGroup: sdk.CreateLogGroupCommand } };
  },
};

/** Done in the bucket's Region. Throws S3evtError. */
export async function runFixCall(
  aws: Aws,
  facts: DoctorFacts,
  { service, operation, input }: Extract<FixAction, { readonly kind: 'call' }>,
): Promise<void> {
  const region = valueOf(facts.bucket.head)?.region;
  const there = region === undefined ? aws : aws.inRegion(region);
  const { client, commands } = await SERVICES[service](there);
  const Command = commands[operation];
  if (!Command) throw new S3evtError('INTERNAL', `no fix calls ${service}:${operation}`);
  const command = new Command(input as never);
  await there.call((options) => client.send(command as never, options), {
    action: `${service}:${operation}`,
  });
}

/** Whether a fix may make that call: for the test that holds the checks to it. */
export async function canRunFixCall(aws: Aws, service: FixService, operation: string): Promise<boolean> {
  return operation in (await SERVICES[service](aws)).commands;
}
