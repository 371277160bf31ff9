import {
  GetBucketNotificationConfigurationCommand,
  type Event,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import {
  closedFunction,
  CREATED,
  documentXml,
  get,
  put,
  putXml,
  ready,
  refused,
  rules,
} from './documents.ts';
import { describeFacts, type Fact, type Target } from './harness.ts';
import { BY_S3, queue, topic } from './resources.ts';
import { eventually, refusal } from './target.ts';

const UNABLE = 'Unable to validate the following destination configurations';
const MALFORMED = 'The XML you provided was not well-formed or did not validate against our published schema';

/** The names of the numbered and plain pairs in an error. */
const pairs = (members: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => name.startsWith('Argument')));

/** A row about a document that is refused with exactly these pairs. */
function refusing(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  document: (t: Target) => Promise<NotificationConfiguration> | NotificationConfiguration,
  error: {
    readonly message: string;
    readonly code?: string;
    readonly pairs?: (t: Target) => Record<string, string> | Promise<Record<string, string>>;
  },
  options: { readonly skip?: boolean } = {},
): Fact {
  return {
    ...row,
    async run(t) {
      const { status, code, message, members } = await refused(t, await document(t), options);
      expect({ status, code, message }).toEqual({
        status: 400,
        code: error.code ?? 'InvalidArgument',
        message: error.message,
      });
      if (error.pairs) expect(pairs(members)).toEqual(await error.pairs(t));
    },
  };
}

const arnOf = (t: Target, service: string, name: string, region = t.region) =>
  `arn:${t.partition}:${service}:${region}:${t.account}:${name}`;
const missingQueue = (t: Target, name = 's3evt-not-there') => arnOf(t, 'sqs', name);

const toQueue = (QueueArn: string, more: object = {}): NotificationConfiguration => ({
  QueueConfigurations: [{ QueueArn, Events: CREATED, ...more }],
});
const toTopic = (TopicArn: string): NotificationConfiguration => ({
  TopicConfigurations: [{ TopicArn, Events: CREATED }],
});
const toFunction = (LambdaFunctionArn: string): NotificationConfiguration => ({
  LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events: CREATED }],
});
const aQueue = async (t: Target) => (await ready(t)).queue.arn;
const openQueue = async (t: Target, more: object) => toQueue(await aQueue(t), more);

const UNPARSABLE = 'The ARN could not be parsed';

const arns: readonly Fact[] = [
  ...(
    [
      ['Queue', toQueue],
      ['Topic', toTopic],
      ['CloudFunction', toFunction],
    ] as const
  ).flatMap(([element, document]) =>
    ([false, true] as const).map((skip) =>
      refusing(
        {
          id: `3.5-arn-invalid-${element.toLowerCase()}${skip ? '-skip' : ''}`,
          source: 'AWS-recorded',
          expectation: `what is no ARN in ${element} is named with its value${skip ? ', also when validation is skipped' : ''}`,
        },
        () => document('invalid-arn'),
        { message: UNPARSABLE, pairs: () => ({ ArgumentName: element, ArgumentValue: 'invalid-arn' }) },
        { skip },
      ),
    ),
  ),
  refusing(
    {
      id: '3.5-arn-first-only',
      source: 'AWS-recorded',
      expectation: 'of two invalid ARNs the first alone is reported',
    },
    () => ({
      QueueConfigurations: [
        { QueueArn: 'invalid-arn', Events: CREATED },
        { QueueArn: 'invalid-arn-2', Events: ['s3:ObjectRemoved:*'] },
      ],
    }),
    { message: UNPARSABLE, pairs: () => ({ ArgumentName: 'Queue', ArgumentValue: 'invalid-arn' }) },
  ),
  refusing(
    {
      id: '3.5-arn-before-destinations',
      source: 'AWS-recorded',
      expectation: 'the syntax of all ARNs is checked before any destination is',
    },
    (t) => ({
      QueueConfigurations: [
        { QueueArn: missingQueue(t), Events: CREATED },
        { QueueArn: 'invalid-arn', Events: ['s3:ObjectRemoved:*'] },
      ],
    }),
    { message: UNPARSABLE, pairs: () => ({ ArgumentName: 'Queue', ArgumentValue: 'invalid-arn' }) },
  ),
];

const notAdmitted = (what: 'queue' | 'topic') =>
  `Permissions on the destination ${what} do not allow S3 to publish notifications from this bucket`;

const destinations: readonly Fact[] = [
  refusing(
    {
      id: '3.5-queue-missing',
      source: 'AWS-recorded',
      expectation: 'a queue that does not exist is named in the first numbered pair',
    },
    (t) => toQueue(missingQueue(t)),
    {
      message: UNABLE,
      pairs: (t) => ({
        ArgumentName1: missingQueue(t),
        ArgumentValue1: 'The destination queue does not exist',
      }),
    },
  ),
  refusing(
    {
      id: '3.5-queues-missing',
      source: 'AWS-recorded',
      expectation: 'of two queues that do not exist each has a numbered pair',
    },
    (t) => ({
      QueueConfigurations: [
        { QueueArn: missingQueue(t, 's3evt-a'), Events: CREATED },
        { QueueArn: missingQueue(t, 's3evt-b'), Events: ['s3:ObjectRemoved:*'] },
      ],
    }),
    {
      message: UNABLE,
      pairs: (t) => ({
        ArgumentName1: missingQueue(t, 's3evt-a'),
        ArgumentValue1: 'The destination queue does not exist',
        ArgumentName2: missingQueue(t, 's3evt-b'),
        ArgumentValue2: 'The destination queue does not exist',
      }),
    },
  ),
  {
    id: '3.5-queue-denies',
    source: 'second-hand',
    expectation: 'a queue whose policy does not let S3 send is named with the missing permission',
    async run(t) {
      const { arn } = await queue(t);
      const { status, code, message, members } = await refused(t, toQueue(arn));
      expect({ status, code, message }).toEqual({ status: 400, code: 'InvalidArgument', message: UNABLE });
      expect(pairs(members)).toEqual({ ArgumentName1: arn, ArgumentValue1: notAdmitted('queue') });
    },
  },
  {
    id: '3.5-topic-missing',
    source: 'AWS-recorded',
    expectation: 'a topic that does not exist cannot be validated',
    async run(t) {
      const arn = arnOf(t, 'sns', 's3evt-not-there');
      const { status, code, message, members } = await refused(t, toTopic(arn));
      expect({ status, code, message }).toEqual({ status: 400, code: 'InvalidArgument', message: UNABLE });
      // The detail varies.
      expect(Object.keys(pairs(members)).sort()).toEqual(['ArgumentName1', 'ArgumentValue1']);
      expect(members.ArgumentName1).toBe(arn);
    },
  },
  {
    id: '3.5-topic-denies',
    source: 'second-hand',
    expectation: 'a topic whose policy does not let S3 publish is named with the missing permission',
    async run(t) {
      const arn = await topic(t);
      const { status, code, message, members } = await refused(t, toTopic(arn));
      expect({ status, code, message }).toEqual({ status: 400, code: 'InvalidArgument', message: UNABLE });
      expect(pairs(members)).toEqual({ ArgumentName1: arn, ArgumentValue1: notAdmitted('topic') });
    },
  },
  refusing(
    {
      id: '3.5-function-missing',
      source: 'AWS-recorded',
      expectation:
        'a function that does not exist is one that S3 is not authorized to invoke, its name followed by ", null"',
    },
    (t) => toFunction(arnOf(t, 'lambda', 'function:s3evt-not-there')),
    {
      message: UNABLE,
      pairs: (t) => {
        const arn = arnOf(t, 'lambda', 'function:s3evt-not-there');
        return {
          ArgumentName1: `${arn}, null`,
          ArgumentValue1: `Not authorized to invoke function [${arn}]`,
        };
      },
    },
  ),
  refusing(
    {
      id: '3.5-function-not-permitted',
      source: 'AWS-recorded',
      expectation: 'a function without a permission for S3 gives the same error as one that does not exist',
    },
    async (t) => toFunction((await closedFunction(t)).arn),
    {
      message: UNABLE,
      pairs: async (t) => {
        const { arn } = await closedFunction(t);
        return {
          ArgumentName1: `${arn}, null`,
          ArgumentValue1: `Not authorized to invoke function [${arn}]`,
        };
      },
    },
  ),
  refusing(
    {
      id: '3.5-other-region',
      source: 'second-hand',
      expectation: 'a destination must be in the Region of the bucket',
    },
    (t) => toQueue(arnOf(t, 'sqs', 's3evt-elsewhere', t.region === 'eu-west-1' ? 'us-east-1' : 'eu-west-1')),
    {
      message: 'The notification destination service region is not valid for the bucket location constraint',
    },
  ),
  {
    id: '3.5-fifo-queue',
    source: 'second-hand',
    expectation: 'a FIFO queue is refused as not supported',
    async run(t) {
      const { arn } = await queue(t, { fifo: true, admits: BY_S3 });
      expect(await refused(t, toQueue(arn))).toMatchObject({
        status: 400,
        code: 'InvalidArgument',
        message: 'FIFO SQS queues are not supported.',
      });
    },
  },
  {
    id: '3.5-fifo-topic',
    source: 'second-hand',
    expectation: 'a FIFO topic is refused, in words that are not known',
    async run(t) {
      const arn = await topic(t, { fifo: true, admits: BY_S3 });
      expect(await refused(t, toTopic(arn))).toMatchObject({ status: 400 });
    },
  },
];

/** A queue configuration as text, all but what the row leaves out. */
const configurationXml = (content: string) =>
  documentXml(`<QueueConfiguration>${content}</QueueConfiguration>`);
const filterXml = (content: string) =>
  `<Filter><S3Key><FilterRule>${content}</FilterRule></S3Key></Filter><Event>s3:ObjectCreated:*</Event>`;

function malformed(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  xml: (queueElement: string) => string,
): Fact {
  return {
    ...row,
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      const { status, body } = await putXml(t, name, xml(`<Queue>${arn}</Queue>`));
      expect(status).toBe(400);
      expect(body).toContain(`<Code>MalformedXML</Code><Message>${MALFORMED}</Message>`);
    },
  };
}

const documents: readonly Fact[] = [
  refusing(
    {
      id: '3.5-unknown-event',
      source: 'second-hand',
      expectation: 'an event name that does not exist is an invalid argument',
    },
    (t) => openQueue(t, { Events: ['s3:ObjectCreated:Nothing' as Event] }),
    { message: 'The event is not supported for notifications' },
  ),
  refusing(
    {
      id: '3.5-test-event',
      source: 'model',
      expectation: 's3:TestEvent is no legal value of a configuration',
    },
    (t) => openQueue(t, { Events: ['s3:TestEvent' as Event] }),
    { message: 'The event is not supported for notifications' },
  ),
  refusing(
    {
      id: '3.5-rule-name',
      source: 'AWS-recorded',
      expectation: 'a rule that is neither prefix nor suffix is named',
    },
    (t) => openQueue(t, { Filter: rules(['INVALID', 'x']) }),
    {
      message: 'filter rule name must be either prefix or suffix',
      pairs: () => ({ ArgumentName: 'FilterRule.Name', ArgumentValue: 'INVALID' }),
    },
  ),
  malformed(
    {
      id: '3.5-rule-without-name',
      source: 'AWS-recorded',
      expectation: 'a rule without Name does not fit the schema',
    },
    (queueElement) => configurationXml(queueElement + filterXml('<Value>x</Value>')),
  ),
  malformed(
    {
      id: '3.5-rule-without-value',
      source: 'AWS-recorded',
      expectation: 'a rule without Value does not fit the schema',
    },
    (queueElement) => configurationXml(queueElement + filterXml('<Name>prefix</Name>')),
  ),
  malformed(
    {
      id: '3.5-no-event',
      source: 'second-hand',
      expectation: 'a configuration without Event does not fit the schema',
    },
    (queueElement) => configurationXml(queueElement),
  ),
  malformed(
    {
      id: '3.5-no-arn',
      source: 'second-hand',
      expectation: 'a configuration without an ARN does not fit the schema',
    },
    () => configurationXml('<Event>s3:ObjectCreated:*</Event>'),
  ),
  refusing(
    { id: '3.5-two-prefixes', source: 'second-hand', expectation: 'a filter has at most one prefix rule' },
    (t) => openQueue(t, { Filter: rules(['prefix', 'a'], ['prefix', 'b']) }),
    { message: 'Cannot specify more than one prefix rule in a filter.' },
  ),
  refusing(
    { id: '3.5-two-suffixes', source: 'second-hand', expectation: 'a filter has at most one suffix rule' },
    (t) => openQueue(t, { Filter: rules(['suffix', 'a'], ['suffix', 'b']) }),
    { message: 'Cannot specify more than one suffix rule in a filter.' },
  ),
  refusing(
    {
      id: '3.5-value-too-long',
      source: 'second-hand',
      expectation: 'the value of a rule has at most 1,024 bytes',
    },
    (t) => openQueue(t, { Filter: rules(['prefix', 'p'.repeat(1025)]) }),
    { message: 'Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation' },
  ),
  refusing(
    {
      id: '3.5-duplicate-id',
      source: 'second-hand',
      expectation: 'an Id is used once in all three lists together',
    },
    async (t) => {
      const {
        queue: { arn },
        topicArn,
      } = await ready(t);
      return {
        QueueConfigurations: [{ Id: 'same', QueueArn: arn, Events: CREATED }],
        TopicConfigurations: [{ Id: 'same', TopicArn: topicArn, Events: ['s3:ObjectRemoved:*'] }],
      };
    },
    { message: 'Same ID used for multiple configurations. IDs must be unique.' },
  ),
  refusing(
    { id: '3.5-id-too-long', source: 'second-hand', expectation: 'an Id has at most 255 characters' },
    (t) => openQueue(t, { Id: 'i'.repeat(256) }),
    { message: 'ID length exceeded allowed limit of 255' },
  ),
  refusing(
    {
      id: '3.5-more-than-100',
      source: 'second-hand',
      expectation: 'a bucket has at most 100 configurations',
    },
    async (t) => {
      const arn = await aQueue(t);
      return {
        QueueConfigurations: Array.from({ length: 101 }, (_, index) => ({
          QueueArn: arn,
          Events: CREATED,
          Filter: rules(['prefix', `${index}/`]),
        })),
      };
    },
    {
      code: 'InvalidRequest',
      message: 'Too many configurations submitted. The maximum number of configurations is 100',
    },
  ),
];

const NOBODYS = 's3evt-nobody-has-this-bucket-5f0c1d2e';

const buckets: readonly Fact[] = [
  {
    id: '3.5-bucket-missing-put',
    source: 'AWS-recorded',
    expectation: 'PUT to a bucket that does not exist answers 404 NoSuchBucket with its name',
    async run(t) {
      expect(await refusal(put(t, NOBODYS, {}))).toMatchObject({
        status: 404,
        code: 'NoSuchBucket',
        message: 'The specified bucket does not exist',
        members: { BucketName: NOBODYS },
      });
    },
  },
  {
    id: '3.5-bucket-missing-get',
    source: 'AWS-recorded',
    expectation: 'GET of a bucket that does not exist answers 404 NoSuchBucket with its name',
    async run(t) {
      expect(await refusal(get(t, NOBODYS))).toMatchObject({
        status: 404,
        code: 'NoSuchBucket',
        message: 'The specified bucket does not exist',
        members: { BucketName: NOBODYS },
      });
    },
  },
  {
    id: '3.5-bucket-before-document',
    source: 'AWS-recorded',
    expectation: 'the bucket is looked up before anything of the document is checked',
    async run(t) {
      expect(await refusal(put(t, NOBODYS, toQueue('invalid-arn')))).toMatchObject({ code: 'NoSuchBucket' });
    },
  },
  {
    id: '3.5-expected-owner-differs',
    source: 'AWS-recorded',
    expectation: 'another account as expected owner is denied',
    async run(t) {
      const { bucket: name } = await ready(t);
      const owner = t.account === '111122223333' ? '111122224444' : '111122223333';
      const denied = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
      expect(await refusal(put(t, name, {}, { owner }))).toMatchObject(denied);
      const read = new GetBucketNotificationConfigurationCommand({
        Bucket: name,
        ExpectedBucketOwner: owner,
      });
      expect(await refusal(t.s3.send(read))).toMatchObject(denied);
    },
  },
  {
    id: '3.5-expected-owner-invalid',
    source: 'AWS-recorded',
    expectation: 'an expected owner that is no account id is refused with its value',
    async run(t) {
      const { bucket: name } = await ready(t);
      expect(await refusal(put(t, name, {}, { owner: 'invalid' }))).toMatchObject({
        status: 400,
        code: 'InvalidBucketOwnerAWSAccountID',
        message: 'The value of the expected bucket owner parameter must be an AWS Account ID... [invalid]',
      });
    },
  },
];

const shape: readonly Fact[] = [
  {
    id: '3.5-error-xml',
    source: 'AWS-recorded',
    expectation: 'the error is Error with Code, Message, the numbered pairs, RequestId and HostId',
    async run(t) {
      const { bucket: name } = await ready(t);
      const xml = configurationXml(`<Queue>${missingQueue(t)}</Queue><Event>s3:ObjectCreated:*</Event>`);
      const { status, headers, body } = await putXml(t, name, xml);
      expect(status).toBe(400);
      expect([...body.matchAll(/<(\w+)>/g)].map(([, element]) => element)).toEqual([
        'Error',
        'Code',
        'Message',
        'ArgumentName1',
        'ArgumentValue1',
        'RequestId',
        'HostId',
      ]);
      expect(body).toContain(`<RequestId>${headers['x-amz-request-id'] ?? '?'}</RequestId>`);
      expect(body).toContain(`<HostId>${headers['x-amz-id-2'] ?? '?'}</HostId>`);
    },
  },
  {
    id: '3.5-skip-validation',
    source: 'AWS-recorded',
    expectation: 'with SkipDestinationValidation a missing queue, topic and function are taken and returned',
    async run(t) {
      const { bucket: name } = await ready(t);
      const document: NotificationConfiguration = {
        TopicConfigurations: [
          { Id: 't', TopicArn: arnOf(t, 'sns', 's3evt-not-there'), Events: ['s3:ObjectRemoved:*'] },
        ],
        QueueConfigurations: [{ Id: 'q', QueueArn: missingQueue(t), Events: CREATED }],
        LambdaFunctionConfigurations: [
          {
            Id: 'f',
            LambdaFunctionArn: arnOf(t, 'lambda', 'function:s3evt-not-there'),
            Events: ['s3:ObjectTagging:*'],
          },
        ],
      };
      await put(t, name, document, { skip: true });
      await eventually(async () => expect(await get(t, name)).toEqual(document));
      await put(t, name, {});
    },
  },
];

describeFacts('3.5 errors of PutBucketNotificationConfiguration', [
  ...arns,
  ...destinations,
  ...documents,
  ...buckets,
  ...shape,
]);
