import { describe, expect, it } from 'vitest';
import { permissionTooOpen } from '../../../src/core/checks/risk/permission-too-open.ts';
import { denied } from '../../../src/core/doctor/reading.ts';
import { invoke, said, withFunction, withQueue, withTopic, written } from './access-support.ts';
import { ACCOUNT, BUCKET_ARN, fnArn, judge, policy, queueArn, s3Statement, topicArn } from './support.ts';

const forBucket = { Condition: { ArnLike: { 'aws:SourceArn': BUCKET_ARN } } };
const SEND = 'sqs:SendMessage';

describe('permission-too-open', () => {
  it.each([
    ['no condition', {}, 'anybody'],
    ['everybody without a condition', { Principal: '*', Condition: {} }, 'anybody'],
    ['every bucket', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::*' } } }, 'anybody'],
    ['the bucket of any account', forBucket, 'whoever owns it'],
  ])('%s is a risk and no more', (_what, over, words) => {
    const world = withFunction(policy(invoke({ Condition: {}, ...over })));
    expect(said(world)).toEqual(['permission-too-open risk']);
    expect(judge(permissionTooOpen, world).findings[0]?.message).toContain(words);
  });

  it.each([
    ['the account alone', invoke({ Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } } })],
    ['the bucket and the account', invoke()],
    ['the organization', invoke({ Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } })],
  ])('%s is none', (_what, statement) => {
    expect(judge(permissionTooOpen, withFunction(policy(statement))).findings).toEqual([]);
  });

  it('is not about statements for other buckets', () => {
    const other = invoke({ Sid: 'other', Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::old' } } });
    expect(said(withFunction(policy(other, invoke())))).toEqual([]);
  });

  it('replaces the statement of a function that is for this bucket alone', () => {
    const world = withFunction(policy(invoke({ Sid: 'wide', ...forBucket })));
    expect(judge(permissionTooOpen, world).findings[0]?.fix).toMatchObject({
      mode: 'ask',
      actions: [
        { operation: 'AddPermission', input: { SourceArn: BUCKET_ARN, SourceAccount: ACCOUNT } },
        { operation: 'RemovePermission', input: { FunctionName: 'thumbs', StatementId: 'wide' } },
      ],
    });
  });

  it('replaces it in the policy of a queue or topic, and keeps the others', () => {
    const wide = s3Statement(SEND, queueArn(), { Sid: 'wide', ...forBucket });
    const other = { ...wide, Sid: 'other', Principal: { AWS: ACCOUNT } };
    const [found] = judge(permissionTooOpen, withQueue({ policy: policy(wide, other) })).findings;
    const { Statement } = written(found?.fix.actions[0]);
    expect(Statement).toEqual([other, s3Statement(SEND, queueArn(), { Sid: 's3evt-photos' })]);
    const topic = withTopic({
      policy: policy(s3Statement('sns:Publish', topicArn(), { Sid: 'wide', ...forBucket })),
    });
    expect(judge(permissionTooOpen, topic).findings).toMatchObject([{ fix: { mode: 'ask' } }]);
  });

  it('leaves to people what others may depend on', () => {
    const modes = [{ Condition: {} }, { Principal: '*', ...forBucket }].map(
      (over) =>
        judge(permissionTooOpen, withFunction(policy(invoke({ Sid: 'wide', ...over })))).findings[0]?.fix
          .mode,
    );
    expect(modes).toEqual(['tell', 'tell']);
  });

  it('is silent about what it cannot read', () => {
    expect(judge(permissionTooOpen, withFunction(denied('lambda:GetPolicy', fnArn()))).findings).toEqual([]);
  });
});
