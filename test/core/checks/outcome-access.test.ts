import { describe, expect, it } from 'vitest';
import { bucketPolicyDeniesRole } from '../../../src/core/checks/outcome/bucket-policy-denies-role.ts';
import { keyNotDecoded } from '../../../src/core/checks/outcome/key-not-decoded.ts';
import { objectForeignOwner } from '../../../src/core/checks/outcome/object-foreign-owner.ts';
import { roleNoKmsDecrypt } from '../../../src/core/checks/outcome/role-no-kms-decrypt.ts';
import { roleNoS3Read } from '../../../src/core/checks/outcome/role-no-s3-read.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  objectOf,
  ok,
  refusal,
  s3Error,
  sampleOf,
  simulation,
  withLog,
  type Given,
  type Shown,
} from './outcome-support.ts';
import { BUCKET_ARN, judge, NOW, policy, ROLE_ARN } from './support.ts';

const at = (key: string) => `${BUCKET_ARN}/${key}`;
const failing = (key: string, error: Shown['error'], minutes = 9): Shown => ({
  id: `fails-${key}-${minutes}`,
  at: minutes,
  keys: [key],
  ...(error ? { error } : {}),
});
const DENY_READ = [simulation('s3:GetObject', at('*'), 'implicitDeny')];

describe('role-no-s3-read', () => {
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(roleNoS3Read, withLog(shown, given)).findings;

  it('is certain on the line that names the policy, and offers an inline policy for the prefix', () => {
    expect(findings([failing('a.jpg', refusal(at('a.jpg')))])).toMatchObject([
      {
        verdict: 'broken',
        fix: {
          mode: 'ask',
          actions: [{ service: 'iam', operation: 'PutRolePolicy', input: { RoleName: 'thumbs-role' } }],
        },
      },
    ]);
  });

  it('is certain on a bare refusal when IAM denies it too, and suspected when IAM was not asked', () => {
    const shown = [failing('a.jpg', s3Error('AccessDenied'))];
    expect(findings(shown, { simulated: DENY_READ })).toMatchObject([{ verdict: 'broken' }]);
    expect(findings(shown)).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is nothing when IAM allows it', () => {
    const simulated = [simulation('s3:GetObject', at('*'), 'allowed')];
    expect(findings([failing('a.jpg', s3Error('AccessDenied'))], { simulated })).toEqual([]);
  });

  it('only tells of boundaries and policies of the organization', () => {
    const why = 'with an explicit deny in a service control policy';
    expect(findings([failing('a.jpg', refusal(at('a.jpg'), { why }))])).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell', actions: [] } },
    ]);
  });

  it('leaves a role alone that may not read and never does', () => {
    expect(findings([ok('a', 9, 'a.jpg')], { simulated: DENY_READ })).toEqual([]);
    expect(findings([], { simulated: DENY_READ })).toEqual([]);
  });

  it('suspects it where invocations fail without a word', () => {
    const shown: Shown = { id: 'a', at: 9, keys: ['a.jpg'], report: { status: 'error' } };
    expect(findings([shown], { simulated: DENY_READ })).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('leaves other calls, other buckets, Deny statements of the bucket and KMS to others', () => {
    const others: readonly Shown['error'][] = [
      s3Error('AccessDenied', 'PutObject'),
      refusal('arn:aws:s3:::elsewhere/a.jpg'),
      refusal(at('a.jpg'), { why: 'with an explicit deny in a resource-based policy' }),
      refusal('arn:aws:kms:eu-west-1:111122223333:key/k', { action: 'kms:Decrypt' }),
      // Of a read it means that there is no such key.
      refusal(BUCKET_ARN, { action: 's3:ListBucket' }),
    ];
    for (const error of others) expect(findings([failing('a.jpg', error)])).toEqual([]);
  });

  it('is over when the object was read since', () => {
    expect(findings([failing('a.jpg', refusal(at('a.jpg'))), ok('b', 5, 'b.jpg')])).toEqual([]);
  });

  it('does not count a key that was not decoded', () => {
    const shown = [failing('a+b.jpg', s3Error('AccessDenied'))];
    const given = { question: { key: 'a b.jpg' }, object: objectOf('a b.jpg') };
    expect(findings(shown, given)).toEqual([]);
    expect(findings(shown, { ...given, simulated: DENY_READ })).toMatchObject([{ verdict: 'suspected' }]);
  });
});

describe('key-not-decoded', () => {
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(keyNotDecoded, withLog(shown, { bucket: { sample: sampleOf() }, ...given })).findings;
  const there: Given = { question: { key: 'a b.jpg' }, object: objectOf('a b.jpg') };

  it('is certain when the object stands under the decoded key', () => {
    for (const code of ['NoSuchKey', '404', 'AccessDenied', '403']) {
      const shown = [failing('a+b.jpg', s3Error(code, code.startsWith('4') ? 'HeadObject' : 'GetObject'))];
      expect(findings(shown, there), code).toMatchObject([{ verdict: 'broken', severity: 'SOME' }]);
      expect(findings(shown, { bucket: { sample: sampleOf('a b.jpg') } }), code).toMatchObject([
        { verdict: 'broken' },
      ]);
    }
  });

  it('knows the exception of Node', () => {
    const shown = [failing('a+b.jpg', ['NoSuchKey', 'The specified key does not exist.'])];
    expect(findings(shown, there)).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is suspected when it is not known whether the object is there', () => {
    expect(findings([failing('a+b.jpg', s3Error('NoSuchKey'))])).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is certain where S3 refuses to say that the key does not exist', () => {
    const error = refusal(BUCKET_ARN, { action: 's3:ListBucket' });
    expect(findings([failing('a+b.jpg', error)], there)).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is only suspected where the role may not read anyway', () => {
    const shown = [failing('a+b.jpg', s3Error('AccessDenied'))];
    expect(findings(shown, { ...there, simulated: DENY_READ })).toMatchObject([{ verdict: 'suspected' }]);
    const plain = failing('c.jpg', s3Error('AccessDenied'));
    expect(findings([plain, ...shown], { bucket: { sample: sampleOf('a b.jpg') } })).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('is not it when the line names the decoded key, when the object is gone, or when the key is plain', () => {
    expect(findings([failing('a+b.jpg', refusal(at('a b.jpg')))], there)).toEqual([]);
    const gone = { ...objectOf('a b.jpg'), head: absent('s3:GetObject') };
    expect(findings([failing('a+b.jpg', s3Error('NoSuchKey'))], { ...there, object: gone })).toEqual([]);
    expect(findings([failing('a.jpg', s3Error('NoSuchKey'))])).toEqual([]);
  });

  it('is not ruled out by plain names that are read, but by others like it', () => {
    const bad = failing('a+b.jpg', s3Error('NoSuchKey'));
    const given = { bucket: { sample: sampleOf('a b.jpg') } };
    expect(findings([bad, ok('x', 5, 'c.jpg')], given)).toMatchObject([{ verdict: 'suspected' }]);
    expect(findings([ok('x', 20, 'c.jpg'), bad], given)).toMatchObject([{ verdict: 'broken' }]);
    expect(findings([bad, ok('x', 5, 'c+d.jpg')], given)).toEqual([]);
  });
});

describe('role-no-kms-decrypt', () => {
  const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234';
  const kms = refusal(KEY, { action: 'kms:Decrypt' });
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(roleNoKmsDecrypt, withLog(shown, given)).findings;

  it('is certain on the line of GetObject that names kms:Decrypt', () => {
    expect(findings([failing('a.jpg', kms)])).toMatchObject([
      { verdict: 'broken', fix: { mode: 'ask', actions: [{ operation: 'PutRolePolicy' }] } },
    ]);
  });

  it('is suspected when it may be about something else than the object', () => {
    const error = ['AccessDeniedException', kms[1].replace('GetObject', 'GetSecretValue')] as const;
    expect(findings([failing('a.jpg', error)])).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is certain on a bare refusal when IAM denies it for the key of the object', () => {
    const given: Given = {
      question: { key: 'a.jpg' },
      object: objectOf('a.jpg', { kmsKeyId: KEY }),
      simulated: [simulation('kms:Decrypt', KEY, 'implicitDeny')],
    };
    expect(findings([failing('a.jpg', s3Error('AccessDenied'))], given)).toMatchObject([
      { verdict: 'broken' },
    ]);
    expect(findings([failing('a.jpg', s3Error('AccessDenied'))])).toEqual([]);
  });

  it('only tells of the policy of the key', () => {
    const error = refusal(KEY, { action: 'kms:Decrypt', why: 'because no resource-based policy allows the' });
    expect(findings([failing('a.jpg', error)])).toMatchObject([{ fix: { mode: 'tell' } }]);
  });

  it('is nothing for an encrypted object that is read', () => {
    const given = { question: { key: 'a.jpg' }, object: objectOf('a.jpg', { kmsKeyId: KEY }) };
    expect(findings([ok('a', 9, 'a.jpg')], given)).toEqual([]);
  });
});

describe('bucket-policy-denies-role', () => {
  const deny = (over: object = {}) =>
    policy({
      Sid: 'no',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `${BUCKET_ARN}/*`,
      ...over,
    });
  const findings = (shown: readonly Shown[], text: string, given: Given = {}) =>
    judge(
      bucketPolicyDeniesRole,
      withLog(shown, { bucket: { policy: read('s3:GetBucketPolicy', text) }, ...given }),
    ).findings;
  const refused = [failing('a.jpg', s3Error('AccessDenied'))];

  it('is certain when a Deny meets the role and the log shows the refusal', () => {
    const [finding] = findings(refused, deny());
    expect(finding).toMatchObject({ verdict: 'broken', fix: { mode: 'ask' } });
    const [action] = finding?.fix.actions ?? [];
    const input = action?.kind === 'call' ? action.input : {};
    expect(JSON.parse(String(input['Policy']))).toMatchObject({
      Statement: [{ Effect: 'Deny', Condition: { ArnNotEquals: { 'aws:PrincipalArn': [ROLE_ARN] } } }],
    });
  });

  it('is certain when the line says so itself, and without the policy only tells', () => {
    const why = 'with an explicit deny in a resource-based policy';
    const given = withLog([failing('a.jpg', refusal(at('a.jpg'), { why }))], {
      bucket: { policy: denied('s3:GetBucketPolicy', 'photos') },
    });
    const { findings: found, notChecked } = judge(bucketPolicyDeniesRole, given);
    expect(found).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
    expect(notChecked).toMatchObject([{ action: 's3:GetBucketPolicy' }]);
  });

  it('suspects the endpoint where the line names its policy', () => {
    const why = 'with an explicit deny in a VPC endpoint policy';
    expect(findings([failing('a.jpg', refusal(at('a.jpg'), { why }))], deny())).toMatchObject([
      { verdict: 'suspected', fix: { mode: 'tell' } },
    ]);
  });

  it('leaves the usual Deny statements alone', () => {
    const usual = [
      deny({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      deny({ Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
      deny({ Condition: { ArnNotEquals: { 'aws:PrincipalArn': ROLE_ARN } } }),
      deny({ Action: 's3:PutObject' }),
      deny({ Resource: `${BUCKET_ARN}/other/*` }),
      deny({ Condition: { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } }),
    ];
    for (const text of usual) expect(findings(refused, text), text).toEqual([]);
  });

  it('knows of a function outside of a VPC that it comes through no endpoint, and of others nothing', () => {
    const text = deny({ Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } });
    expect(findings(refused, text)).toMatchObject([{ verdict: 'broken' }]);
    expect(findings(refused, text, { configuration: { subnetIds: ['subnet-1'] } })).toEqual([]);
  });

  it('is nothing for a function that succeeds, and suspected where nothing was seen', () => {
    expect(findings([ok('a', 9, 'a.jpg')], deny())).toEqual([]);
    expect(findings([], deny())).toMatchObject([{ verdict: 'suspected' }]);
  });
});

describe('object-foreign-owner', () => {
  const owner = (object: string) => ({
    ...objectOf('a.jpg'),
    owner: read('s3:GetObjectAcl', { object, bucket: 'mine' }),
  });
  const findings = (shown: readonly Shown[], object: string, ownership = 'ObjectWriter') =>
    judge(
      objectForeignOwner,
      withLog(shown, {
        question: { key: 'a.jpg' },
        object: owner(object),
        bucket: { ownership: read('s3:GetBucketOwnershipControls', ownership) },
      }),
    ).findings;
  const refused = [failing('a.jpg', s3Error('AccessDenied'))];

  it('is certain on another owner and a refusal', () => {
    expect(findings(refused, 'theirs')).toMatchObject([
      { verdict: 'broken', fix: { mode: 'ask', actions: [{ operation: 'PutBucketOwnershipControls' }] } },
    ]);
  });

  it('is suspected without a line of the log, and nothing where the object is read', () => {
    expect(findings([], 'theirs')).toMatchObject([{ verdict: 'suspected' }]);
    expect(findings([ok('a', 9, 'a.jpg')], 'theirs')).toEqual([]);
  });

  it('is ruled out by the same owner and by BucketOwnerEnforced', () => {
    expect(findings(refused, 'mine')).toEqual([]);
    expect(findings(refused, 'theirs', 'BucketOwnerEnforced')).toEqual([]);
  });

  it('tells from the owners in the listing which objects are refused', () => {
    const entry = (key: string, by: string) => ({
      key,
      versionId: 'null',
      latest: true,
      deleteMarker: false,
      modified: NOW,
      size: 1,
      owner: by,
    });
    const given = (by: string) =>
      withLog([...refused, ok('b', 20, 'b.jpg')], {
        bucket: {
          ownership: read('s3:GetBucketOwnershipControls', 'ObjectWriter'),
          sample: read('s3:ListBucketVersions', {
            truncated: false,
            entries: [entry('a.jpg', by), entry('b.jpg', 'mine')],
          }),
        },
      });
    expect(judge(objectForeignOwner, given('theirs')).findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(judge(objectForeignOwner, given('mine')).findings).toEqual([]);
  });

  it('says so when it may not look', () => {
    const given = withLog(refused, {
      bucket: { ownership: denied('s3:GetBucketOwnershipControls', 'photos') },
    });
    expect(judge(objectForeignOwner, given).notChecked).toMatchObject([
      { action: 's3:GetBucketOwnershipControls' },
    ]);
  });
});
