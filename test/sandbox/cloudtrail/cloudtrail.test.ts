import { LookupEventsCommand, type LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import {
  AddPermissionCommand,
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  ListBucketsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { LAMBDA_TRUST, PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createFunction, createPipeline } from '../../support/pipeline.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { clientsFor, refusal, rootClients, sessionClients } from '../access/support.ts';

const clock = createManualClock(Date.UTC(2026, 5, 1, 12, 0, 0, 250));
const sandbox = shareSandbox({ clock });
const ACCOUNT = '000000000000';

const lookup = (input: LookupEventsCommandInput = {}) =>
  sandbox().cloudtrail.send(new LookupEventsCommand(input));
const byName = async (EventName: string) => {
  const { Events = [] } = await lookup({
    LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: EventName }],
  });
  return Events;
};
const detailOf = (event: { CloudTrailEvent?: string | undefined } | undefined) =>
  JSON.parse(event?.CloudTrailEvent ?? '{}') as Record<string, unknown>;
const bucket = (Bucket: string) => sandbox().s3.send(new CreateBucketCommand({ Bucket }));
const namesOf = async (input: LookupEventsCommandInput = {}) =>
  (await lookup(input)).Events?.map(({ EventName }) => EventName);

describe('S3', () => {
  it('records the notification configuration as its XML, under the name of the API before', async () => {
    await createPipeline(sandbox(), 'photos', PRINTING_HANDLERS.node);
    const [event] = await byName('PutBucketNotification');
    expect(event).toMatchObject({
      EventName: 'PutBucketNotification',
      EventSource: 's3.amazonaws.com',
      EventTime: new Date(Date.UTC(2026, 5, 1, 12)),
      Username: 'root',
      ReadOnly: 'false',
      AccessKeyId: 'test',
      Resources: [{ ResourceType: 'AWS::S3::Bucket', ResourceName: 'photos' }],
    });
    expect(detailOf(event)).toMatchObject({
      eventVersion: '1.11',
      userIdentity: { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT },
      eventTime: '2026-06-01T12:00:00Z',
      eventName: 'PutBucketNotification',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      userAgent: expect.stringMatching(/^\[aws-sdk-js\/.*\]$/) as unknown,
      requestParameters: {
        bucketName: 'photos',
        notification: '',
        NotificationConfiguration: {
          CloudFunctionConfiguration: {
            Id: 'all',
            CloudFunction: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:photos`,
            Event: 's3:ObjectCreated:*',
          },
        },
      },
      eventID: event?.EventId,
      eventType: 'AwsApiCall',
      recipientAccountId: ACCOUNT,
    });
    expect(detailOf(event)).not.toHaveProperty('errorCode');
  });

  it('writes an emptied configuration, several entries and filters', async () => {
    const { s3 } = sandbox();
    await bucket('box');
    const put = (NotificationConfiguration: object) =>
      s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'box', NotificationConfiguration }));
    await put({ EventBridgeConfiguration: {} });
    await put({});
    const rule = (Id: string) => ({
      Id,
      QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:none`,
      Events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: `${Id}/` }] } },
    });
    await expect(put({ QueueConfigurations: [rule('a'), rule('b')] })).rejects.toThrow();
    const details = (await byName('PutBucketNotification')).map(detailOf);
    expect(details.map(({ requestParameters }) => requestParameters)).toMatchObject([
      {
        NotificationConfiguration: {
          QueueConfiguration: [
            {
              Id: 'a',
              Event: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'],
              Filter: { S3Key: { FilterRule: { Name: 'prefix', Value: 'a/' } } },
            },
            { Id: 'b' },
          ],
        },
      },
      { NotificationConfiguration: { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/' } },
      { NotificationConfiguration: { EventBridgeConfiguration: {} } },
    ]);
    expect(details[0]).toMatchObject({
      errorCode: 'InvalidArgument',
      errorMessage: 'Unable to validate the following destination configurations',
    });
  });

  it('records changes of buckets and nothing of objects', async () => {
    const { s3 } = sandbox();
    await bucket('box');
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'box', VersioningConfiguration }));
    const Policy = JSON.stringify({
      Statement: { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::box/x' },
    });
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'box', Policy }));
    await s3.send(new ListBucketsCommand({}));
    await s3.send(new PutObjectCommand({ Bucket: 'box', Key: 'k', Body: 'x' }));
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'box' }))).rejects.toThrow();
    const { Events } = await lookup();
    expect(Events?.map((event) => [event.EventName, detailOf(event)['errorCode']])).toEqual([
      ['DeleteBucket', 'BucketNotEmpty'],
      ['PutBucketPolicy', undefined],
      ['PutBucketVersioning', undefined],
      ['CreateBucket', undefined],
    ]);
    expect(detailOf(Events?.[1])['requestParameters']).toMatchObject({
      bucketPolicy: JSON.parse(Policy) as unknown,
    });
  });
});

describe('Lambda', () => {
  it('has its versioned names, and neither code nor variables', async () => {
    const { lambda } = sandbox();
    await createFunction(sandbox(), 'work', PRINTING_HANDLERS.node);
    const FunctionName = 'work';
    await lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName,
        Timeout: 9,
        Environment: { Variables: { TOKEN: 'secret-value' } },
      }),
    );
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 's3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      }),
    );
    await lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 's3' }));
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    await lambda.send(new GetFunctionCommand({ FunctionName }));
    const { Events = [] } = await lookup({
      LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: 'work' }],
    });
    expect(Events.map(({ EventName }) => EventName)).toEqual([
      'DeleteFunctionConcurrency20171031',
      'PutFunctionConcurrency20171031',
      'RemovePermission20150331v2',
      'AddPermission20150331v2',
      'UpdateFunctionConfiguration20150331v2',
      'CreateFunction20150331',
    ]);
    const parameters = Events.map((event) => detailOf(event)['requestParameters']);
    expect(parameters[1]).toEqual({ functionName: 'work', reservedConcurrentExecutions: 0 });
    expect(parameters[2]).toEqual({ functionName: 'work', statementId: 's3' });
    expect(parameters[4]).toEqual({ functionName: 'work', timeout: 9 });
    expect(parameters[5]).toMatchObject({ functionName: 'work', runtime: 'nodejs22.x', code: {} });
    expect(JSON.stringify(Events)).not.toMatch(/secret-value|zipFile/i);
  });

  it('hides what a denied caller asked for', async () => {
    const nobody = await sessionClients(sandbox().url, sandbox(), 'nobody');
    const call = new RemovePermissionCommand({ FunctionName: 'work', StatementId: 's3' });
    await expect(nobody.lambda.send(call)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const [event] = await byName('RemovePermission20150331v2');
    expect(event).toMatchObject({ Username: 'me', Resources: [] });
    expect(detailOf(event)).toMatchObject({
      errorCode: 'AccessDenied',
      errorMessage: expect.stringContaining(
        'is not authorized to perform: lambda:RemovePermission',
      ) as unknown,
      requestParameters: null,
      userIdentity: {
        type: 'AssumedRole',
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/nobody/me`,
        sessionContext: {
          sessionIssuer: { type: 'Role', userName: 'nobody', arn: `arn:aws:iam::${ACCOUNT}:role/nobody` },
        },
      },
    });
  });
});

it('records the policies and attributes of queues, topics and keys', async () => {
  const { sqs, sns, kms } = sandbox();
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '100' } }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'private' }));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 't' }));
  await sns.send(
    new SetTopicAttributesCommand({ TopicArn, AttributeName: 'DisplayName', AttributeValue: 'News' }),
  );
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new DisableKeyCommand({ KeyId: KeyMetadata?.KeyId }));
  const { Events = [] } = await lookup();
  const seen = Events.map((event) => [
    event.EventName,
    detailOf(event)['requestParameters'],
    event.Resources?.map(({ ResourceName }) => ResourceName),
  ]);
  expect(seen).toEqual([
    ['DisableKey', { keyId: KeyMetadata?.KeyId }, [KeyMetadata?.Arn]],
    ['CreateKey', null, [expect.stringContaining(KeyMetadata?.KeyId ?? '?')]],
    [
      'SetTopicAttributes',
      { topicArn: TopicArn, attributeName: 'DisplayName', attributeValue: 'News' },
      [TopicArn],
    ],
    ['CreateTopic', { name: 't' }, [TopicArn]],
    ['SetQueueAttributes', { queueUrl: QueueUrl, attributes: { VisibilityTimeout: '100' } }, [QueueUrl]],
    ['CreateQueue', { queueName: 'q' }, ['q']],
  ]);
});

describe('a lookup', () => {
  it('finds by each attribute', async () => {
    await bucket('one');
    const roleClients = await sessionClients(sandbox().url, sandbox(), 'maker', {
      Action: 's3:*',
      Resource: '*',
    });
    await roleClients.s3.send(new CreateBucketCommand({ Bucket: 'two' }));
    await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
    const find = (AttributeKey: string, AttributeValue: string) =>
      namesOf({ LookupAttributes: [{ AttributeKey: AttributeKey as 'EventName', AttributeValue }] });
    const [one] = (await byName('CreateBucket')).filter(({ Username }) => Username === 'root');
    expect(await find('EventId', one?.EventId ?? '')).toEqual(['CreateBucket']);
    expect(await find('EventSource', 'sqs.amazonaws.com')).toEqual(['CreateQueue']);
    expect(await find('ResourceType', 'AWS::S3::Bucket')).toEqual(['CreateBucket', 'CreateBucket']);
    expect(await find('ResourceName', 'two')).toEqual(['CreateBucket']);
    expect(await find('Username', 'me')).toEqual(['CreateBucket']);
    expect(await find('ReadOnly', 'true')).toEqual([]);
    expect(await find('AccessKeyId', 'test')).toContain('CreateQueue');
  });

  it('keeps to its time, in pages that new events do not move', async () => {
    const began = clock.now();
    for (const name of ['b-1', 'b-2', 'b-3']) {
      await bucket(name);
      await clock.advance(60_000);
    }
    const since = { StartTime: new Date(began + 30_000), MaxResults: 1 };
    const first = await lookup(since);
    await bucket('b-4');
    const second = await lookup({ ...since, NextToken: first.NextToken });
    const resource = (page: typeof first) =>
      page.Events?.map(({ Resources }) => Resources?.[0]?.ResourceName);
    expect(resource(first)).toEqual(['b-3']);
    expect(resource(second)).toEqual(['b-2']);
    expect(second.NextToken).toBeUndefined();
    expect(resource(await lookup({ EndTime: new Date(began + 30_000) }))).toEqual(['b-1']);
    const other = await refusal(lookup({ MaxResults: 1, NextToken: first.NextToken }));
    expect(other.name).toBe('InvalidNextTokenException');
  });

  it('is of one Region, where those of IAM are in us-east-1', async () => {
    const { url, sqs } = sandbox();
    const there = clientsFor(url, { accessKeyId: 'test', secretAccessKey: 'test' }, 'eu-west-1');
    await there.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
    await there.iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: LAMBDA_TRUST }));
    await there.iam.send(new DeleteRoleCommand({ RoleName: 'r' }));
    await sqs.send(new CreateQueueCommand({ QueueName: 'home' }));
    expect(await namesOf()).toEqual(['CreateQueue', 'DeleteRole', 'CreateRole']);
    const elsewhere = await there.cloudtrail.send(new LookupEventsCommand({}));
    expect(elsewhere.Events?.map(({ EventName }) => EventName)).toEqual(['CreateQueue']);
  });

  it('is of one account, and wants cloudtrail:LookupEvents', async () => {
    const other = rootClients(sandbox().url, '222222222222');
    await other.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
    expect(await namesOf()).toEqual([]);
    const nobody = await sessionClients(sandbox().url, sandbox(), 'nobody');
    const denied = await refusal(nobody.cloudtrail.send(new LookupEventsCommand({})));
    expect(denied).toMatchObject({ name: 'AccessDeniedException', status: 400 });
    expect(denied.message).toContain('cloudtrail:LookupEvents on resource: *');
  });

  it("answers to the operation's older name, too, as the AWS CLI still says it", async () => {
    await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
    const response = await fetch(sandbox().url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
      },
      body: '{}',
    });
    const { Events } = (await response.json()) as { readonly Events: readonly object[] };
    expect(Events).toContainEqual(expect.objectContaining({ EventName: 'CreateQueue' }));
  });

  it.each<[string, LookupEventsCommandInput]>([
    ['InvalidMaxResultsException', { MaxResults: 51 }],
    ['InvalidTimeRangeException', { StartTime: new Date(1000), EndTime: new Date(0) }],
    ['InvalidNextTokenException', { NextToken: 'made-up' }],
    [
      'InvalidLookupAttributesException',
      {
        LookupAttributes: [
          { AttributeKey: 'EventName', AttributeValue: 'a' },
          { AttributeKey: 'Username', AttributeValue: 'b' },
        ],
      },
    ],
    [
      'InvalidLookupAttributesException',
      { LookupAttributes: [{ AttributeKey: 'Nothing' as 'EventName', AttributeValue: 'a' }] },
    ],
  ])('answers %s', async (name, input) => {
    expect(await refusal(lookup(input))).toMatchObject({ name, status: 400 });
  });
});
