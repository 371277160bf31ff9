import type { FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import type { Fact } from '../core/facts.ts';
import type { Aws } from './clients.ts';
import { fact } from './read-facts.ts';

/** What Lambda does with asynchronous invocations of the version or alias; absent where nothing was ever set. */
export async function readEventInvokeConfig(
  aws: Aws,
  functionName: string,
  qualifier: string | undefined,
): Promise<Fact<FunctionEventInvokeConfig>> {
  const action = 'lambda:GetFunctionEventInvokeConfig';
  return fact(action, async () => {
    const [lambda, { GetFunctionEventInvokeConfigCommand }] = await Promise.all([
      aws.lambda(),
      import('@aws-sdk/client-lambda'),
    ]);
    const command = new GetFunctionEventInvokeConfigCommand({
      FunctionName: functionName,
      ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
    });
    return aws.call((options) => lambda.send(command, options), { action, resource: functionName });
  });
}

/** Whether the policies of a role let it send to the queue. The queue's own policy is not asked. */
export async function readMaySend(aws: Aws, roleArn: string, queueArn: string): Promise<Fact<boolean>> {
  const action = 'iam:SimulatePrincipalPolicy';
  return fact(action, async () => {
    const [iam, { SimulatePrincipalPolicyCommand }] = await Promise.all([
      aws.iam(),
      import('@aws-sdk/client-iam'),
    ]);
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: roleArn,
      ActionNames: ['sqs:SendMessage'],
      ResourceArns: [queueArn],
    });
    const { EvaluationResults = [] } = await aws.call((options) => iam.send(command, options), {
      action,
      resource: roleArn,
    });
    return EvaluationResults.length > 0 && EvaluationResults.every((one) => one.EvalDecision === 'allowed');
  });
}
