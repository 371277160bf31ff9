import { describe, expect, it } from 'vitest';
import { ACCOUNT, createTestEvents, QUEUE_ARN, REGION } from './harness.ts';

const ENTRY = { Source: 'app', DetailType: 'type', Detail: '{"a":1}' };

describe('PutEvents', () => {
  it('puts events on the bus, with the fields in the order of AWS', async () => {
    const { call, env, withTargets, delivered } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    const answer = await call('PutEvents', {
      Entries: [ENTRY, { ...ENTRY, Time: new Date('2022-01-01T00:00:00.999Z'), Resources: ['r'] }],
    });
    await env.work.idle();
    const ids = answer.Entries?.map(({ EventId }) => EventId);
    expect(answer).toEqual({ FailedEntryCount: 0, Entries: ids?.map((EventId) => ({ EventId })) });
    const event = (index: number, time: string, resources: readonly string[]) =>
      JSON.stringify({
        version: '0',
        id: ids?.[index],
        'detail-type': 'type',
        source: 'app',
        account: ACCOUNT,
        time,
        region: REGION,
        resources,
        detail: { a: 1 },
      });
    expect(delivered.map(({ text }) => text)).toEqual([
      event(0, '2026-01-02T03:04:05Z', []),
      event(1, '2022-01-01T00:00:00Z', ['r']),
    ]);
  });

  it('keeps buses apart, and loses events for buses that do not exist', async () => {
    const { call, env, withTargets, delivered } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    await call('CreateEventBus', { Name: 'bus' });
    await call('PutRule', { Name: 'own', EventBusName: 'bus', EventPattern: '{"source":["app"]}' });
    const target = { Id: 't', Arn: QUEUE_ARN, InputPath: '$.detail' };
    await call('PutTargets', { Rule: 'own', EventBusName: 'bus', Targets: [target] });
    const arn = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/bus`;
    const { FailedEntryCount, Entries } = await call('PutEvents', {
      Entries: [
        { ...ENTRY, EventBusName: 'bus', Detail: '{"to":"bus"}' },
        { ...ENTRY, EventBusName: arn, Detail: '{"to":"bus by arn"}' },
        { ...ENTRY, EventBusName: 'none' },
      ],
    });
    await env.work.idle();
    expect([FailedEntryCount, Entries?.every(({ EventId }) => EventId !== undefined)]).toEqual([0, true]);
    expect(delivered.map(({ text }) => text)).toEqual(['{"to":"bus"}', '{"to":"bus by arn"}']);
  });

  it('answers per entry, in order', async () => {
    const { call } = createTestEvents();
    const answer = await call('PutEvents', {
      Entries: [
        { ...ENTRY, Source: '' },
        { Source: 'app', Detail: '{}' },
        { Source: 'app', DetailType: 'type' },
        { ...ENTRY, Source: 'aws.s3' },
        { ...ENTRY, Detail: 'text' },
        { ...ENTRY, Detail: '["a"]' },
        { ...ENTRY, Detail: '"{}"' },
        { ...ENTRY, Detail: `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}` },
        { ...ENTRY, Detail: `{"a":${'['.repeat(999)}${']'.repeat(999)},"b":"\\"${'['.repeat(1001)}"}` },
      ],
    });
    const failed = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
    const malformed = failed('MalformedDetail', 'Detail is malformed.');
    const missing = (member: string) =>
      failed(
        'InvalidArgument',
        `Parameter ${member} is not valid. Reason: ${member} is a required argument.`,
      );
    expect(answer).toEqual({
      FailedEntryCount: 8,
      Entries: [
        missing('Source'),
        missing('DetailType'),
        missing('Detail'),
        failed('NotAuthorizedForSourceException', 'Not authorized for the source.'),
        ...Array<unknown>(4).fill(malformed),
        { EventId: expect.any(String) as string },
      ],
    });
  });

  it('takes no more than ten entries and 1 MB', async () => {
    const { call } = createTestEvents();
    const entry =
      'PutEventsRequestEntry(time=null, source=app, resources=null, detailType=type, detail={"a":1}, eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)';
    await expect(call('PutEvents', { Entries: Array<typeof ENTRY>(11).fill(ENTRY) })).rejects.toMatchObject({
      code: 'ValidationException',
      message: `1 validation error detected: Value '[${Array<string>(11).fill(entry).join(', ')}]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10`,
    });
    const half = { ...ENTRY, Detail: JSON.stringify({ text: 'x'.repeat(524_288 - 18) }) };
    expect((await call('PutEvents', { Entries: [half, half] })).FailedEntryCount).toBe(0);
    const more = { ...half, Resources: ['x'] };
    await expect(call('PutEvents', { Entries: [half, more] })).rejects.toMatchObject({
      code: 'ValidationException',
      message: 'Total size of the entries in the request is over the limit.',
    });
  });
});
