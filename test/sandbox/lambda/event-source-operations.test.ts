/** Event source mappings as an API: what is checked, what is shown, which states there are. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { REGION } from '../logs/harness.ts';
import { functionArn, queueArn, ROLE, startEventSources } from './event-source-harness.ts';

function start(options: Parameters<typeof startEventSources>[0] = {}) {
  const harness = startEventSources(options);
  onTestFinished(() => harness.sources.reset());
  return harness;
}

const refusal = (code: string, message: string, status = 400) => ({ code, message, status });
const invalid = (message: string) => refusal('InvalidParameterValueException', message);
const tooSmall = (value: number, member: string, minimum: number) =>
  refusal(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to ${minimum}`,
  );

describe('creating', () => {
  test('the answer is that of AWS, and a moment later the mapping is enabled', async () => {
    const { env, addQueue, addFunction, call } = start();
    await addQueue('q');
    addFunction('fn');
    const response = { headers: {}, status: 0 };
    const created = await call(
      'CreateEventSourceMapping',
      { FunctionName: 'fn', EventSourceArn: queueArn('q') },
      { response },
    );
    expect(response.status).toBe(202);
    expect(created).toEqual({
      UUID: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      EventSourceArn: queueArn('q'),
      FunctionArn: functionArn('fn'),
      LastModified: new Date(env.clock.now()),
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
      FunctionResponseTypes: [],
      EventSourceMappingArn: `arn:aws:lambda:${REGION}:111122223333:event-source-mapping:${created.UUID}`,
    });
    expect(await call('GetEventSourceMapping', { UUID: created.UUID })).toEqual({
      ...created,
      State: 'Enabled',
    });
  });

  test('a mapping takes its time where a function does, and cannot be changed meanwhile', async () => {
    const { env, addQueue, addFunction, call } = start({ transitionMs: 5000 });
    await addQueue('q');
    addFunction('fn');
    const { UUID } = await call('CreateEventSourceMapping', {
      FunctionName: 'fn',
      EventSourceArn: queueArn('q'),
    });
    expect(await call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Creating' });
    await expect(call('DeleteEventSourceMapping', { UUID })).rejects.toMatchObject(
      refusal('ResourceInUseException', 'Cannot delete the event source mapping because it is in use.'),
    );
    await env.clock.advance(5000);
    expect(await call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Enabled' });
    expect(await call('DeleteEventSourceMapping', { UUID })).toMatchObject({ State: 'Deleting' });
    expect(await call('GetEventSourceMapping', { UUID })).toMatchObject({ State: 'Deleting' });
    await env.clock.advance(5000);
    await expect(call('GetEventSourceMapping', { UUID })).rejects.toMatchObject(
      refusal('ResourceNotFoundException', 'The resource you requested does not exist.', 404),
    );
    expect((await call('ListEventSourceMappings', {})).EventSourceMappings).toEqual([]);
  });

  test('a second mapping of the same queue and function is a conflict; another qualifier is not', async () => {
    const { addQueue, addFunction, versionWith, call } = start();
    await addQueue('q');
    addFunction('fn').versions.set(
      '1',
      versionWith('1', () => null),
    );
    const input = { FunctionName: 'fn', EventSourceArn: queueArn('q') };
    const { UUID } = await call('CreateEventSourceMapping', input);
    await expect(call('CreateEventSourceMapping', input)).rejects.toMatchObject(
      refusal(
        'ResourceConflictException',
        `An event source mapping with SQS arn (" ${queueArn('q')} ") and function (" fn ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
        409,
      ),
    );
    expect(await call('CreateEventSourceMapping', { ...input, FunctionName: 'fn:1' })).toMatchObject({
      FunctionArn: `${functionArn('fn')}:1`,
    });
    await call('DeleteEventSourceMapping', { UUID });
    await call('CreateEventSourceMapping', input);
  });

  test.each([
    ['no source', { EventSourceArn: undefined }, invalid('Unrecognized event source.')],
    [
      'a queue that is not there',
      { EventSourceArn: queueArn('other') },
      invalid(
        'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
      ),
    ],
    ['a function that is not there', { FunctionName: 'other' }, invalid('Function does not exist')],
    ['a version that is not there', { FunctionName: 'fn:7' }, invalid('Function does not exist')],
    [
      'a function that may run longer than a message is hidden',
      { FunctionName: 'slow' },
      invalid('Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds'),
    ],
    [
      'a large batch without a window',
      { BatchSize: 11 },
      invalid(
        'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
      ),
    ],
    [
      'a window on a FIFO queue',
      { EventSourceArn: queueArn('q.fifo'), MaximumBatchingWindowInSeconds: 1 },
      invalid('Batching window is not supported for FIFO queues'),
    ],
    [
      'a starting position',
      { StartingPosition: 'LATEST' },
      invalid('StartingPosition is not valid for SQS event sources.'),
    ],
    [
      'a filter that is no pattern',
      { FilterCriteria: { Filters: [{ Pattern: '{"eventSource":"aws:sqs"}' }] } },
      invalid('Invalid filter pattern definition.'),
    ],
    ['an empty batch', { BatchSize: 0 }, tooSmall(0, 'batchSize', 1)],
    [
      'one batch at a time',
      { ScalingConfig: { MaximumConcurrency: 1 } },
      tooSmall(1, 'scalingConfig.maximumConcurrency', 2),
    ],
    [
      'another kind of source',
      { EventSourceArn: `arn:aws:kinesis:${REGION}:111122223333:stream/s` },
      refusal('NotImplemented', 'The sandbox reads event sources of SQS only', 501),
    ],
  ])('%s is refused', async (_, changes, expected) => {
    const { addQueue, addFunction, call } = start();
    await addQueue('q');
    await addQueue('q.fifo');
    addFunction('fn');
    addFunction('slow', undefined, { settings: { timeoutSeconds: 60 } });
    const input = { FunctionName: 'fn', EventSourceArn: queueArn('q'), ...changes };
    await expect(call('CreateEventSourceMapping', input as never)).rejects.toMatchObject(expected);
    expect((await call('ListEventSourceMappings', {})).EventSourceMappings).toEqual([]);
  });

  test.each(['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])(
    'the execution role needs %s',
    async (action) => {
      const asked: unknown[] = [];
      const { addQueue, addFunction, call } = start({
        roleMay(...right) {
          asked.push(right);
          return right[1] === `sqs:${action}` ? 'no' : undefined;
        },
      });
      await addQueue('q');
      addFunction('fn');
      await expect(
        call('CreateEventSourceMapping', { FunctionName: 'fn', EventSourceArn: queueArn('q') }),
      ).rejects.toMatchObject(
        invalid(`The provided execution role does not have permissions to call ${action} on SQS`),
      );
      expect(asked).toContainEqual([ROLE, `sqs:${action}`, queueArn('q')]);
    },
  );
});

describe('listing, changing and deleting', () => {
  test('by function, by source, in pages, and only of the own Region', async () => {
    const { addQueue, addFunction, call } = start();
    for (const name of ['a', 'b']) {
      await addQueue(name);
      addFunction(`fn-${name}`);
    }
    const create = async (fn: string, queue: string) =>
      (
        await call('CreateEventSourceMapping', {
          FunctionName: `fn-${fn}`,
          EventSourceArn: queueArn(queue),
        })
      ).UUID;
    const [aa, ab, bb] = [await create('a', 'a'), await create('a', 'b'), await create('b', 'b')];
    const list = async (input: object, changes = {}) =>
      (await call('ListEventSourceMappings', input, changes)).EventSourceMappings?.map(({ UUID }) => UUID);
    expect(await list({})).toEqual([aa, ab, bb]);
    expect(await list({ FunctionName: functionArn('fn-a') })).toEqual([aa, ab]);
    expect(await list({ EventSourceArn: queueArn('b') })).toEqual([ab, bb]);
    expect(await list({ EventSourceArn: queueArn('b'), FunctionName: 'fn-b' })).toEqual([bb]);
    const { NextMarker } = await call('ListEventSourceMappings', { MaxItems: 2 });
    expect(await list({ Marker: NextMarker })).toEqual([bb]);
    expect(await list({}, { region: 'us-west-2' })).toEqual([]);
  });

  test('absent members keep their value, empty ones remove it', async () => {
    const { addQueue, addFunction, call } = start();
    await addQueue('q');
    addFunction('fn');
    addFunction('other');
    const full = {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 5,
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
      FunctionResponseTypes: ['ReportBatchItemFailures' as const],
      ScalingConfig: { MaximumConcurrency: 2 },
    };
    const { UUID } = await call('CreateEventSourceMapping', {
      FunctionName: 'fn',
      EventSourceArn: queueArn('q'),
      ...full,
    });
    expect(await call('UpdateEventSourceMapping', { UUID, FunctionName: 'other' })).toMatchObject({
      ...full,
      FunctionArn: functionArn('other'),
      State: 'Updating',
    });
    const emptied = await call('UpdateEventSourceMapping', {
      UUID,
      FilterCriteria: {},
      FunctionResponseTypes: [],
      ScalingConfig: {},
    });
    expect(emptied).toMatchObject({ BatchSize: 100, FunctionResponseTypes: [] });
    expect(Object.keys(emptied)).not.toEqual(expect.arrayContaining(['FilterCriteria']));
    expect(Object.keys(emptied)).not.toEqual(expect.arrayContaining(['ScalingConfig']));
    await expect(
      call('UpdateEventSourceMapping', { UUID, MaximumBatchingWindowInSeconds: 0 }),
    ).rejects.toMatchObject(
      invalid(
        'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
      ),
    );
  });

  test('one created disabled is so at once; enabling and disabling have states of their own', async () => {
    const { addQueue, addFunction, call } = start();
    await addQueue('q');
    addFunction('fn');
    const { UUID, State } = await call('CreateEventSourceMapping', {
      FunctionName: 'fn',
      EventSourceArn: queueArn('q'),
      Enabled: false,
    });
    expect(State).toBe('Disabled');
    const update = async (Enabled: boolean) => [
      (await call('UpdateEventSourceMapping', { UUID, Enabled })).State,
      (await call('GetEventSourceMapping', { UUID })).State,
    ];
    expect(await update(true)).toEqual(['Enabling', 'Enabled']);
    expect(await update(false)).toEqual(['Disabling', 'Disabled']);
  });

  test('a mapping whose function is gone can still be disabled and deleted', async () => {
    const { store, addQueue, addFunction, call } = start();
    await addQueue('q');
    addFunction('fn');
    const { UUID } = await call('CreateEventSourceMapping', {
      FunctionName: 'fn',
      EventSourceArn: queueArn('q'),
    });
    store.functions(REGION).delete('fn');
    await expect(call('UpdateEventSourceMapping', { UUID, BatchSize: 5 })).rejects.toMatchObject(
      invalid('Function does not exist'),
    );
    expect(await call('UpdateEventSourceMapping', { UUID, Enabled: false })).toMatchObject({
      State: 'Disabling',
    });
    expect(await call('DeleteEventSourceMapping', { UUID })).toMatchObject({ State: 'Deleting' });
    for (const operation of ['UpdateEventSourceMapping', 'DeleteEventSourceMapping'] as const) {
      await expect(call(operation, { UUID })).rejects.toMatchObject({ status: 404 });
    }
  });
});
