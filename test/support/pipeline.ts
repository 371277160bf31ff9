import { AttachRolePolicyCommand, CreateRoleCommand, type Tag } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { LAMBDA_TRUST, type FunctionCode } from './function-code.ts';
import type { TestClients } from './test-clients.ts';

/** A role for functions, which may write their log. Resolves with its ARN. */
export async function createExecutionRole(
  { iam }: Pick<TestClients, 'iam'>,
  RoleName: string,
  Tags: Tag[] = [],
): Promise<string> {
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: LAMBDA_TRUST, Tags }),
  );
  const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  return Role?.Arn ?? '';
}

/** A function with an execution role of its own. Resolves with its ARN. */
export async function createFunction(
  clients: TestClients,
  name: string,
  code: FunctionCode,
): Promise<string> {
  const Role = await createExecutionRole(clients, `${name}-role`);
  const { FunctionArn } = await clients.lambda.send(
    new CreateFunctionCommand({ FunctionName: name, Role, Timeout: 30, ...code }),
  );
  return FunctionArn ?? '';
}

/** Role, function, permission, bucket and notification: all that an event needs on its way to a log line. */
export async function createPipeline(clients: TestClients, name: string, code: FunctionCode): Promise<void> {
  const { lambda, s3 } = clients;
  const FunctionArn = await createFunction(clients, name, code);
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: `arn:aws:s3:::${name}`,
      SourceAccount: '000000000000',
    }),
  );
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          { Id: 'all', LambdaFunctionArn: FunctionArn, Events: ['s3:ObjectCreated:*'] },
        ],
      },
    }),
  );
}

/** All messages of a function's log that match the filter pattern, without line ends. */
export async function logMessages(
  { logs }: TestClients,
  functionName: string,
  filterPattern: string,
): Promise<string[]> {
  const pages = paginateFilterLogEvents(
    { client: logs },
    { logGroupName: `/aws/lambda/${functionName}`, filterPattern },
  );
  const messages: string[] = [];
  for await (const page of pages) {
    for (const event of page.events ?? []) messages.push(event.message?.trimEnd() ?? '');
  }
  return messages;
}
