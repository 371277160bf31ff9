import { describe, expect, test } from 'vitest';
import type { DestinationState, QueueState } from '../../src/core/destination-state.ts';
import { S3evtError } from '../../src/core/errors.ts';
import { ABSENT, known, type Fact, type FunctionFacts, type KeyFacts } from '../../src/core/facts.ts';
import type { Destination, Rule } from '../../src/core/notification.ts';
import { healthOf, preflightWarnings, refusalError } from '../../src/core/preflight-report.ts';
import { preflight, type Finding, type PreflightBucket } from '../../src/core/preflight.ts';
import { deliveryStatement, keyStatement } from '../../src/core/s3-access.ts';

const ACCOUNT = '111122223333';
const BUCKET: PreflightBucket = {
  name: 'photos',
  arn: 'arn:aws:s3:::photos',
  account: ACCOUNT,
  region: 'eu-west-1',
  regionKnown: true,
};
const FLAGS = { aws: ['--region', 'eu-west-1'], s3evt: ['--sandbox'] };
const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:jobs`;
const TOPIC = `arn:aws:sns:eu-west-1:${ACCOUNT}:news`;
const FUNCTION = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:thumbs`;
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234`;

type Kind = Destination['kind'];
const destination = (kind: Kind, arn: string): Destination => ({ kind, arn });
const rule = (kind: Kind, arn: string): Rule => ({
  id: 'r',
  destination: destination(kind, arn),
  events: ['s3:ObjectCreated:*'],
  filter: {},
});
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const admits = (kind: Kind, arn: string) => deliveryStatement(destination(kind, arn), BUCKET, 'ok');
const denied = <T>(action: string): Fact<T> => ({
  state: 'denied',
  action,
  error: new S3evtError('ACCESS_DENIED', 'no'),
});

function queue(facts: Partial<QueueState> = {}, key?: Fact<KeyFacts>): DestinationState {
  const value: QueueState = {
    arn: QUEUE,
    url: 'https://sqs/jobs',
    policy: policy(admits('sqs', QUEUE)),
    kmsKeyId: undefined,
    maximumMessageSize: 262_144,
    deadLetterArn: undefined,
    waiting: 0,
    inFlight: 0,
    ...facts,
  };
  return { kind: 'sqs', queue: known(value), key };
}

function key(facts: Partial<KeyFacts> = {}): Fact<KeyFacts> {
  const text = policy(keyStatement(BUCKET, 'ok'));
  return known({ arn: KEY, manager: 'CUSTOMER', state: 'Enabled', policy: text, ...facts });
}

function topic(text: string | undefined): DestinationState {
  return { kind: 'sns', topic: known({ arn: TOPIC, policy: text, kmsKeyId: undefined }), key: undefined };
}

function fn(facts: Partial<FunctionFacts> = {}): Fact<FunctionFacts> {
  return known({
    name: 'thumbs',
    arn: FUNCTION,
    runtime: 'nodejs22.x',
    roleArn: 'arn:aws:iam::111122223333:role/thumbs',
    state: 'Active',
    stateReason: undefined,
    logGroup: '/aws/lambda/thumbs',
    tags: {},
    ...facts,
  });
}

function lambda(
  text: Fact<string>,
  facts: { fn?: Fact<FunctionFacts>; qualified?: Fact<FunctionFacts> } = {},
): DestinationState {
  return { kind: 'lambda', function: facts.fn ?? fn(), qualified: facts.qualified, policy: text };
}

function find(to: Rule, state: DestinationState | undefined, bucket = BUCKET): readonly Finding[] {
  const states = new Map(state ? [[to.destination.arn, state]] : []);
  return preflight({ rules: [to], bucket, states, flags: FLAGS });
}

const good = known(policy(admits('lambda', FUNCTION)));
const LIVE = `${FUNCTION}:live`;
const unless = (operator: string, name: string) => ({ Condition: { [operator]: { [name]: 'x' } } });

describe('a destination that is well', () => {
  test.each<[string, Rule, DestinationState]>([
    ['function', rule('lambda', FUNCTION), lambda(good)],
    ['alias', rule('lambda', LIVE), lambda(known(policy(admits('lambda', LIVE))), { qualified: fn() })],
    ['queue', rule('sqs', QUEUE), queue()],
    ['queue with a key', rule('sqs', QUEUE), queue({ kmsKeyId: KEY }, key())],
    ['topic', rule('sns', TOPIC), topic(policy(admits('sns', TOPIC)))],
    [
      'a queue of another account',
      rule('sqs', QUEUE.replace(ACCOUNT, '444455556666')),
      queue({
        policy: policy(admits('sqs', QUEUE.replace(ACCOUNT, '444455556666'))),
      }),
    ],
  ])('%s', (_name, to, state) => {
    expect(find(to, state)).toEqual([]);
    expect(healthOf(find(to, state))).toBe('ok');
  });
});

describe('what S3 will certainly refuse', () => {
  test.each<[string, Rule, DestinationState | undefined, string, string, RegExp | undefined]>([
    [
      'another Region',
      rule('sqs', QUEUE.replace('eu-west-1', 'us-east-1')),
      undefined,
      'OTHER_REGION',
      'queue jobs is in us-east-1, the bucket in eu-west-1: S3 sends within one Region only',
      /^s3evt rm r --bucket photos --sandbox$/,
    ],
    [
      'FIFO queue',
      rule('sqs', `${QUEUE}.fifo`),
      queue(),
      'FIFO',
      'queue jobs.fifo is a FIFO one, to which S3 does not send',
      /^s3evt rm r /,
    ],
    [
      'FIFO topic',
      rule('sns', `${TOPIC}.fifo`),
      undefined,
      'FIFO',
      'topic news.fifo is a FIFO one, to which S3 does not send',
      /^s3evt rm r /,
    ],
    [
      'no queue',
      rule('sqs', QUEUE),
      { kind: 'sqs', queue: ABSENT, key: undefined },
      'MISSING',
      'queue jobs does not exist',
      /^aws sqs create-queue --queue-name jobs --attributes '.*s3evt-photos.*' --region eu-west-1$/,
    ],
    [
      'no topic',
      rule('sns', TOPIC),
      { kind: 'sns', topic: ABSENT, key: undefined },
      'MISSING',
      'topic news does not exist',
      /^aws sns create-topic --name news --attributes '.*owner.*s3evt-photos/,
    ],
    [
      'no function',
      rule('lambda', FUNCTION),
      lambda(ABSENT, { fn: ABSENT }),
      'MISSING',
      'function thumbs does not exist',
      /^s3evt rm r /,
    ],
    [
      'no alias',
      rule('lambda', LIVE),
      lambda(ABSENT, { qualified: ABSENT }),
      'QUALIFIER_MISSING',
      'function thumbs has no version or alias "live"',
      /^aws lambda create-alias --function-name thumbs --name live --function-version '\$LATEST'/,
    ],
    [
      'no version',
      rule('lambda', `${FUNCTION}:7`),
      lambda(ABSENT, { qualified: ABSENT }),
      'QUALIFIER_MISSING',
      'function thumbs has no version or alias "7"',
      /^s3evt rm r /,
    ],
    [
      'function without a policy',
      rule('lambda', FUNCTION),
      lambda(ABSENT),
      'NOT_PERMITTED',
      'the policy of thumbs does not let S3 invoke it for this bucket',
      /^aws lambda add-permission --function-name thumbs --statement-id s3evt-photos /,
    ],
    [
      "the function's permission under an alias",
      rule('lambda', LIVE),
      lambda(good, { qualified: fn() }),
      'NOT_PERMITTED',
      'the policy of thumbs:live does not let S3 invoke it for this bucket',
      / --qualifier live --statement-id /,
    ],
    [
      'queue for another bucket',
      rule('sqs', QUEUE),
      queue({
        policy: policy(
          deliveryStatement(destination('sqs', QUEUE), { ...BUCKET, arn: 'arn:aws:s3:::films' }, 'films'),
        ),
      }),
      'NOT_PERMITTED',
      'the policy of queue jobs does not let S3 send there for this bucket',
      /^aws sqs set-queue-attributes --queue-url https:\/\/sqs\/jobs --attributes '.*films.*s3evt-photos/,
    ],
    [
      'queue without a policy',
      rule('sqs', QUEUE),
      queue({ policy: undefined }),
      'NOT_PERMITTED',
      'the policy of queue jobs does not let S3 send there for this bucket',
      /set-queue-attributes/,
    ],
    [
      'topic',
      rule('sns', TOPIC),
      topic(policy()),
      'NOT_PERMITTED',
      'the policy of topic news does not let S3 send there for this bucket',
      /^aws sns set-topic-attributes --topic-arn \S+ --attribute-name Policy /,
    ],
    [
      'a Deny',
      rule('sqs', QUEUE),
      queue({
        policy: policy(admits('sqs', QUEUE), {
          Sid: 'no',
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: QUEUE,
        }),
      }),
      'DENIED',
      'the policy of queue jobs denies S3 to send there (statement "no")',
      undefined,
    ],
    [
      'a key that AWS manages',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: 'alias/aws/sqs' }),
      'KEY_OF_AWS',
      'queue jobs is encrypted with alias/aws/sqs, a key that AWS manages: its policy shuts S3 out and cannot be changed',
      /SqsManagedSseEnabled/,
    ],
    [
      'the same by its ARN',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: KEY }, key({ manager: 'AWS' })),
      'KEY_OF_AWS',
      `queue jobs is encrypted with ${KEY}, a key that AWS manages: its policy shuts S3 out and cannot be changed`,
      /SqsManagedSseEnabled/,
    ],
    [
      'a key that is gone',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: KEY }, ABSENT),
      'KEY_MISSING',
      `the key ${KEY} of queue jobs does not exist`,
      /SqsManagedSseEnabled/,
    ],
    [
      'a disabled key',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: KEY }, key({ state: 'Disabled' })),
      'KEY_UNUSABLE',
      `the key ${KEY} of queue jobs is Disabled`,
      /^aws kms enable-key --key-id \S+ --region eu-west-1$/,
    ],
    [
      'a key on its way out',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: KEY }, key({ state: 'PendingDeletion' })),
      'KEY_UNUSABLE',
      `the key ${KEY} of queue jobs is PendingDeletion`,
      /cancel-key-deletion .*\n.*enable-key/,
    ],
    [
      'a key that does not admit S3',
      rule('sqs', QUEUE),
      queue({ kmsKeyId: KEY }, key({ policy: policy() })),
      'KEY_NOT_PERMITTED',
      `the policy of key ${KEY} of queue jobs does not let S3 use it`,
      /^aws kms put-key-policy --key-id \S+ --policy-name default --policy '.*kms:GenerateDataKey/,
    ],
    [
      'half a key',
      rule('sqs', QUEUE),
      queue(
        { kmsKeyId: KEY },
        key({ policy: policy({ ...keyStatement(BUCKET, 'x'), Action: 'kms:Decrypt' }) }),
      ),
      'KEY_NOT_PERMITTED',
      `the policy of key ${KEY} of queue jobs does not let S3 use it`,
      /put-key-policy/,
    ],
  ])('%s', (_name, to, state, code, message, fix) => {
    const findings = find(to, state);
    expect(findings).toMatchObject([{ ruleId: 'r', code, severity: 'refused', message }]);
    const commands = findings.flatMap((one) => one.fix).join('\n');
    if (fix) expect(commands).toMatch(fix);
    else expect(commands).toBe('');
  });

  test('a statement of our id that does not help is replaced', () => {
    const useless = { ...admits('lambda', FUNCTION), Sid: 's3evt-photos', Action: 'lambda:GetFunction' };
    const [finding] = find(rule('lambda', FUNCTION), lambda(known(policy(useless))));
    expect(finding?.fix).toEqual([
      'aws lambda remove-permission --function-name thumbs --statement-id s3evt-photos --region eu-west-1',
      expect.stringContaining('aws lambda add-permission --function-name thumbs '),
    ]);
  });

  test('a policy in a command is the one that stands there with one statement more', () => {
    const theirs = {
      Sid: 'theirs',
      Effect: 'Allow',
      Principal: '*',
      Action: 'sqs:ReceiveMessage',
      Resource: QUEUE,
    };
    const [finding] = find(rule('sqs', QUEUE), queue({ policy: policy(theirs) }));
    const json = /--attributes '(.*)' --region/.exec(finding?.fix[0] ?? '')?.[1] ?? '';
    const written = JSON.parse((JSON.parse(json) as { Policy: string }).Policy) as { Statement: unknown[] };
    expect(written.Statement).toEqual([
      theirs,
      deliveryStatement(destination('sqs', QUEUE), BUCKET, 's3evt-photos'),
    ]);
  });
});

describe('what is not certain', () => {
  test.each<[string, Rule, DestinationState | undefined, string, string]>([
    ['a small queue', rule('sqs', QUEUE), queue({ maximumMessageSize: 1024 }), 'QUEUE_TAKES_LESS', 'ok'],
    [
      'a failed function',
      rule('lambda', FUNCTION),
      lambda(good, { fn: fn({ state: 'Failed' }) }),
      'FUNCTION_FAILED',
      'failed',
    ],
    [
      'a function in the making',
      rule('lambda', FUNCTION),
      lambda(good, { fn: fn({ state: 'Pending' }) }),
      'FUNCTION_NOT_ACTIVE',
      'inactive',
    ],
    [
      'an organization in an Allow',
      rule('sqs', QUEUE),
      queue({ policy: policy({ ...admits('sqs', QUEUE), ...unless('StringEquals', 'aws:SourceOrgID') }) }),
      'MAYBE_PERMITTED',
      'unknown',
    ],
    [
      'an organization in a Deny',
      rule('sqs', QUEUE),
      queue({
        policy: policy(admits('sqs', QUEUE), {
          Effect: 'Deny',
          Principal: '*',
          Action: '*',
          Resource: '*',
          ...unless('StringNotEquals', 'aws:SourceOrgID'),
        }),
      }),
      'MAYBE_PERMITTED',
      'unknown',
    ],
    ['$LATEST', rule('lambda', `${FUNCTION}:$LATEST`), lambda(ABSENT), 'NOT_PERMITTED', 'unknown'],
  ])('%s is a suspicion', (_name, to, state, code, health) => {
    const findings = find(to, state);
    expect(findings).toMatchObject([{ code, severity: 'suspected' }]);
    expect(healthOf(findings)).toBe(health);
  });

  test('another Region than the call, where nothing says which one the bucket is in', () => {
    const elsewhere = find(rule('sqs', QUEUE.replace('eu-west-1', 'us-east-1')), undefined, {
      ...BUCKET,
      regionKnown: false,
    });
    expect(elsewhere).toMatchObject([{ code: 'OTHER_REGION', severity: 'suspected' }]);
  });

  const FOREIGN = QUEUE.replace(ACCOUNT, '444455556666');
  test.each<[string, Rule, DestinationState | undefined]>([
    ['nothing was read', rule('sqs', QUEUE), undefined],
    ['a queue', rule('sqs', QUEUE), { kind: 'sqs', queue: denied('sqs:GetQueueAttributes'), key: undefined }],
    ['a topic', rule('sns', TOPIC), { kind: 'sns', topic: denied('sns:GetTopicAttributes'), key: undefined }],
    ['a policy', rule('lambda', FUNCTION), lambda(denied('lambda:GetPolicy'))],
    ['a key', rule('sqs', QUEUE), queue({ kmsKeyId: KEY }, denied('kms:DescribeKey'))],
    ["a key's policy", rule('sqs', QUEUE), queue({ kmsKeyId: KEY }, key({ policy: undefined }))],
    ["another account's queue", rule('sqs', FOREIGN), { kind: 'sqs', queue: ABSENT, key: undefined }],
    ['a text that is no policy', rule('sqs', QUEUE), queue({ policy: 'hello' })],
  ])('%s that may not be seen could not be checked', (_name, to, state) => {
    const findings = find(to, state);
    expect(findings).toMatchObject([{ code: 'UNCHECKED', severity: 'unchecked', fix: [] }]);
    expect(healthOf(findings)).toBe('unknown');
    expect(preflightWarnings(findings)).toMatchObject([{ code: 'DESTINATION_UNCHECKED' }]);
  });
});

test('rules of one destination and cause are told together, with their commands once', () => {
  const rules = [rule('sqs', QUEUE), { ...rule('sqs', QUEUE), id: 's' }];
  const states = new Map<string, DestinationState>([[QUEUE, { kind: 'sqs', queue: ABSENT, key: undefined }]]);
  const findings = preflight({ rules, bucket: BUCKET, states, flags: FLAGS });
  const error = refusalError(findings, 'photos', { removable: true });
  expect(error.message).toBe(
    `S3 would refuse the configuration of photos; nothing was changed. rules "r", "s" for ${QUEUE}: queue jobs does not exist`,
  );
  expect(error.commands).toHaveLength(1);
  expect([error.code, error.exitCode]).toEqual(['DESTINATION_REFUSED', 1]);
});
