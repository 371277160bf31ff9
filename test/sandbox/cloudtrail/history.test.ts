import * as sqs from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { rootOf } from '../../../src/sandbox/access/caller.ts';
import { createCloudTrailService } from '../../../src/sandbox/services/cloudtrail/service.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import type { RequestContext } from '../../../src/sandbox/wire/types.ts';
import { ACCOUNT, createTestEnv, REGION } from '../logs/harness.ts';

it('forgets the oldest of too many events, and a page that was begun goes on with those that are left', async () => {
  const env = createTestEnv();
  const trail = createCloudTrailService(env);
  const operation = defineService(SERVICE_SPECS.sqs, sqs).operations.get('CreateQueue')!;
  const ctx = { region: REGION, account: ACCOUNT, sourceIp: '127.0.0.1', headers: {} } as RequestContext;
  const record = (QueueName: string) =>
    trail.record({
      service: 'sqs',
      operation,
      eventName: 'CreateQueue',
      input: { QueueName },
      ctx,
      caller: rootOf(ACCOUNT),
      outcome: { output: {} },
    });
  const lookup = async (input: object) => (await trail.handlers.LookupEvents?.(input, ctx)) ?? {};

  for (let index = 0; index < 2_999; index++) record(`q-${index}`);
  const first = await lookup({ MaxResults: 1 });
  expect(first.Events?.[0]?.Resources?.[0]?.ResourceName).toBe('q-2998');
  const found = (name: string) =>
    lookup({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: name }] });
  expect((await found('q-999')).Events).toHaveLength(1);
  record('q-2999');
  expect((await found('q-999')).Events).toEqual([]);
  expect((await found('q-1000')).Events).toHaveLength(1);
  const second = await lookup({ MaxResults: 1, NextToken: first.NextToken });
  expect(second.Events?.[0]?.Resources?.[0]?.ResourceName).toBe('q-2997');

  trail.reset();
  expect((await lookup({ MaxResults: 1, NextToken: second.NextToken })).Events).toEqual([]);
});
