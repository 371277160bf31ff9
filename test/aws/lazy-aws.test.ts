import { expect, test, vi } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { lazyAws } from '../../src/aws/lazy-aws.ts';

/** Every client and target tell which Region's AWS they are of. */
function fakeAws(region: string): Aws & { readonly closed: () => number } {
  let closed = 0;
  const told = (what: string) => (other?: string) => Promise.resolve(`${what} ${other ?? region}`);
  const names = ['s3', 'lambda', 'logs', 'iam', 'sts', 'sqs', 'sns', 'events', 'kms', 'cloudwatch'];
  return {
    ...Object.fromEntries([...names, 'cloudtrail', 'target'].map((name) => [name, told(name)])),
    call: (send: (options: object) => Promise<unknown>, what: object) => send({ region, ...what }),
    inRegion: (other: string) => fakeAws(other),
    destroy() {
      closed += 1;
    },
    closed: () => closed,
  } as unknown as Aws & { readonly closed: () => number };
}

test('nothing is made before something is asked, and then once', async () => {
  const inner = fakeAws('eu-west-1');
  const make = vi.fn(() => Promise.resolve(inner));
  const aws = lazyAws(make);
  aws.destroy();
  const elsewhere = aws.inRegion('us-east-2');
  expect(make).not.toHaveBeenCalled();
  expect(await Promise.all([aws.target(), aws.s3(), aws.s3('us-west-1'), elsewhere.sqs()])).toEqual([
    'target eu-west-1',
    's3 eu-west-1',
    's3 us-west-1',
    'sqs us-east-2',
  ]);
  expect(make).toHaveBeenCalledTimes(1);
  aws.destroy();
  await expect.poll(() => inner.closed()).toBe(1);
});

test.each([
  'lambda',
  'logs',
  'iam',
  'sts',
  'sqs',
  'sns',
  'events',
  'kms',
  'cloudwatch',
  'cloudtrail',
] as const)('%s is the one of what was made', async (name) => {
  expect(await lazyAws(() => Promise.resolve(fakeAws('here')))[name]()).toBe(`${name} here`);
});

test('a call goes through, and so does a failure to make anything', async () => {
  const aws = lazyAws(() => Promise.resolve(fakeAws('here')));
  expect(await aws.call((options) => Promise.resolve(options), { action: 's3:ListBucket' })).toEqual({
    region: 'here',
    action: 's3:ListBucket',
  });
  const broken = lazyAws(() => Promise.reject(new Error('no code')));
  await expect(broken.sts()).rejects.toThrow('no code');
  broken.destroy();
});
