import { describe, expect, it } from 'vitest';
import { bucketNotFound } from '../../../src/core/checks/scope/bucket-not-found.ts';
import { bucketOtherAccount } from '../../../src/core/checks/scope/bucket-other-account.ts';
import { clockSkew } from '../../../src/core/checks/scope/clock-skew.ts';
import { emulatorEndpoint } from '../../../src/core/checks/scope/emulator-endpoint.ts';
import { unsupportedBucketKind } from '../../../src/core/checks/scope/unsupported-bucket-kind.ts';
import { wrongProfileOrRegion } from '../../../src/core/checks/scope/wrong-profile-or-region.ts';
import type { DoctorFacts } from '../../../src/core/doctor/facts.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ACCOUNT,
  BUCKET,
  facts,
  functionNode,
  judge,
  lambdaDocument,
  MINUTE,
  REGION,
  type FactsOver,
} from './support.ts';

const NOTIFICATION = 's3:GetBucketNotification';

describe('bucket-not-found', () => {
  it('is certain on 404', () => {
    const { findings } = judge(bucketNotFound, facts({ bucket: { head: absent('s3:ListBucket') } }));
    expect(findings).toMatchObject([{ verdict: 'broken', severity: 'SCOPE', fix: { mode: 'tell' } }]);
  });

  it('is certain when only the configuration could be asked for', () => {
    const given = facts({
      bucket: { head: denied('s3:ListBucket', BUCKET), notification: absent(NOTIFICATION) },
    });
    expect(judge(bucketNotFound, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it('takes a 403 for no 404, and says that it could not look', () => {
    const given = facts({ bucket: { head: denied('s3:ListBucket', BUCKET) } });
    const { findings, notChecked } = judge(bucketNotFound, given);
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ action: 's3:ListBucket' }]);
  });

  it('leaves a bucket alone that is there, whatever its configuration answers', () => {
    expect(judge(bucketNotFound, facts()).findings).toEqual([]);
    expect(judge(bucketNotFound, facts({ bucket: { notification: absent(NOTIFICATION) } })).findings).toEqual(
      [],
    );
  });

  it('names the bucket that was meant, where there is one much like it', () => {
    const { findings } = judge(
      bucketNotFound,
      facts({ bucket: { head: absent('s3:ListBucket'), near: 'photos-eu' } }),
    );
    expect(findings[0]?.message).toContain('photos-eu is meant, perhaps');
    expect(findings[0]?.evidence).toContainEqual({
      call: 's3:ListAllMyBuckets',
      field: 'Buckets',
      value: 'photos-eu',
    });
  });

  it('is not sure of an alias of an access point', () => {
    const given = facts({ bucket: { name: 'ap-x1-s3alias', head: absent('s3:ListBucket') } });
    expect(judge(bucketNotFound, given).findings).toMatchObject([{ verdict: 'suspected' }]);
  });
});

describe('bucket-other-account', () => {
  const refused = { notification: denied(NOTIFICATION, BUCKET), owner: denied(NOTIFICATION, BUCKET) };

  it('is suspected when the configuration may not be read, which is noted', () => {
    const { findings, notChecked } = judge(bucketOtherAccount, facts({ bucket: refused }));
    expect(findings).toMatchObject([{ verdict: 'suspected', severity: 'SCOPE' }]);
    expect(findings[0]?.message).toContain(`account ${ACCOUNT} may not read`);
    expect(notChecked).toMatchObject([{ action: NOTIFICATION }]);
  });

  it('names the owner where it is known', () => {
    const given = facts({ bucket: { ...refused, owner: read(NOTIFICATION, '999988887777') } });
    expect(judge(bucketOtherAccount, given).findings[0]?.message).toContain(
      'it belongs to account 999988887777',
    );
  });

  it('does not blame the account for a missing permission in the own one', () => {
    const given = facts({ bucket: { ...refused, owner: read(NOTIFICATION, ACCOUNT) } });
    expect(judge(bucketOtherAccount, given).findings).toEqual([]);
  });

  it('finds another owner healthy who lets it be read', () => {
    const given = facts({ bucket: { owner: denied(NOTIFICATION, BUCKET) } });
    expect(judge(bucketOtherAccount, given).findings).toEqual([]);
  });
});

describe('unsupported-bucket-kind', () => {
  it.each(['logs--euw1-az1--x-s3', 'tables--table-s3', 'view--ol-s3'])('is certain for %s', (name) => {
    expect(judge(unsupportedBucketKind, facts({ bucket: { name } })).findings).toMatchObject([
      { verdict: 'broken' },
    ]);
  });

  it('is certain where S3 says so', () => {
    const given = facts({
      bucket: { head: read('s3:ListBucket', { region: REGION, kind: 'AvailabilityZone' }) },
    });
    expect(judge(unsupportedBucketKind, given).findings).toMatchObject([
      { verdict: 'broken', evidence: [{ field: 'BucketLocationType', value: 'AvailabilityZone' }] },
    ]);
  });

  it.each(['photos', 'ap-x1-s3alias', 'x-s3', 'table-s3-logs'])('leaves %s alone', (name) => {
    expect(judge(unsupportedBucketKind, facts({ bucket: { name } })).findings).toEqual([]);
  });
});

describe('wrong-profile-or-region', () => {
  const elsewhere = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:thumbs`;
  const gone = functionNode({ arn: elsewhere, configuration: absent('lambda:GetFunctionConfiguration') });

  it('is certain when what is expected is not in the Region that its ARN names, and its namesake gets the events', () => {
    const given = facts({
      target: { region: 'us-east-1', sandbox: false },
      question: { expected: elsewhere },
      functions: { [elsewhere]: gone },
    });
    const { findings } = judge(wrongProfileOrRegion, given);
    expect(findings).toMatchObject([{ verdict: 'broken', severity: 'SCOPE', ruleIds: ['thumbs'] }]);
    expect(findings[0]?.message).toContain('but bucket photos is in eu-west-1');
  });

  it('is suspected without such a namesake, or in another account', () => {
    for (const arn of [`${elsewhere}-2`, elsewhere.replace(ACCOUNT, '999988887777')]) {
      const given = facts({ question: { expected: arn }, functions: { [arn]: { ...gone, arn } } });
      expect(judge(wrongProfileOrRegion, given).findings).toMatchObject([{ verdict: 'suspected' }]);
    }
  });

  it('does not mind another default Region by itself', () => {
    const given = facts({ target: { region: 'us-east-1', sandbox: false } });
    expect(judge(wrongProfileOrRegion, given).findings).toEqual([]);
  });

  it('does not mind a function that is there, in whatever Region', () => {
    const given = facts({
      target: { region: 'us-east-1', sandbox: false },
      question: { expected: elsewhere },
      functions: { [elsewhere]: functionNode({ arn: elsewhere }) },
    });
    expect(judge(wrongProfileOrRegion, given).findings).toEqual([]);
  });

  const foreignArn = `arn:aws:lambda:${REGION}:999988887777:function:thumbs`;
  const foreign = (
    over: FactsOver['bucket'],
    configuration = denied('lambda:GetFunctionConfiguration', 'x'),
  ) =>
    facts({
      bucket: {
        notification: read(NOTIFICATION, lambdaDocument({ LambdaFunctionArn: foreignArn })),
        ...over,
      },
      functions: { [foreignArn]: functionNode({ arn: foreignArn, configuration }) },
    });

  it('is suspected when bucket and destinations are of one other account and cannot be seen', () => {
    const { findings } = judge(wrongProfileOrRegion, foreign({ owner: denied(NOTIFICATION, BUCKET) }));
    expect(findings).toMatchObject([{ verdict: 'suspected', fix: { mode: 'tell' } }]);
    expect(findings[0]?.message).toContain('belong to account 999988887777');
  });

  it('leaves a destination in another account to an own bucket', () => {
    expect(judge(wrongProfileOrRegion, foreign({})).findings).toEqual([]);
  });

  it('leaves a bucket of another account with a function here', () => {
    const given = facts({ bucket: { owner: denied(NOTIFICATION, BUCKET) } });
    expect(judge(wrongProfileOrRegion, given).findings).toEqual([]);
  });
});

describe('emulator-endpoint', () => {
  const at = (target: Partial<DoctorFacts['target']>) =>
    facts({ target: { region: REGION, sandbox: false, ...target } });

  it('is a risk where services lead elsewhere', () => {
    const { findings } = judge(emulatorEndpoint, at({ strayEndpoints: ['S3'] }));
    expect(findings).toMatchObject([{ verdict: 'risk', fix: { mode: 'tell' } }]);
    expect(findings[0]?.message).toContain('the endpoint settings of S3');
  });

  it('shows the endpoint of the others', () => {
    const { findings } = judge(
      emulatorEndpoint,
      at({ endpointUrl: 'http://localhost:4566', strayEndpoints: ['KMS', 'S3'] }),
    );
    expect(findings[0]?.evidence).toEqual([
      { call: 'none', field: 'endpoint', value: 'http://localhost:4566' },
      { call: 'none', field: 'stray endpoints', value: 'KMS, S3' },
    ]);
  });

  it('has nothing to say of an endpoint for all of them, nor of none', () => {
    expect(judge(emulatorEndpoint, at({ endpointUrl: 'http://localhost:4566' })).findings).toEqual([]);
    expect(judge(emulatorEndpoint, facts()).findings).toEqual([]);
  });
});

describe('clock-skew', () => {
  const off = (clockAheadMs: number) => facts({ target: { region: REGION, sandbox: false, clockAheadMs } });

  it('is suspected beyond five minutes, to either side', () => {
    expect(judge(clockSkew, off(6 * MINUTE)).findings).toMatchObject([
      { verdict: 'suspected', message: expect.stringContaining('6m ahead of') as string },
    ]);
    expect(judge(clockSkew, off(-20 * MINUTE)).findings[0]?.message).toContain('20m behind');
  });

  it('does not mind less, nor what is not known', () => {
    expect(judge(clockSkew, off(5 * MINUTE)).findings).toEqual([]);
    expect(judge(clockSkew, facts()).findings).toEqual([]);
  });
});
