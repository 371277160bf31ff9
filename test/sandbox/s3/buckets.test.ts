import { describe, expect, it } from 'vitest';
import { isBucketName } from '../../../src/sandbox/services/s3/bucket-name.ts';
import { ACCOUNT, BUCKET, createTestS3 } from './support.ts';

function create(s3: ReturnType<typeof createTestS3>, region: string, constraint?: string, Bucket = BUCKET) {
  return s3.call(
    'CreateBucket',
    {
      Bucket,
      ...(constraint !== undefined && {
        CreateBucketConfiguration: { LocationConstraint: constraint as 'eu-west-1' },
      }),
    },
    { region },
  );
}

describe('CreateBucket', () => {
  it('answers with location and ARN', async () => {
    const s3 = createTestS3();
    expect(await create(s3, 'us-east-1')).toEqual({
      Location: `/${BUCKET}`,
      BucketArn: `arn:aws:s3:::${BUCKET}`,
    });
    expect(await create(s3, 'eu-west-1', 'eu-west-1', 'other')).toMatchObject({
      Location: 'http://other.s3.amazonaws.com/',
    });
  });

  it.each([
    ['us-east-1', 'us-east-1', 'InvalidLocationConstraint', 'The specified location-constraint is not valid'],
    ['us-east-1', 'junk', 'InvalidLocationConstraint', 'The specified location-constraint is not valid'],
    [
      'eu-west-1',
      undefined,
      'IllegalLocationConstraintException',
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
    ],
    [
      'eu-west-1',
      'eu-west-2',
      'IllegalLocationConstraintException',
      'The eu-west-2 location constraint is incompatible for the region specific endpoint this request was sent to.',
    ],
  ])('signed for %s, refuses the constraint %s', async (region, constraint, code, message) => {
    await expect(create(createTestS3(), region, constraint)).rejects.toMatchObject({
      code,
      message,
      status: 400,
    });
  });

  it('succeeds again in us-east-1 and keeps the tags, unless the request has some', async () => {
    const s3 = createTestS3();
    const tagged = { Bucket: BUCKET, CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: 'b' }] } };
    await s3.call('CreateBucket', tagged);
    await create(s3, 'us-east-1');
    expect((await s3.call('GetBucketTagging', { Bucket: BUCKET })).TagSet).toEqual([
      { Key: 'a', Value: 'b' },
    ]);
    await expect(s3.call('CreateBucket', tagged)).rejects.toMatchObject({
      code: 'BucketAlreadyOwnedByYou',
      status: 409,
    });
  });

  it('refuses names that are taken', async () => {
    const s3 = createTestS3();
    await create(s3, 'eu-west-1', 'eu-west-1');
    const owned = { code: 'BucketAlreadyOwnedByYou', status: 409, members: { BucketName: BUCKET } };
    await expect(create(s3, 'eu-west-1', 'eu-west-1')).rejects.toMatchObject(owned);
    await expect(create(s3, 'us-east-1')).rejects.toMatchObject(owned);
    await expect(
      s3.call('CreateBucket', { Bucket: BUCKET }, { account: '999999999999' }),
    ).rejects.toMatchObject({ code: 'BucketAlreadyExists', status: 409 });
  });

  it('refuses bad names', async () => {
    await expect(create(createTestS3(), 'us-east-1', undefined, 'Upper')).rejects.toMatchObject({
      code: 'InvalidBucketName',
      message: 'The specified bucket is not valid.',
      members: { BucketName: 'Upper' },
    });
  });

  it.each([
    ['abc', true],
    ['my.bucket-1', true],
    ['a'.repeat(63), true],
    ['ab', false],
    ['a'.repeat(64), false],
    ['-abc', false],
    ['abc.', false],
    ['a..b', false],
    ['192.168.5.4', false],
    ['a_b', false],
    ['xn--abc', false],
    ['amzn-s3-demo-x', false],
    ['x-s3alias', false],
    ['x--table-s3', false],
    ['b-an', false],
  ])('%s is a name: %s', (name, expected) => {
    const namespace = { accountRegional: false, account: ACCOUNT, region: 'us-east-1' };
    expect(isBucketName(name, namespace)).toBe(expected);
  });

  it('keeps -an for the account-regional namespace', () => {
    const namespace = { accountRegional: true, account: ACCOUNT, region: 'us-east-1' };
    expect(isBucketName(`b-${ACCOUNT}-us-east-1-an`, namespace)).toBe(true);
    expect(isBucketName('b', namespace)).toBe(false);
  });
});

describe('Regions and owners', () => {
  async function inEurope() {
    const s3 = createTestS3();
    await create(s3, 'eu-west-1', 'eu-west-1');
    return s3;
  }

  it('redirects a request that was signed for another Region', async () => {
    const s3 = await inEurope();
    const response = { headers: {} };
    await expect(s3.call('HeadBucket', { Bucket: BUCKET }, { response })).rejects.toMatchObject({
      code: 'PermanentRedirect',
      status: 301,
      members: { Bucket: BUCKET, Endpoint: '127.0.0.1:4566' },
    });
    expect(response.headers).toEqual({ 'x-amz-bucket-region': 'eu-west-1' });
    expect(await s3.call('HeadBucket', { Bucket: BUCKET }, { region: 'eu-west-1' })).toEqual({
      BucketRegion: 'eu-west-1',
      BucketArn: `arn:aws:s3:::${BUCKET}`,
      AccessPointAlias: false,
    });
  });

  it('tells location and list from anywhere', async () => {
    const s3 = await inEurope();
    const response: { headers: Record<string, string>; rawXml?: string } = { headers: {} };
    const { LocationConstraint } = await s3.call('GetBucketLocation', { Bucket: BUCKET }, { response });
    expect(LocationConstraint).toBe('eu-west-1');
    expect(response.rawXml).toContain('>eu-west-1</LocationConstraint>');
    expect((await s3.call('ListBuckets', {})).Buckets).toHaveLength(1);
  });

  it('does not guess a Region for requests without a signature', async () => {
    const s3 = await inEurope();
    await s3.call('HeadBucket', { Bucket: BUCKET }, { accessKeyId: undefined });
  });

  it('checks the expected owner', async () => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    const head = (ExpectedBucketOwner: string) =>
      s3.call('HeadBucket', { Bucket: BUCKET, ExpectedBucketOwner });
    await head(ACCOUNT);
    await expect(head('999999999999')).rejects.toMatchObject({
      code: 'AccessDenied',
      message: 'Access Denied',
      status: 403,
    });
    await expect(head('me')).rejects.toMatchObject({
      code: 'InvalidBucketOwnerAWSAccountID',
      message: 'The value of the expected bucket owner parameter must be an AWS Account ID... [me]',
      status: 400,
    });
  });
});

describe('ListBuckets', () => {
  it('pages in order, by prefix and Region', async () => {
    const s3 = createTestS3();
    for (const name of ['c-1', 'a-1', 'b-1']) await create(s3, 'us-east-1', undefined, name);
    await create(s3, 'eu-west-1', 'eu-west-1', 'a-2');
    const all = await s3.call('ListBuckets', {});
    expect(all.Buckets?.map(({ Name, BucketRegion }) => [Name, BucketRegion])).toEqual(
      ['a-1', 'a-2', 'b-1', 'c-1'].map((name) => [name, undefined]),
    );
    const first = await s3.call('ListBuckets', { MaxBuckets: 3 });
    expect(first.Buckets?.map(({ BucketRegion }) => BucketRegion)).toEqual([
      'us-east-1',
      'eu-west-1',
      'us-east-1',
    ]);
    const rest = await s3.call('ListBuckets', {
      MaxBuckets: 3,
      ContinuationToken: first.ContinuationToken!,
    });
    expect(rest.Buckets?.map(({ Name }) => Name)).toEqual(['c-1']);
    expect(rest.ContinuationToken).toBeUndefined();
    const found = await s3.call('ListBuckets', { Prefix: 'a', BucketRegion: 'eu-west-1' });
    expect(found.Buckets?.map(({ Name }) => Name)).toEqual(['a-2']);
  });
});

describe('bucket settings', () => {
  it('start as AWS creates them', async () => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    const input = { Bucket: BUCKET };
    expect(await s3.call('GetBucketVersioning', input)).toEqual({ Status: undefined });
    expect((await s3.call('GetPublicAccessBlock', input)).PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    expect((await s3.call('GetBucketOwnershipControls', input)).OwnershipControls?.Rules).toEqual([
      { ObjectOwnership: 'BucketOwnerEnforced' },
    ]);
    const encryption = await s3.call('GetBucketEncryption', input);
    expect(
      encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault,
    ).toEqual({ SSEAlgorithm: 'AES256' });
    expect((await s3.call('GetBucketAcl', input)).Grants?.[0]?.Permission).toBe('FULL_CONTROL');
    await expect(s3.call('GetBucketTagging', input)).rejects.toMatchObject({
      code: 'NoSuchTagSet',
      status: 404,
    });
    await expect(s3.call('GetBucketPolicy', input)).rejects.toMatchObject({
      code: 'NoSuchBucketPolicy',
      status: 404,
    });
  });

  it('keep a policy as text', async () => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    await expect(s3.call('PutBucketPolicy', { Bucket: BUCKET, Policy: '[]' })).rejects.toMatchObject({
      code: 'MalformedPolicy',
    });
    const Policy = `{ "Statement": { "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::${BUCKET}" } }`;
    await s3.call('PutBucketPolicy', { Bucket: BUCKET, Policy });
    expect(await s3.call('GetBucketPolicy', { Bucket: BUCKET })).toEqual({ Policy });
    await s3.call('DeleteBucketPolicy', { Bucket: BUCKET });
    await expect(s3.call('GetBucketPolicy', { Bucket: BUCKET })).rejects.toThrow();
  });

  it.each<[string, { Key: string; Value: string }[], string]>([
    [
      'a key twice',
      [
        { Key: 'a', Value: '' },
        { Key: 'a', Value: '' },
      ],
      'Cannot provide multiple Tags with the same key',
    ],
    ['a system tag', [{ Key: 'aws:x', Value: '' }], 'System tags cannot be added/updated by requester'],
    ['a long key', [{ Key: 'a'.repeat(129), Value: '' }], 'The TagKey you have provided is invalid'],
    ['a long value', [{ Key: 'a', Value: 'a'.repeat(257) }], 'The TagValue you have provided is invalid'],
  ])('refuse tags with %s', async (_, TagSet, message) => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    await expect(s3.call('PutBucketTagging', { Bucket: BUCKET, Tagging: { TagSet } })).rejects.toMatchObject({
      code: 'InvalidTag',
      message,
      status: 400,
    });
  });
});

describe('DeleteBucket', () => {
  it('needs an empty bucket', async () => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    await s3.call('PutObject', { Bucket: BUCKET, Key: 'k', Body: '' });
    await expect(s3.call('DeleteBucket', { Bucket: BUCKET })).rejects.toMatchObject({
      code: 'BucketNotEmpty',
      message: 'The bucket you tried to delete is not empty',
      status: 409,
    });
    await s3.call('DeleteObject', { Bucket: BUCKET, Key: 'k' });
    await s3.call('DeleteBucket', { Bucket: BUCKET });
    await expect(s3.call('HeadBucket', { Bucket: BUCKET })).rejects.toMatchObject({
      code: 'NoSuchBucket',
      status: 404,
    });
  });

  it('counts delete markers as content', async () => {
    const s3 = createTestS3();
    await create(s3, 'us-east-1');
    await s3.call('PutBucketVersioning', {
      Bucket: BUCKET,
      VersioningConfiguration: { Status: 'Enabled' },
    });
    await s3.call('DeleteObject', { Bucket: BUCKET, Key: 'k' });
    await expect(s3.call('DeleteBucket', { Bucket: BUCKET })).rejects.toMatchObject({
      message: 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    });
  });
});

it('reset forgets everything', async () => {
  const s3 = createTestS3();
  await create(s3, 'us-east-1');
  s3.reset();
  expect((await s3.call('ListBuckets', {})).Buckets).toEqual([]);
});
