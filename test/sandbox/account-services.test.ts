/** What the services of an account need of each other. */
import {
  CreateKeyCommand,
  DisableKeyCommand,
  ScheduleKeyDeletionCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { PRINTING_HANDLERS } from '../support/function-code.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createExecutionRole, createPipeline } from '../support/pipeline.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('a fault that throttles Invoke throttles the events in Lambda’s queue too', async () => {
  const clock = createManualClock();
  const sandbox = await startTestSandbox({ clock });
  await createPipeline(sandbox, 'busy', PRINTING_HANDLERS.node);
  sandbox.faults.add({
    match: { service: 'lambda', operation: 'Invoke' },
    effect: { kind: 'throttle' },
    times: 3,
  });
  await sandbox.s3.send(new PutObjectCommand({ Bucket: 'busy', Key: 'k', Body: 'x' }));
  await clock.waitForSleeper();
  await clock.advance(1000);
  const invoke = new InvokeCommand({ FunctionName: 'busy' });
  await expect(sandbox.lambda.send(invoke)).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  expect(sandbox.faults.list()).toEqual([]);
  await clock.waitForSleeper();
  await clock.advance(2000);
  await sandbox.idle();
  const outcomes = sandbox.journal
    .entries()
    .flatMap((entry) => (entry.type === 'invocation' ? [entry.outcome] : []));
  expect(outcomes).toEqual(['throttled', 'throttled', 'ok']);
});

const REGION = 'us-east-1';

async function keyIn(kms: KMSClient, state: 'Enabled' | 'Disabled' | 'PendingDeletion'): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const { KeyId, Arn = '' } = KeyMetadata ?? {};
  if (state === 'Disabled') await kms.send(new DisableKeyCommand({ KeyId }));
  if (state === 'PendingDeletion') await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
  return Arn;
}

it('a function whose key cannot be used is Failed, until it has one that can', async () => {
  const sandbox = await startTestSandbox();
  const { lambda, kms } = sandbox;
  const Role = await createExecutionRole(sandbox, 'role');
  const missing = `arn:aws:kms:${REGION}:000000000000:key/1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f`;
  const elsewhere = (await keyIn(kms, 'Enabled')).replace(REGION, 'eu-west-1');
  const keys = [
    ['KMSKeyNotFound', missing],
    ['KMSKeyNotFound', missing.replace('000000000000', '111122223333')],
    ['KMSKeyNotFound', elsewhere],
    ['DisabledKMSKey', await keyIn(kms, 'Disabled')],
    ['InvalidStateKMSKey', await keyIn(kms, 'PendingDeletion')],
  ] as const;
  for (const [i, [code, KMSKeyArn]] of keys.entries()) {
    const FunctionName = `fn${i}`;
    const function_ = new CreateFunctionCommand({ FunctionName, Role, KMSKeyArn, ...PRINTING_HANDLERS.node });
    await lambda.send(function_);
    const look = () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    expect(await look()).toMatchObject({ State: 'Failed', StateReasonCode: code });
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, KMSKeyArn: await keyIn(kms, 'Enabled') }),
    );
    expect(await look()).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
  }
});
