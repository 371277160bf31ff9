import type { Reading } from '../../core/doctor/reading.ts';
import type { Reader } from './reader.ts';

/** How many invocations of all functions of the Region may run at once. */
export function readAccountConcurrency(
  reader: Reader,
): Promise<Reading<{ readonly limit: number; readonly unreserved: number }>> {
  const action = 'lambda:GetAccountSettings';
  return reader.read(action, 'account', async () => {
    const [lambda, { GetAccountSettingsCommand }] = await Promise.all([
      reader.aws.lambda(),
      import('@aws-sdk/client-lambda'),
    ]);
    const { AccountLimit } = await reader.aws.call(
      (options) => lambda.send(new GetAccountSettingsCommand({}), options),
      { action },
    );
    const limit = AccountLimit?.ConcurrentExecutions;
    return limit === undefined
      ? undefined
      : { limit, unreserved: AccountLimit?.UnreservedConcurrentExecutions ?? limit };
  });
}
