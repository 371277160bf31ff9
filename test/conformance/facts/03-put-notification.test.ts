import { createHash } from 'node:crypto';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { accepted, CREATED, documentXml, get, put, putXml, ready, refused, rules } from './documents.ts';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { mailbox, watched } from './mailbox.ts';
import { BY_S3, bucket, lambdaFunction, queue } from './resources.ts';
import { eventually, refusal, type Clients } from './target.ts';

/** Its ARN with a function that admits every bucket of the account. */
const openFunction = shared(async (t: Target) => {
  const fn = await lambdaFunction(t);
  await t.lambda.send(
    new AddPermissionCommand({
      FunctionName: fn.name,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceAccount: t.account,
    }),
  );
  return fn;
});

const UNABLE = 'Unable to validate the following destination configurations';

const wireForm: readonly Fact[] = [
  {
    id: '3.1-put-xml',
    source: 'model',
    expectation:
      'PUT takes the lists as repeated TopicConfiguration, QueueConfiguration and CloudFunctionConfiguration elements with Topic, Queue, CloudFunction, Event and Filter/S3Key/FilterRule',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
        topicArn,
      } = await ready(t);
      const fn = await openFunction(t);
      const xml = documentXml(
        `<TopicConfiguration><Id>t</Id><Topic>${topicArn}</Topic><Event>s3:ObjectRemoved:Delete</Event></TopicConfiguration>` +
          `<QueueConfiguration><Id>q</Id><Queue>${arn}</Queue><Event>s3:ObjectTagging:Put</Event><Event>s3:ObjectAcl:Put</Event></QueueConfiguration>` +
          `<CloudFunctionConfiguration><Id>f</Id><CloudFunction>${fn.arn}</CloudFunction><Event>s3:ObjectCreated:*</Event>` +
          '<Filter><S3Key><FilterRule><Name>prefix</Name><Value>in+box/</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration>' +
          '<EventBridgeConfiguration></EventBridgeConfiguration>',
      );
      await eventually(async () => expect((await putXml(t, name, xml)).status).toBe(200));
      expect(await get(t, name)).toEqual({
        TopicConfigurations: [{ Id: 't', TopicArn: topicArn, Events: ['s3:ObjectRemoved:Delete'] }],
        QueueConfigurations: [
          {
            Id: 'q',
            QueueArn: arn,
            Events: expect.arrayContaining(['s3:ObjectTagging:Put', 's3:ObjectAcl:Put']),
          },
        ],
        LambdaFunctionConfigurations: [
          { Id: 'f', LambdaFunctionArn: fn.arn, Events: CREATED, Filter: rules(['Prefix', 'in+box/']) },
        ],
        EventBridgeConfiguration: {},
      });
    },
  },
  {
    id: '3.1-get-xml',
    source: 'model',
    expectation: 'GET answers with the same elements',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      await accepted(t, {
        QueueConfigurations: [{ Id: 'q', QueueArn: arn, Events: CREATED, Filter: rules(['suffix', '.jpg']) }],
        EventBridgeConfiguration: {},
      });
      const { status, body } = await exchange(
        t.s3,
        new GetBucketNotificationConfigurationCommand({ Bucket: name }),
      );
      expect(status).toBe(200);
      expect(body).toContain('<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">');
      expect(body).toMatch(/<QueueConfiguration>.*<\/QueueConfiguration>/s);
      for (const element of [
        '<Id>q</Id>',
        `<Queue>${arn}</Queue>`,
        '<Event>s3:ObjectCreated:*</Event>',
        '<Name>Suffix</Name>',
        '<Value>.jpg</Value>',
      ]) {
        expect(body).toContain(element);
      }
      expect(body).toMatch(/<Filter><S3Key><FilterRule>.*<\/FilterRule><\/S3Key><\/Filter>/s);
      expect(body).toMatch(
        /<EventBridgeConfiguration\s*\/>|<EventBridgeConfiguration><\/EventBridgeConfiguration>/,
      );
    },
  },
  {
    id: '3.1-success',
    source: 'model',
    expectation: 'a PUT that is accepted answers 200 with an empty body',
    async run(t) {
      const { bucket: name } = await ready(t);
      expect(await putXml(t, name, documentXml(''))).toMatchObject({ status: 200, body: '' });
    },
  },
  {
    id: '3.1-deprecated-pair',
    source: 'model',
    expectation:
      'the deprecated PutBucketNotification is a PUT of the same path, with one configuration and Content-MD5',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      const xml = documentXml(
        `<QueueConfiguration><Id>old</Id><Queue>${arn}</Queue><Event>s3:ObjectCreated:Put</Event></QueueConfiguration>`,
      );
      const md5 = createHash('md5').update(xml).digest('base64');
      await eventually(async () =>
        expect((await putXml(t, name, xml, { 'content-md5': md5 })).status).toBe(200),
      );
      expect(await get(t, name)).toEqual({
        QueueConfigurations: [{ Id: 'old', QueueArn: arn, Events: ['s3:ObjectCreated:Put'] }],
      });
    },
  },
  {
    id: '3.1-expected-owner',
    source: 'model',
    expectation: 'PUT and GET take x-amz-expected-bucket-owner with the account that owns the bucket',
    async run(t) {
      const { bucket: name } = await ready(t);
      await put(t, name, {}, { owner: t.account });
      const command = new GetBucketNotificationConfigurationCommand({
        Bucket: name,
        ExpectedBucketOwner: t.account,
      });
      expect((await exchange(t.s3, command)).status).toBe(200);
    },
  },
  ...(
    [
      ['s3:GetBucketNotification', 'get'],
      ['s3:PutBucketNotification', 'put'],
    ] as const
  ).map(([action, what]): Fact => ({
    id: `3.1-permission-${what}`,
    source: 'model',
    expectation: `${what.toUpperCase()} needs ${action}, which does not allow the other call`,
    async run(t) {
      const { bucket: name } = await ready(t);
      const { s3 } = await permitted(t, name, [action]);
      const calls: Record<'get' | 'put', () => Promise<unknown>> = {
        get: () => s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: name })),
        put: () =>
          s3.send(
            new PutBucketNotificationConfigurationCommand({ Bucket: name, NotificationConfiguration: {} }),
          ),
      };
      // A new policy is not seen at once.
      await eventually(calls[what]);
      expect(await refusal(calls[what === 'get' ? 'put' : 'get']())).toMatchObject({
        status: 403,
        code: 'AccessDenied',
      });
    },
  })),
  {
    id: '3.1-no-checksum',
    source: 'model',
    expectation: 'the SDK sends no checksum with it, and none is missed',
    async run(t) {
      const { bucket: name } = await ready(t);
      let sent: readonly string[] = [];
      const command = new PutBucketNotificationConfigurationCommand({
        Bucket: name,
        NotificationConfiguration: {},
      });
      const { status } = await exchange(t.s3, command, ({ headers }) => {
        sent = Object.keys(headers).map((header) => header.toLowerCase());
      });
      expect(status).toBe(200);
      expect(sent.filter((header) => /checksum|content-md5/.test(header))).toEqual([]);
    },
  },
];

/** Clients of a role of their own, whose rights on the bucket are these actions. */
async function permitted(t: Target, name: string, actions: readonly string[]): Promise<Clients> {
  const RoleName = t.name('role');
  const caller = { AWS: `arn:${t.partition}:iam::${t.account}:root` };
  const trust = { Effect: 'Allow', Principal: caller, Action: 'sts:AssumeRole' };
  const { Role } = await t.iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    }),
  );
  t.cleanUp(() => t.iam.send(new DeleteRoleCommand({ RoleName })));
  const inline = { RoleName, PolicyName: 'row' };
  const allowed = { Effect: 'Allow', Action: actions, Resource: `arn:${t.partition}:s3:::${name}` };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [allowed] });
  await t.iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument }));
  t.cleanUp(() => t.iam.send(new DeleteRolePolicyCommand(inline)));
  const assume = new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'row' });
  const { Credentials } = await eventually(() => t.sts.send(assume));
  return t.clients({
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      ...(Credentials?.SessionToken !== undefined && { sessionToken: Credentials.SessionToken }),
    },
  });
}

const semantics: readonly Fact[] = [
  {
    id: '3.2-full-replace',
    source: 'model',
    expectation: 'what is not in the body is gone: there is no merge',
    async run(t) {
      const {
        queue: { arn },
        topicArn,
      } = await ready(t);
      await accepted(t, {
        QueueConfigurations: [{ Id: 'first', QueueArn: arn, Events: CREATED }],
      });
      const second = { TopicConfigurations: [{ Id: 'second', TopicArn: topicArn, Events: CREATED }] };
      expect(await accepted(t, second)).toEqual(second);
    },
  },
  {
    id: '3.2-atomic',
    source: 'model',
    expectation: 'when one check fails nothing of the document takes effect',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      const kept = { QueueConfigurations: [{ Id: 'kept', QueueArn: arn, Events: CREATED }] };
      await accepted(t, kept);
      await refused(t, {
        QueueConfigurations: [
          { Id: 'fine', QueueArn: arn, Events: CREATED },
          { Id: 'dead', QueueArn: `${arn}-not-there`, Events: ['s3:ObjectRemoved:*'] },
        ],
      });
      expect(await get(t, name)).toEqual(kept);
    },
  },
  {
    id: '3.2-empty-document',
    source: 'model',
    expectation: 'an empty document removes everything, EventBridge too',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      await accepted(t, {
        QueueConfigurations: [{ QueueArn: arn, Events: CREATED }],
        EventBridgeConfiguration: {},
      });
      expect(await accepted(t, {})).toEqual({});
    },
  },
  {
    id: '3.2-no-configuration',
    source: 'AWS-recorded',
    expectation: 'GET of a bucket that was never configured is 200 with an empty document',
    async run(t) {
      expect(await get(t, await bucket(t))).toEqual({});
    },
  },
  {
    id: '3.2-eventbridge-off',
    source: 'AWS-doc',
    expectation: 'leaving EventBridgeConfiguration out turns EventBridge off',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const QueueConfigurations = [{ Id: 'q', QueueArn: arn, Events: CREATED }];
      expect(await accepted(t, { QueueConfigurations, EventBridgeConfiguration: {} })).toHaveProperty(
        'EventBridgeConfiguration',
      );
      expect(await accepted(t, { QueueConfigurations })).toEqual({ QueueConfigurations });
    },
  },
  {
    id: '3.2-takes-effect',
    source: 'AWS-doc',
    expectation: 'a change takes effect within minutes: the old configuration ends, the new one begins',
    async run(t) {
      const old = await watched(t);
      const next = await queue(t, { admits: BY_S3 });
      await put(t, old.bucket, {
        QueueConfigurations: [{ Id: 'next', QueueArn: next.arn, Events: CREATED }],
      });
      let probes = 0;
      await eventually(async () => {
        const Key = `changed/${++probes}`;
        await t.s3.send(new PutObjectCommand({ Bucket: old.bucket, Key, Body: 'x' }));
        const { messages } = mailbox(t, next);
        await messages((body) => body.includes('changed%2F') || body.includes('changed/'), 1, 1);
      });
    },
  },
  {
    id: '3.2-id-assigned',
    source: 'second-hand',
    expectation: 'a configuration without Id is given one: the base64 text of a UUID',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const document = await accepted(t, { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] });
      const id = document.QueueConfigurations?.[0]?.Id ?? '';
      expect(id).toHaveLength(48);
      expect(Buffer.from(id, 'base64').toString()).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
      );
    },
  },
  {
    id: '3.2-id-255',
    source: 'second-hand',
    expectation: 'an Id may have 255 characters',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const Id = 'i'.repeat(255);
      const document = await accepted(t, { QueueConfigurations: [{ Id, QueueArn: arn, Events: CREATED }] });
      expect(document.QueueConfigurations?.[0]?.Id).toBe(Id);
    },
  },
  {
    id: '3.2-rule-names',
    source: 'AWS-recorded',
    expectation: 'rule names are taken in any case and come back as Prefix and Suffix',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const document = await accepted(t, {
        QueueConfigurations: [
          {
            Id: 'q',
            QueueArn: arn,
            Events: CREATED,
            Filter: rules(['suffix', '.txt'], ['PREFIX', 'notif-']),
          },
        ],
      });
      const found = document.QueueConfigurations?.[0]?.Filter?.Key?.FilterRules ?? [];
      // Their order is not guaranteed.
      expect([...found].sort((a, b) => (a.Name ?? '').localeCompare(b.Name ?? ''))).toEqual([
        { Name: 'Prefix', Value: 'notif-' },
        { Name: 'Suffix', Value: '.txt' },
      ]);
    },
  },
  {
    id: '3.2-empty-value',
    source: 'AWS-recorded',
    expectation: 'a rule with an empty value is taken and returned',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const document = await accepted(t, {
        QueueConfigurations: [{ Id: 'q', QueueArn: arn, Events: CREATED, Filter: rules(['suffix', '']) }],
      });
      expect(document.QueueConfigurations?.[0]?.Filter?.Key?.FilterRules).toEqual([
        { Name: 'Suffix', Value: '' },
      ]);
    },
  },
  {
    id: '3.2-queue-twice',
    source: 'AWS-recorded',
    expectation: 'several configurations may use the same queue',
    async run(t) {
      const {
        queue: { arn },
      } = await ready(t);
      const document = await accepted(t, {
        QueueConfigurations: [
          { Id: 'a', QueueArn: arn, Events: CREATED, Filter: rules(['prefix', 'a/']) },
          { Id: 'b', QueueArn: arn, Events: CREATED, Filter: rules(['prefix', 'b/']) },
        ],
      });
      expect(document.QueueConfigurations?.map(({ Id }) => Id).sort()).toEqual(['a', 'b']);
    },
  },
  {
    id: '3.2-limit-100',
    source: 'second-hand',
    expectation: 'a bucket may have 100 configurations',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      const QueueConfigurations = Array.from({ length: 100 }, (_, index) => ({
        Id: `n${index}`,
        QueueArn: arn,
        Events: CREATED,
        Filter: rules(['prefix', `${index}/`]),
      }));
      await put(t, name, { QueueConfigurations }, { skip: true });
      expect((await get(t, name)).QueueConfigurations).toHaveLength(100);
      await put(t, name, {});
    },
  },
  {
    id: '3.2-stale-entry',
    source: 'AWS-doc',
    expectation:
      'an unchanged entry whose queue was deleted blocks every update, unless it is taken out or validation skipped',
    async run(t) {
      const {
        bucket: name,
        queue: { arn },
      } = await ready(t);
      const dying = await queue(t, { admits: BY_S3 });
      const stale = { Id: 'stale', QueueArn: dying.arn, Events: CREATED };
      const wanted = { Id: 'wanted', QueueArn: arn, Events: ['s3:ObjectRemoved:*' as const] };
      await accepted(t, { QueueConfigurations: [stale] });
      await t.sqs.send(new DeleteQueueCommand({ QueueUrl: dying.url }));
      // A deleted queue is found for up to a minute.
      await eventually(async () =>
        expect(await refusal(put(t, name, { QueueConfigurations: [stale, wanted] }))).toMatchObject({
          status: 400,
          code: 'InvalidArgument',
          message: UNABLE,
          members: { ArgumentName1: dying.arn, ArgumentValue1: 'The destination queue does not exist' },
        }),
      );
      await put(t, name, { QueueConfigurations: [stale, wanted] }, { skip: true });
      await put(t, name, { QueueConfigurations: [wanted] });
      expect(await get(t, name)).toEqual({ QueueConfigurations: [wanted] });
    },
  },
];

describeFacts('3.1, 3.2 PutBucketNotificationConfiguration', [...wireForm, ...semantics]);
