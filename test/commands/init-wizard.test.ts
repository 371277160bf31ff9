import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { foreignFunction, notificationOf } from '../support/foreign.ts';
import { words } from '../support/init.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { CTRL_C, DOWN, ENTER, startTyping, tooWide, type Typist } from '../support/typing.ts';

const sandbox = shareSandbox();
const start = (line = 'init', cwd = temporaryFolder()) =>
  startTyping(words(line), { endpoint: sandbox().url, cwd });

const plain = ({ text }: { readonly text: string }) => stripVTControlCharacters(text);

/** Nothing was made, here or on AWS. */
function expectNothingDone(run: Typist): void {
  expect(writesOf(sandbox())).toEqual([]);
  expect(readdirSync(run.cwd)).toEqual([]);
}

test('an empty account: everything is created, tested, and repeated by the command shown', async () => {
  const run = start();
  await run.answer('Name of the bucket', `photos${ENTER}`);
  await run.answer('What receives the events?', ENTER);
  await run.answer('Name of the function', ENTER);
  await run.answer('Which events?', ENTER);
  await run.answer('Only keys with this prefix', `in/${ENTER}`);
  await run.answer('Only keys with this suffix', `.jpg, .png${ENTER}`);
  await run.answer('Apply this plan?', ENTER);
  await run.answer('Upload a test object and watch its event arrive?', ENTER);
  expect(await run.code).toBe(0);
  expect(tooWide(run)).toEqual([]);

  const stderr = plain(run.stderr);
  expect(stderr.indexOf('account 000000000000, region us-east-1')).toBeLessThan(
    stderr.indexOf('Apply this plan?'),
  );
  const stdout = plain(run.stdout);
  expect(stdout).toContain('photos set up');
  expect(stdout).toMatch(/ObjectCreated:Put arrived: rule Invoke-Lambda-NewObjects-jpg/);
  const { LambdaFunctionConfigurations } = await notificationOf(sandbox(), 'photos');
  expect(LambdaFunctionConfigurations?.map(({ Id }) => Id)).toEqual([
    'Invoke-Lambda-NewObjects-jpg',
    'Invoke-Lambda-NewObjects-png',
  ]);

  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toBe(
    "  s3evt init photos --function Demo-S3 --event 's3:ObjectCreated:*' --prefix in/ --suffix .jpg,.png --id Invoke-Lambda-NewObjects --yes",
  );
  const fresh = await startTestSandbox();
  const again = await runCli(words(last).slice(1), { endpoint: fresh.url });
  expect(again.code).toBe(0);
  expect(await notificationOf(fresh, 'photos')).toEqual(await notificationOf(sandbox(), 'photos'));
});

test('what exists can be picked; other events are named, after a wrong name with a suggestion', async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'films' }));
  const arn = await foreignFunction(sandbox(), 'thumbs');
  const run = start();
  await run.answer('Which bucket?', `${DOWN}${DOWN}${ENTER}`);
  await run.answer('What receives the events?', `${DOWN}${ENTER}`);
  await run.answer('Which events?', `${DOWN}${DOWN}${DOWN}${ENTER}`);
  await run.answer('Event names, with commas between', `creat${ENTER}`);
  await run.answer(
    'S3 has no event "creat"; did you mean create?',
    `\u0015tagging,objectacl:put,tagging${ENTER}`,
  );
  await run.answer('Only keys with this prefix', ENTER);
  await run.answer('Only keys with this suffix', ENTER);
  await run.answer('Apply this plan?', `y${ENTER}`);
  await run.answer('Upload a test object', `n${ENTER}`);
  expect(await run.code).toBe(0);
  expect(tooWide(run)).toEqual([]);
  expect(await notificationOf(sandbox(), 'photos')).toEqual({
    LambdaFunctionConfigurations: [
      {
        Id: 'Invoke-Lambda-NewObjects',
        LambdaFunctionArn: arn,
        Events: ['s3:ObjectTagging:*', 's3:ObjectAcl:Put'],
      },
    ],
  });
  expect(await notificationOf(sandbox(), 'films')).toEqual({});
  expect(plain(run.stdout)).toContain('s3evt test-upload');
});

test.each([
  ['queue', 2, 'QueueConfigurations', 'sqs'],
  ['topic', 3, 'TopicConfigurations', 'sns'],
])('a new %s is the destination', async (noun, downs, list, service) => {
  await foreignFunction(sandbox(), 'thumbs');
  const run = start('init photos --event create --prefix in/ --suffix .jpg');
  await run.answer('What receives the events?', `${DOWN.repeat(downs)}${ENTER}`);
  await run.answer(`Name or ARN of the ${noun}`, ` bad${ENTER}`);
  await run.answer(`names no ${noun}`, `\u0015arrivals${ENTER}`);
  await run.answer('Apply this plan?', ENTER);
  await run.answer('Upload a test object', `n${ENTER}`);
  expect(await run.code).toBe(0);
  expect(tooWide(run)).toEqual([]);
  const document = await notificationOf(sandbox(), 'photos');
  expect(document[list as 'QueueConfigurations']).toMatchObject([
    { [noun === 'queue' ? 'QueueArn' : 'TopicArn']: `arn:aws:${service}:us-east-1:000000000000:arrivals` },
  ]);
});

test('a name that no bucket can have is asked for again', async () => {
  const run = start('init --function Demo-S3');
  await run.answer('Name of the bucket', `My Photos${ENTER}`);
  await run.answer('lower-case letters', `\u0015photos${ENTER}`);
  await run.answer('Which events?', `${DOWN}${ENTER}`);
  await run.answer('prefix', ENTER);
  await run.answer('suffix', ENTER);
  await run.answer('Apply this plan?', `n${ENTER}`);
  expect(await run.code).toBe(2);
  expect(plain(run.stderr)).toContain('error: nothing was done');
  expect(tooWide(run)).toEqual([]);
  expectNothingDone(run);
});

describe('only what is left open is asked', () => {
  test('with all flags: nothing but the plan', async () => {
    const run = start('init photos --function Demo-S3 --event remove --prefix a/ --suffix .b');
    await run.answer('Apply this plan?', `n${ENTER}`);
    expect(await run.code).toBe(2);
    expect(plain(run.stderr)).not.toMatch(/(?:Name|Which|Only|Upload).*\?/);
    expectNothingDone(run);
  });

  test('with --yes: nothing at all', async () => {
    const run = start('init photos --function Demo-S3 --yes');
    expect(await run.code).toBe(0);
    expect(plain(run.stderr)).not.toContain('?');
  });

  test('with a flag for an answer: that question is left out', async () => {
    const run = start('init photos --event remove --suffix .jpg');
    await run.answer('What receives the events?', ENTER);
    await run.answer('Name of the function', ENTER);
    await run.answer('Only keys with this prefix', ENTER);
    await run.answer('Apply this plan?', `n${ENTER}`);
    await run.code;
    expect(plain(run.stderr)).not.toContain('Which events?');
    expect(plain(run.stderr)).toContain('+ Invoke-Lambda-NewObjects: s3:ObjectRemoved:* *.jpg');
  });

  test('in the folder of a project: nothing, it is unchanged', async () => {
    const { cwd } = await runCli(words('init photos --function Demo-S3 --event remove --yes'), {
      endpoint: sandbox().url,
    });
    const run = start('init', cwd);
    expect(await run.code).toBe(0);
    expect(plain(run.stderr)).not.toContain('?');
    expect(plain(run.stdout)).toContain('photos unchanged');
  });
});

test('who may not list buckets and functions can still name them', async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await foreignFunction(sandbox(), 'thumbs');
  for (const operation of ['ListBuckets', 'ListFunctions'])
    sandbox().faults.add({ match: { operation }, effect: { kind: 'deny' } });
  const run = start('init --dry-run --event create --prefix x/ --suffix .y');
  await run.answer('Name of the bucket', `photos${ENTER}`);
  await run.answer('What receives the events?', ENTER);
  await run.answer('Name of the function', `thumbs${ENTER}`);
  expect(await run.code).toBe(0);
  expect(plain(run.stderr)).toContain('= Use bucket photos');
});

describe('Ctrl-C', () => {
  const QUESTIONS: readonly (readonly [question: string, keys: string])[] = [
    ['Which bucket?', ENTER],
    ['Name of the bucket', ENTER],
    ['What receives the events?', ENTER],
    ['Name of the function', ENTER],
    ['Which events?', `${DOWN}${DOWN}${DOWN}${ENTER}`],
    ['Event names, with commas between', ENTER],
    ['Only keys with this prefix', ENTER],
    ['Only keys with this suffix', ENTER],
    ['Apply this plan?', ENTER],
  ];

  test.each(QUESTIONS.map(([question], index) => [question, index] as const))(
    'at "%s" ends with 130 and leaves nothing',
    async (_question, index) => {
      await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'films' }));
      await foreignFunction(sandbox(), 'thumbs');
      sandbox().journal.clear();
      const run = start();
      for (const [question, keys] of QUESTIONS.slice(0, index)) await run.answer(question, keys);
      await run.answer(QUESTIONS[index]?.[0] ?? '', CTRL_C);
      expect(await run.code).toBe(130);
      expect(run.stdin.isRaw).toBe(false);
      expect(plain(run.stdout)).toBe('');
      expect(plain(run.stderr)).toMatch(/interrupted\n$/);
      expect(requestsOf(sandbox()).length).toBeGreaterThan(0);
      expectNothingDone(run);
    },
  );

  test('at the offer of a test leaves what was set up, and remembers it', async () => {
    const run = start('init photos --event create --prefix a/ --suffix .b');
    await run.answer('What receives the events?', ENTER);
    await run.answer('Name of the function', ENTER);
    await run.answer('Apply this plan?', ENTER);
    await run.answer('Upload a test object', CTRL_C);
    expect(await run.code).toBe(130);
    expect(JSON.parse(readFileSync(join(run.cwd, 's3evt.json'), 'utf8'))).toMatchObject({ bucket: 'photos' });
    expect(writesOf(sandbox())).not.toContain('s3.PutObject');
    const destroyed = await runCli(['destroy', '--yes'], { endpoint: sandbox().url, cwd: run.cwd });
    expect(destroyed.code).toBe(0);
    expect(existsSync(join(run.cwd, 's3evt.json'))).toBe(false);
  });
});
