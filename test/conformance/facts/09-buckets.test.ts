import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  type BucketLocationConstraint,
  type CreateBucketCommandInput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { bucket } from './resources.ts';
import { listSignedFor } from './signing.ts';
import { refusal, type Clients } from './target.ts';

/** Rows about us-east-1 hold there only, whatever the Region of the run. */
const virginia = shared(async (t: Target): Promise<Clients> => t.clients({ region: 'us-east-1' }));
const ireland = shared(async (t: Target): Promise<Clients> => t.clients({ region: 'eu-west-1' }));

const create = async (
  { s3 }: Clients,
  Bucket: string,
  more: Partial<CreateBucketCommandInput> = {},
): Promise<unknown> => s3.send(new CreateBucketCommand({ Bucket, ...more }));

/** In the client's Region a request that names none: the SDK would add it. */
const createUnplaced = ({ s3 }: Clients, Bucket: string) =>
  exchange(s3, new CreateBucketCommand({ Bucket }), (request) => {
    request.body = undefined;
    delete request.headers['content-type'];
    delete request.headers['content-length'];
  });

const constraint = (LocationConstraint: string) => ({
  CreateBucketConfiguration: { LocationConstraint: LocationConstraint as BucketLocationConstraint },
});

const OWNED = 'Your previous request to create the named bucket succeeded and you already own it.';

const creation: readonly Fact[] = [
  {
    id: '9.1-virginia',
    source: 'AWS-recorded',
    expectation: 'in us-east-1 without a constraint the Location is /bucket, and there is a BucketArn',
    async run(t) {
      const clients = await virginia(t);
      const name = t.name('b');
      const made = await create(clients, name);
      t.cleanUp(() => removeEmpty(clients, name));
      expect(made).toMatchObject({ Location: `/${name}`, BucketArn: `arn:${t.partition}:s3:::${name}` });
    },
  },
  ...['us-east-1', 'nowhere'].map((place): Fact => ({
    id: `9.1-virginia-constraint-${place}`,
    source: 'AWS-recorded',
    expectation: `in us-east-1 the constraint ${place} is not valid`,
    async run(t) {
      const clients = await virginia(t);
      expect(await refusal(create(clients, t.name('b'), constraint(place)))).toMatchObject({
        status: 400,
        code: 'InvalidLocationConstraint',
        message: 'The specified location-constraint is not valid',
        members: { LocationConstraint: place },
      });
    },
  })),
  {
    id: '9.1-elsewhere-unspecified',
    source: 'AWS-recorded',
    expectation: 'in another Region a request without a constraint is refused as unspecified',
    async run(t) {
      const { status, body } = await createUnplaced(await ireland(t), t.name('b'));
      expect(status).toBe(400);
      expect(body).toContain('<Code>IllegalLocationConstraintException</Code>');
      expect(body).toContain(
        '<Message>The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.</Message>',
      );
    },
  },
  {
    id: '9.1-elsewhere-different',
    source: 'AWS-recorded',
    expectation: 'in another Region a different constraint is refused by name',
    async run(t) {
      const clients = await ireland(t);
      expect(await refusal(create(clients, t.name('b'), constraint('us-west-2')))).toMatchObject({
        status: 400,
        code: 'IllegalLocationConstraintException',
        message:
          'The us-west-2 location constraint is incompatible for the region specific endpoint this request was sent to.',
      });
    },
  },
  {
    id: '9.1-elsewhere',
    source: 'AWS-recorded',
    expectation: 'in another Region with its constraint the Location is a URL',
    async run(t) {
      const clients = await ireland(t);
      const name = t.name('b');
      const made = await create(clients, name, constraint('eu-west-1'));
      t.cleanUp(() => removeEmpty(clients, name));
      expect(made).toMatchObject({ Location: `http://${name}.s3.amazonaws.com/` });
    },
  },
  {
    id: '9.1-sdk-adds-constraint',
    source: 'AWS-SDK',
    expectation: 'outside of us-east-1 the SDK for JavaScript adds the Region of the client as constraint',
    async run(t) {
      const clients = await ireland(t);
      const name = await bucket(t, {}, clients);
      const { LocationConstraint } = await clients.s3.send(new GetBucketLocationCommand({ Bucket: name }));
      expect(LocationConstraint).toBe('eu-west-1');
    },
  },
  ...(
    [
      ['no tags', {}],
      ['an empty list of tags', { CreateBucketConfiguration: { Tags: [] } }],
    ] satisfies readonly [string, Partial<CreateBucketCommandInput>][]
  ).map(([what, more], index): Fact => ({
    id: `9.1-again-virginia-${index + 1}`,
    source: 'AWS-recorded',
    expectation: `creating one's own bucket again in us-east-1 with ${what} is 200, and its tags stay`,
    async run(t) {
      const clients = await virginia(t);
      const Bucket = await bucket(t, {}, clients);
      const TagSet = [{ Key: 'team', Value: 'media' }];
      await clients.s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      await create(clients, Bucket, more);
      expect((await clients.s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet);
    },
  })),
  {
    id: '9.1-again-virginia-tagged',
    source: 'AWS-recorded',
    expectation: "creating one's own bucket again in us-east-1 with tags is refused",
    async run(t) {
      const clients = await virginia(t);
      const name = await bucket(t, {}, clients);
      const tagged = { CreateBucketConfiguration: { Tags: [{ Key: 'team', Value: 'media' }] } };
      expect(await refusal(create(clients, name, tagged))).toMatchObject({
        status: 409,
        code: 'BucketAlreadyOwnedByYou',
      });
    },
  },
  {
    id: '9.1-again-elsewhere',
    source: 'AWS-recorded',
    expectation: "creating one's own bucket again in another Region is refused",
    async run(t) {
      const clients = await ireland(t);
      const name = await bucket(t, {}, clients);
      expect(await refusal(create(clients, name))).toMatchObject({
        status: 409,
        code: 'BucketAlreadyOwnedByYou',
        message: OWNED,
        members: { BucketName: name },
      });
    },
  },
  {
    id: '9.1-somebody-elses',
    source: 'second-hand',
    expectation: "somebody else's bucket name is not available",
    needs: 'a second account',
    async run(t) {
      const name = await bucket(t);
      const other = t.clients({ accessKeyId: '111122223333' });
      expect(await refusal(create(other, name))).toMatchObject({
        status: 409,
        code: 'BucketAlreadyExists',
        message:
          'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      });
    },
  },
  {
    id: '9.1-location-virginia',
    source: 'AWS-recorded',
    expectation: 'GetBucketLocation of a bucket in us-east-1 is an empty element',
    async run(t) {
      const clients = await virginia(t);
      const Bucket = await bucket(t, {}, clients);
      const { body, output } = await exchange(clients.s3, new GetBucketLocationCommand({ Bucket }));
      expect(body).toMatch(
        /<LocationConstraint xmlns="http:\/\/s3.amazonaws.com\/doc\/2006-03-01\/"\s*(?:\/>|><\/LocationConstraint>)\s*$/,
      );
      expect((output as { LocationConstraint?: string }).LocationConstraint ?? '').toBe('');
    },
  },
  {
    id: '9.1-location-eu',
    source: 'AWS-recorded',
    expectation: 'the constraint EU means eu-west-1',
    async run(t) {
      const clients = await ireland(t);
      const name = t.name('b');
      await create(clients, name, constraint('EU'));
      t.cleanUp(() => removeEmpty(clients, name));
      const { headers } = await exchange(clients.s3, new HeadBucketCommand({ Bucket: name }));
      expect(headers['x-amz-bucket-region']).toBe('eu-west-1');
    },
  },
];

async function removeEmpty({ s3 }: Clients, Bucket: string): Promise<void> {
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

/** The name is in the path, so that what no SDK would send arrives as it is. */
const BAD_NAMES: readonly (readonly [id: string, what: string, name: string])[] = [
  ['upper-case', 'has upper-case letters', 'S3evt-Upper-Case'],
  ['short', 'has fewer than 3 characters', 'ab'],
  ['long', 'has more than 63 characters', `s3evt-${'x'.repeat(58)}`],
  ['underscore', 'has an underscore', 's3evt_conformance'],
  ['hyphen-first', 'begins with a hyphen', '-s3evt-conformance'],
  ['hyphen-last', 'ends with a hyphen', 's3evt-conformance-'],
  ['two-dots', 'has two dots in a row', 's3evt..conformance'],
  ['ip-address', 'looks like an IPv4 address', '192.168.5.4'],
  ['xn', 'begins with xn--', 'xn--s3evt-conformance'],
  ['sthree', 'begins with sthree-', 'sthree-s3evt-conformance'],
  ['amzn-s3-demo', 'begins with amzn-s3-demo-', 'amzn-s3-demo-s3evt'],
  ['s3alias', 'ends with -s3alias', 's3evt-conformance-s3alias'],
  ['ol-s3', 'ends with --ol-s3', 's3evt-conformance--ol-s3'],
  ['mrap', 'ends with .mrap', 's3evt-conformance.mrap'],
  ['x-s3', 'ends with --x-s3', 's3evt-conformance--x-s3'],
  ['table-s3', 'ends with --table-s3', 's3evt-conformance--table-s3'],
];

const accountRegional: Fact = {
  id: '9.1-account-regional',
  source: 'AWS-doc',
  expectation: 'a name that ends with account, Region and -an is for the account-regional namespace alone',
  async run(t) {
    const clients = await virginia(t);
    // The run's own part of a name, as short as this form needs it.
    const name = `${t.name('r').slice(0, 18)}-${t.account}-us-east-1-an`;
    expect(await refusal(create(clients, name))).toMatchObject({ status: 400, code: 'InvalidBucketName' });
    await bucket(t, { Bucket: name, BucketNamespace: 'account-regional' }, clients);
  },
};

const badNames: readonly Fact[] = BAD_NAMES.map(([id, what, name]) => ({
  id: `9.1-name-${id}`,
  source: id === 'upper-case' ? 'AWS-recorded' : 'AWS-doc',
  expectation: `a bucket name that ${what} is not valid`,
  async run(t) {
    const { s3 } = await virginia(t);
    const placeholder = t.name('b');
    // Addressed by path: the name could be no host name.
    const { status, body } = await exchange(
      s3,
      new CreateBucketCommand({ Bucket: placeholder }),
      (request) => {
        const { hostname } = request;
        request.hostname = hostname.startsWith(`${placeholder}.`)
          ? hostname.slice(placeholder.length + 1)
          : hostname;
        request.path = `/${name}`;
      },
    );
    expect(status).toBe(400);
    expect(body).toContain(
      '<Code>InvalidBucketName</Code><Message>The specified bucket is not valid.</Message>',
    );
    expect(body).toContain(`<BucketName>${name}</BucketName>`);
  },
}));

const NOBODYS = 's3evt-nobody-has-this-bucket-5f0c1d2e';

const regions: readonly Fact[] = [
  {
    id: '9.2-head',
    source: 'AWS-recorded',
    expectation: 'HeadBucket answers with Region, ARN, x-amz-access-point-alias false and application/xml',
    async run(t) {
      const Bucket = await bucket(t);
      const { status, headers } = await exchange(t.s3, new HeadBucketCommand({ Bucket }));
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'x-amz-bucket-region': t.region,
        'x-amz-bucket-arn': `arn:${t.partition}:s3:::${Bucket}`,
        'x-amz-access-point-alias': 'false',
        'content-type': 'application/xml',
      });
    },
  },
  {
    id: '9.2-head-missing',
    source: 'AWS-recorded',
    expectation: 'HeadBucket of a bucket that does not exist is 404 without a body',
    async run(t) {
      const { status, body } = await exchange(t.s3, new HeadBucketCommand({ Bucket: NOBODYS }));
      expect({ status, body }).toEqual({ status: 404, body: '' });
      expect(await refusal(t.s3.send(new HeadBucketCommand({ Bucket: NOBODYS })))).toMatchObject({
        code: 'NotFound',
      });
    },
  },
  {
    id: '9.2-head-elsewhere',
    source: 'model',
    expectation: "HeadBucket tells a bucket's Region also from another Region's endpoint",
    async run(t) {
      const Bucket = await bucket(t, {}, await ireland(t));
      const { status, headers, body } = await exchange(
        (await virginia(t)).s3,
        new HeadBucketCommand({ Bucket }),
      );
      expect([301, 400]).toContain(status);
      expect(headers['x-amz-bucket-region']).toBe('eu-west-1');
      expect(body).toBe('');
    },
  },
  {
    id: '9.2-head-denied',
    source: 'model',
    expectation: "HeadBucket tells a bucket's Region also to somebody without permission, without a body",
    needs: 'a second account',
    async run(t) {
      const Bucket = await bucket(t);
      const { s3 } = t.clients({ accessKeyId: '111122223333' });
      const { status, headers, body } = await exchange(s3, new HeadBucketCommand({ Bucket }));
      expect({ status, body }).toEqual({ status: 403, body: '' });
      expect(headers['x-amz-bucket-region']).toBe(t.region);
    },
  },
  {
    id: '9.2-wrong-region',
    source: 'AWS-doc',
    expectation: 'in the wrong Region a request is redirected with 301, endpoint and the Region in a header',
    async run(t) {
      const Bucket = await bucket(t, {}, await ireland(t));
      const { s3 } = await virginia(t);
      const { status, headers } = await exchange(s3, new ListObjectsV2Command({ Bucket }));
      expect(status).toBe(301);
      expect(headers['x-amz-bucket-region']).toBe('eu-west-1');
      expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket })))).toMatchObject({
        status: 301,
        code: 'PermanentRedirect',
        message:
          'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
        members: { Bucket, Endpoint: expect.any(String) as unknown },
      });
    },
  },
  {
    id: '9.2-region-of-signature',
    source: 'AWS-recorded',
    expectation:
      'a signature for aws-global is 400 AuthorizationHeaderMalformed, and the right Region is an element',
    async run(t) {
      const response = await listSignedFor(t, await bucket(t), 'aws-global');
      const body = await response.text();
      expect(response.status).toBe(400);
      expect(body).toContain('<Code>AuthorizationHeaderMalformed</Code>');
      expect(body).toContain(
        `<Message>The authorization header is malformed; the region 'aws-global' is wrong; expecting '${t.region}'</Message>`,
      );
      expect(body).toContain(`<Region>${t.region}</Region>`);
    },
  },
  {
    id: '9.2-follow-redirect',
    source: 'AWS-SDK',
    expectation: 'the SDK for JavaScript follows it with followRegionRedirects',
    async run(t) {
      const Bucket = await bucket(t, {}, await ireland(t));
      const { s3 } = t.clients({ region: 'us-east-1', followRegionRedirects: true });
      await s3.send(new PutObjectCommand({ Bucket, Key: 'there', Body: 'x' }));
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      expect(Contents.map(({ Key }) => Key)).toEqual(['there']);
    },
  },
  {
    id: '9.2-missing-anywhere',
    source: 'AWS-recorded',
    expectation: 'a bucket that does not exist is 404 NoSuchBucket in every Region',
    async run(t) {
      for (const { s3 } of [await virginia(t), await ireland(t)]) {
        expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket: NOBODYS })))).toMatchObject({
          status: 404,
          code: 'NoSuchBucket',
          message: 'The specified bucket does not exist',
          members: { BucketName: NOBODYS },
        });
      }
    },
  },
];

describeFacts('9.1 CreateBucket, 9.2 Regions', [...creation, ...badNames, accountRegional, ...regions]);
