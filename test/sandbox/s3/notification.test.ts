import type { NotificationConfiguration } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BUCKET, createTestS3, FUNCTION_ARN, QUEUE_ARN, TOPIC_ARN, type TestS3 } from './support.ts';

async function setUp(options: Parameters<typeof createTestS3>[0] = {}): Promise<TestS3> {
  const s3 = createTestS3(options);
  await s3.call('CreateBucket', { Bucket: BUCKET });
  return s3;
}

function put(s3: TestS3, config: unknown, SkipDestinationValidation = false) {
  return s3.call('PutBucketNotificationConfiguration', {
    Bucket: BUCKET,
    NotificationConfiguration: config as NotificationConfiguration,
    SkipDestinationValidation,
  });
}

function get(s3: TestS3) {
  return s3.call('GetBucketNotificationConfiguration', { Bucket: BUCKET });
}

function queue(overrides: object = {}) {
  return { QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'], ...overrides };
}

function filter(...rules: [Name: string | undefined, Value: string | undefined][]) {
  return { Filter: { Key: { FilterRules: rules.map(([Name, Value]) => ({ Name, Value })) } } };
}

describe('what GET returns', () => {
  it('is empty for a bucket without configuration, and after an empty one', async () => {
    const s3 = await setUp();
    expect(await get(s3)).toEqual({});
    await put(s3, { EventBridgeConfiguration: {}, QueueConfigurations: [queue()] });
    await put(s3, {});
    expect(await get(s3)).toEqual({});
  });

  it('has ids assigned, rule names capitalised, and orders kept', async () => {
    const s3 = await setUp();
    await put(s3, {
      LambdaFunctionConfigurations: [
        {
          Id: 'f',
          LambdaFunctionArn: `${FUNCTION_ARN}:live`,
          Events: ['s3:ObjectRemoved:Delete', 's3:ObjectCreated:Put'],
          ...filter(['SUFFIX', ''], ['prefix', 'in+box/']),
        },
      ],
      QueueConfigurations: [queue({ Events: ['s3:ObjectTagging:*'] })],
      TopicConfigurations: [{ TopicArn: TOPIC_ARN, Events: ['s3:ObjectAcl:Put'] }],
      EventBridgeConfiguration: {},
    });
    const config = await get(s3);
    expect(config).toEqual({
      LambdaFunctionConfigurations: [
        {
          Id: 'f',
          LambdaFunctionArn: `${FUNCTION_ARN}:live`,
          Events: ['s3:ObjectRemoved:Delete', 's3:ObjectCreated:Put'],
          ...filter(['Suffix', ''], ['Prefix', 'in+box/']),
        },
      ],
      QueueConfigurations: [
        { Id: expect.any(String) as string, QueueArn: QUEUE_ARN, Events: ['s3:ObjectTagging:*'] },
      ],
      TopicConfigurations: [
        { Id: expect.any(String) as string, TopicArn: TOPIC_ARN, Events: ['s3:ObjectAcl:Put'] },
      ],
      EventBridgeConfiguration: {},
    });
    const ids = [config.QueueConfigurations![0]!.Id!, config.TopicConfigurations![0]!.Id!];
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) {
      expect(id).toHaveLength(48);
      expect(Buffer.from(id, 'base64').toString()).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('survives a refused change', async () => {
    const s3 = await setUp();
    await put(s3, { QueueConfigurations: [queue({ Id: 'kept' })] });
    await expect(put(s3, { QueueConfigurations: [queue({ QueueArn: 'x' })] })).rejects.toThrow();
    expect((await get(s3)).QueueConfigurations?.[0]?.Id).toBe('kept');
  });
});

describe('documents that are refused', () => {
  const ambiguous =
    'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.';
  const cases: [string, unknown, { code?: string; message: string | RegExp; members?: object }][] = [
    [
      'without Event',
      { QueueConfigurations: [queue({ Events: [] })] },
      { code: 'MalformedXML', message: /well-formed/ },
    ],
    [
      'without ARN',
      { QueueConfigurations: [queue({ QueueArn: undefined })] },
      { code: 'MalformedXML', message: /well-formed/ },
    ],
    [
      'with a rule without Value',
      { QueueConfigurations: [queue(filter(['prefix', undefined]))] },
      { code: 'MalformedXML', message: /well-formed/ },
    ],
    [
      'with something that is no ARN',
      { QueueConfigurations: [queue({ QueueArn: 'queue' }), queue({ QueueArn: 'second' })] },
      { message: 'The ARN could not be parsed', members: { ArgumentName: 'Queue', ArgumentValue: 'queue' } },
    ],
    [
      'with the ARN of another service',
      { LambdaFunctionConfigurations: [{ LambdaFunctionArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'] }] },
      {
        message: 'The ARN could not be parsed',
        members: { ArgumentName: 'CloudFunction', ArgumentValue: QUEUE_ARN },
      },
    ],
    [
      'with an unknown event',
      { QueueConfigurations: [queue({ Events: ['s3:*'] })] },
      { message: 'The event is not supported for notifications' },
    ],
    [
      'with another rule name',
      { QueueConfigurations: [queue(filter(['infix', 'a']))] },
      {
        message: 'filter rule name must be either prefix or suffix',
        members: { ArgumentName: 'FilterRule.Name', ArgumentValue: 'infix' },
      },
    ],
    [
      'with two prefixes',
      { QueueConfigurations: [queue(filter(['prefix', 'a'], ['Prefix', 'b']))] },
      { message: 'Cannot specify more than one prefix rule in a filter.' },
    ],
    [
      'with a value over 1,024 bytes',
      { QueueConfigurations: [queue(filter(['suffix', 'é'.repeat(513)]))] },
      { message: 'Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation' },
    ],
    [
      'with one id twice, across kinds',
      {
        QueueConfigurations: [queue({ Id: 'a' })],
        TopicConfigurations: [{ Id: 'a', TopicArn: TOPIC_ARN, Events: ['s3:ObjectRemoved:*'] }],
      },
      { message: 'Same ID used for multiple configurations. IDs must be unique.' },
    ],
    [
      'with an id of 256 characters',
      { QueueConfigurations: [queue({ Id: 'a'.repeat(256) })] },
      { message: 'ID length exceeded allowed limit of 255' },
    ],
    [
      'with 101 configurations',
      { QueueConfigurations: Array.from({ length: 101 }, (_, i) => queue(filter(['prefix', `p${i}/`]))) },
      {
        code: 'InvalidRequest',
        message: 'Too many configurations submitted. The maximum number of configurations is 100',
      },
    ],
    [
      'with a destination in another Region',
      { QueueConfigurations: [queue({ QueueArn: QUEUE_ARN.replace('us-east-1', 'eu-west-1') })] },
      {
        message:
          'The notification destination service region is not valid for the bucket location constraint',
      },
    ],
    [
      'with a FIFO queue',
      { QueueConfigurations: [queue({ QueueArn: `${QUEUE_ARN}.fifo` })] },
      { message: 'FIFO SQS queues are not supported.' },
    ],
    [
      'with a FIFO topic',
      { TopicConfigurations: [{ TopicArn: `${TOPIC_ARN}.fifo`, Events: ['s3:ObjectCreated:*'] }] },
      { message: 'Unable to validate the following destination configurations', members: {} },
    ],
    [
      'with two that share an event, neither filtered',
      {
        QueueConfigurations: [queue()],
        LambdaFunctionConfigurations: [{ LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectCreated:Put'] }],
      },
      {
        message:
          'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
        members: { ArgumentName: 'Event', ArgumentValue: 's3:ObjectCreated:*, s3:ObjectCreated:Put' },
      },
    ],
    [
      'with no filter beside a prefix',
      { QueueConfigurations: [queue(), queue(filter(['prefix', 'images']))] },
      { message: ambiguous, members: {} },
    ],
    [
      'with suffixes that overlap',
      { QueueConfigurations: [queue(filter(['suffix', 'jpg'])), queue(filter(['suffix', 'pg']))] },
      { message: ambiguous },
    ],
  ];
  it.each(cases)('%s', async (_, config, { code = 'InvalidArgument', message, members }) => {
    const s3 = await setUp();
    // Destinations are not asked before the document is good, so skipping them changes nothing.
    for (const skip of [false, true]) {
      await expect(put(s3, config, skip)).rejects.toMatchObject({
        code,
        message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
        status: 400,
        ...(members && { members }),
      });
    }
    expect(s3.sqs.checked).toHaveLength(0);
    expect(s3.sqs.received).toHaveLength(0);
  });

  it('when the bucket does not exist', async () => {
    const s3 = createTestS3();
    await expect(put(s3, {})).rejects.toMatchObject({
      code: 'NoSuchBucket',
      status: 404,
      members: { BucketName: BUCKET },
    });
    await expect(get(s3)).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });
});

describe('documents that are accepted', () => {
  it.each<[string, unknown]>([
    [
      'one prefix with two suffixes',
      [
        queue(filter(['prefix', 'i'], ['suffix', '.jpg'])),
        queue(filter(['prefix', 'i'], ['suffix', '.png'])),
      ],
    ],
    [
      'one prefix with two families',
      [queue(filter(['prefix', 'i'])), queue({ Events: ['s3:ObjectRemoved:*'], ...filter(['prefix', 'i']) })],
    ],
    [
      'one configuration with a wildcard and its member',
      [queue({ Events: ['s3:ObjectCreated:*', 's3:ObjectCreated:Put'] })],
    ],
    ['the newest events', [queue({ Events: ['s3:ObjectAnnotation:*', 's3:ObjectRetention:Put'] })]],
  ])('%s', async (_, QueueConfigurations) => {
    const s3 = await setUp();
    await put(s3, { QueueConfigurations });
    expect((await get(s3)).QueueConfigurations?.map(({ Events }) => Events)).toEqual(
      (QueueConfigurations as { Events: unknown }[]).map(({ Events }) => Events),
    );
  });

  it('100 configurations', async () => {
    const s3 = await setUp();
    await put(s3, {
      QueueConfigurations: Array.from({ length: 100 }, (_, i) => queue(filter(['prefix', `p${i}/`]))),
    });
    expect((await get(s3)).QueueConfigurations).toHaveLength(100);
  });
});

describe('destinations', () => {
  const config = {
    TopicConfigurations: [{ TopicArn: TOPIC_ARN, Events: ['s3:ObjectTagging:*'] }],
    QueueConfigurations: [queue()],
    LambdaFunctionConfigurations: [{ LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectRemoved:*'] }],
  };

  it('are asked all, and those that refuse are named in numbered pairs', async () => {
    const s3 = await setUp();
    s3.sqs.problems[QUEUE_ARN] = { name: QUEUE_ARN, value: 'The destination queue does not exist' };
    s3.lambda.problems[FUNCTION_ARN] = { name: `${FUNCTION_ARN}, null`, value: 'Not authorized' };
    await expect(put(s3, config)).rejects.toMatchObject({
      code: 'InvalidArgument',
      status: 400,
      message: 'Unable to validate the following destination configurations',
      members: {
        ArgumentName1: QUEUE_ARN,
        ArgumentValue1: 'The destination queue does not exist',
        ArgumentName2: `${FUNCTION_ARN}, null`,
        ArgumentValue2: 'Not authorized',
      },
    });
    expect(s3.sns.checked).toEqual([
      { bucketArn: `arn:aws:s3:::${BUCKET}`, account: '111122223333', region: 'us-east-1' },
    ]);
    expect(s3.sns.received).toHaveLength(0);
    expect(await get(s3)).toEqual({});
  });

  it('of services that are not there are missing', async () => {
    const s3 = await setUp({ destinations: {} });
    await expect(put(s3, config)).rejects.toMatchObject({
      members: {
        ArgumentName1: TOPIC_ARN,
        ArgumentValue1:
          'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
        ArgumentName2: QUEUE_ARN,
        ArgumentValue2: 'The destination queue does not exist',
        ArgumentName3: `${FUNCTION_ARN}, null`,
        ArgumentValue3: `Not authorized to invoke function [${FUNCTION_ARN}]`,
      },
    });
  });

  it('get s3:TestEvent before Put returns, at every Put, functions excepted', async () => {
    const s3 = await setUp();
    await put(s3, config);
    await put(s3, config);
    const events = [...s3.sqs.received, ...s3.sns.received].map(
      ({ message }) => (JSON.parse(message) as { Event: string }).Event,
    );
    expect(events).toEqual(Array.from({ length: 4 }, () => 's3:TestEvent'));
    expect(s3.lambda.received).toHaveLength(0);
  });

  it('are neither asked nor tested when validation is skipped', async () => {
    const s3 = await setUp({ destinations: {} });
    await put(s3, config, true);
    expect((await get(s3)).QueueConfigurations).toHaveLength(1);
    expect(s3.env.journal.entries()).toHaveLength(0);
  });
});
