import {
  GetFunctionConfigurationCommand,
  UpdateFunctionConfigurationCommand,
  type UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../support/manual-clock.ts';
import { arnOf, failure, startLambda } from './harness.ts';

const CODE = { 'app.mjs': 'export const handler = async () => process.env.A ?? null;' };
const NOT_FOUND = { code: 'KMSKeyNotFound', reason: 'The key was not found.' };

/** Functions whose key is `gone` fail. */
async function startWithKeys() {
  const clock = createManualClock();
  const harness = await startLambda({
    clock,
    deps: {
      options: { activationMs: 1000 },
      activationFailure: (_arn, { kmsKeyArn }) => (kmsKeyArn?.endsWith('/gone') ? NOT_FOUND : undefined),
    },
  });
  const state = async () => {
    const found = await harness.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'fn' }));
    const { State, StateReasonCode, StateReason, LastUpdateStatus, LastUpdateStatusReasonCode } = found;
    return { State, StateReasonCode, StateReason, LastUpdateStatus, LastUpdateStatusReasonCode };
  };
  const update = (input: Partial<UpdateFunctionConfigurationCommandInput>) =>
    harness.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'fn', ...input }));
  return { ...harness, clock, state, update };
}

const key = (name: string) => `arn:aws:kms:us-east-1:111122223333:key/${name}`;

describe('functions that fail', () => {
  test('Pending, then Failed: refuses callers, gives up events, and an update helps', async () => {
    const { create, invoke, state, update, clock, env } = await startWithKeys();
    await create('fn', CODE, { KMSKeyArn: key('gone') });
    expect(await state()).toMatchObject({ State: 'Pending', StateReasonCode: 'Creating' });
    await clock.advance(1000);
    expect(await state()).toMatchObject({
      State: 'Failed',
      StateReason: NOT_FOUND.reason,
      StateReasonCode: 'KMSKeyNotFound',
    });
    const refusal = {
      code: 'ResourceConflictException',
      status: 409,
      message:
        'The operation cannot be performed at this time. The function is currently in the following state: Failed',
    };
    expect(await failure(invoke('fn'))).toEqual(refusal);
    env.journal.clear();
    expect(await failure(invoke('fn', {}, { InvocationType: 'Event' }))).toEqual(refusal);
    await update({ KMSKeyArn: '' });
    await clock.advance(1000);
    expect(await state()).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
    expect((await invoke('fn')).text).toBe('null');
  });

  test('an event that was accepted before becomes a failure', async () => {
    const { create, clock, env, service } = await startWithKeys();
    await create('fn', CODE, { KMSKeyArn: key('gone') });
    // As another service with a permission: only callers of Invoke are told of the state.
    await service.handlers.AddPermission?.(
      {
        FunctionName: 'fn',
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      },
      { region: 'us-east-1', account: '111122223333' } as never,
    );
    expect(service.invokeAsync(arnOf('fn'), '{}', { service: 's3.amazonaws.com' })).toBeUndefined();
    await clock.waitForSleeper();
    await clock.advance(1000);
    await env.work.idle();
    expect(env.journal.entries().at(-1)).toMatchObject({
      type: 'invocation',
      outcome: 'dropped',
      reason: 'the function is Failed: KMSKeyNotFound',
    });
  });

  test('an update that fails leaves the function as it was', async () => {
    const { create, invoke, state, update, clock } = await startWithKeys();
    await create('fn', CODE, { Environment: { Variables: { A: 'old' } } });
    await clock.advance(1000);
    await update({ KMSKeyArn: key('gone'), Environment: { Variables: { A: 'new' } } });
    expect(await state()).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    await clock.advance(1000);
    expect(await state()).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'Failed',
      LastUpdateStatusReasonCode: 'KMSKeyNotFound',
    });
    expect((await invoke('fn')).text).toBe('"old"');
  });
});

test('a dead-letter target that the role may not send to is refused', async () => {
  const { create, client } = await startLambda({
    deps: { roleMay: (_role, action) => (action === 'sns:Publish' ? undefined : 'no') },
  });
  const target = (service: string) => ({
    DeadLetterConfig: { TargetArn: `arn:aws:${service}:us-east-1:111122223333:dead` },
  });
  const refusal = {
    code: 'InvalidParameterValueException',
    status: 400,
    message: 'The provided execution role does not have permissions to call SendMessage on SQS',
  };
  expect(await failure(create('fn', CODE, target('sqs')))).toEqual(refusal);
  await create('fn', CODE, target('sns'));
  const update = new UpdateFunctionConfigurationCommand({ FunctionName: 'fn', ...target('sqs') });
  expect(await failure(client.send(update))).toEqual(refusal);
});
