import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, GetBucketLocationCommand } from '@aws-sdk/client-s3';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { initInput } from '../../src/cli/init-input.ts';
import { notificationOf } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const init = (line: string, options: CliOptions = {}) =>
  runInitJson(line, { endpoint: sandbox().url, ...options });

describe('what is missing is named by its flag, and nothing is written', () => {
  test.each([
    ['--function Demo-S3 --yes', 'INPUT_REQUIRED', 'pass --bucket NAME'],
    ['photos --yes', 'INPUT_REQUIRED', 'pass --function NAME'],
    ['photos --function Demo-S3', 'CONFIRMATION_REQUIRED', 'pass --yes'],
  ])('init %s', async (line, code, flag) => {
    const { code: exit, error, cwd } = await init(line);
    expect(exit).toBe(2);
    expect(error).toMatchObject({ code, category: 'usage', message: expect.stringContaining(flag) });
    expect(writesOf(sandbox())).toEqual([]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('--no-input asks nothing even on a terminal', async () => {
    const options = { endpoint: sandbox().url, tty: { stdin: true, stdout: true, stderr: true } };
    const { code, stderr } = await runCli(['init', 'photos', '--no-input', '--yes'], options);
    expect(code).toBe(2);
    expect(stderr).toContain('pass --function NAME');
  });
});

describe('--from', () => {
  const whole = {
    bucket: 's3://photos',
    function: 'Demo-S3',
    runtime: 'nodejs22.x',
    event: ['create', 'ObjectRemoved:Delete'],
    prefix: 'in/',
    suffix: '.jpg,.png',
    id: 'from-file',
  };

  test('a file gives what flags leave open', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'setup.json'), JSON.stringify(whole));
    const { code, data } = await init('--from setup.json --prefix out/ --yes', { cwd });
    expect(code).toBe(0);
    expect(data).toMatchObject({
      bucket: 'photos',
      function: { name: 'Demo-S3', runtime: 'nodejs22.x' },
      rules: [
        {
          id: 'from-file-jpg',
          events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'],
          prefix: 'out/',
          suffix: '.jpg',
        },
        { id: 'from-file-png', prefix: 'out/', suffix: '.png' },
      ],
    });
  });

  test('- reads stdin', async () => {
    const run = startCli(['init', '--from', '-', '--yes', '--json'], { endpoint: sandbox().url });
    run.stdin.end(JSON.stringify({ bucket: 'photos', function: 'Demo-S3', event: 'remove' }));
    expect(await run.code).toBe(0);
    expect(envelopeOf({ stdout: run.stdout.text }).data).toMatchObject({
      bucket: 'photos',
      rules: [{ events: ['s3:ObjectRemoved:*'] }],
    });
  });

  test.each([
    ['{"bukcet":"photos"}', '"bukcet" is none of its members; did you mean "bucket"?'],
    ['{"secret":"x"}', '"secret" is none of its members'],
    ['{"bucket":1}', '"bucket" must be a text'],
    ['{"bucket":["photos"]}', '"bucket" must be a text'],
    ['{"event":[1]}', '"event" must be a text or a list of texts'],
    ['{"event":"creat"}', 'S3 has no event "creat". Did you mean create?'],
    ['{"runtime":"cobol"}', 'Write a runtime such as python3.13'],
    ['{"bucket":"arn:aws:sqs:x:1:q"}', 'Write a bucket as name, s3://name or an ARN'],
    ['[]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['bucket: photos', 'not JSON'],
    ['', 'not JSON'],
  ])('refuses %s', async (text, message) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'setup.json'), text);
    const { code, error } = await init('--from setup.json --yes', { cwd });
    expect(code).toBe(2);
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^--from setup\.json: /),
      hint: expect.stringContaining(
        'bucket, destination, function, queue, topic, destinationArn, eventRule, target, deadLetter, runtime, roleArn, event, prefix, suffix, id',
      ),
    });
    expect(error?.message).toContain(message);
    expect(requestsOf(sandbox())).toEqual([]);
  });

  test.each([
    ['{"queue":"jobs"}', '--runtime python3.12', '--runtime', '--queue'],
    ['{"queue":"jobs","runtime":"python3.12"}', '', '--runtime', '--queue'],
    ['{"runtime":"python3.12"}', '--topic alerts', '--runtime', '--topic'],
  ])('%s %s: a runtime that nothing would have is a mistake', async (text, flags, lost, by) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'setup.json'), text);
    const { code, error } = await init(`photos --from setup.json ${flags} --yes`, { cwd });
    expect([code, error?.message]).toEqual([2, `${lost} and ${by} do not go together`]);
  });

  test('a file that is not there fails with its name', async () => {
    const { code, error } = await init('--from nowhere.json --yes');
    expect(code).toBe(2);
    expect(error).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('nowhere.json'),
    });
  });
});

describe('what only a function takes', () => {
  test.each([
    ['--queue jobs --runtime python3.12', '--runtime and --queue'],
    ['--topic alerts --role-arn arn:aws:iam::000000000000:role/r', '--role-arn and --topic'],
    ['--queue jobs --template log', '--template and --queue'],
    [
      '--destination-arn arn:aws:sqs:us-east-1:000000000000:jobs --runtime python3.12',
      '--runtime and --destination-arn',
    ],
    ['--destination sqs --runtime python3.12', '--runtime and --destination sqs'],
    ['--destination sns --template log', '--template and --destination sns'],
    ['--destination eventbridge --runtime python3.12', '--runtime and --destination eventbridge'],
    ['--event-rule images --role-arn arn:aws:iam::000000000000:role/r', '--role-arn and --event-rule'],
  ])('%s is a mistake', async (flags, both) => {
    const { code, error } = await init(`photos ${flags} --yes`);
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'USAGE', message: `${both} do not go together` });
    expect(requestsOf(sandbox())).toEqual([]);
  });

  test('leaves no question about other destinations', async () => {
    const { destinationKind } = await initInput({ runtime: 'python3.12' }, {} as Host);
    expect(destinationKind).toBe('lambda');
    expect((await initInput({}, {} as Host)).destinationKind).toBeUndefined();
  });

  test('goes with one', async () => {
    const { code } = await init('photos --function Demo-S3 --runtime python3.12 --template log --dry-run');
    expect(code).toBe(0);
  });
});

describe('buckets', () => {
  test.each(['s3://photos', 's3://photos/in/beach.jpeg', 'arn:aws:s3:::photos', 'photos'])(
    '%s is photos',
    async (written) => {
      const { data } = await init(`${written} --function Demo-S3 --dry-run`);
      expect(data.bucket).toBe('photos');
    },
  );

  test('named twice alike is fine, named differently is a mistake', async () => {
    const alike = await init('photos --bucket s3://photos --function Demo-S3 --dry-run');
    expect(alike.code).toBe(0);
    const different = await init('photos --bucket films --function Demo-S3 --yes');
    expect(different.code).toBe(2);
    expect(different.error?.message).toBe('two buckets are named: photos and --bucket films');
    expect(writesOf(sandbox())).toEqual([]);
  });

  test.each([
    ['ph', '3 to 63 characters'],
    ['My-Photos', 'lower-case letters'],
    ['photos_2026', 'lower-case letters'],
    ['192.168.0.1', 'IP address'],
    ['sthree-photos', 'AWS keeps bucket names'],
    ['pho tos', 'Write a bucket as name'],
  ])('%s cannot be created, which is said before anything is written', async (name, why) => {
    const result = await runCli(['init', name, '--function', 'Demo-S3', '--yes', '--json'], {
      endpoint: sandbox().url,
    });
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error?.message).toContain(why);
    expect(writesOf(sandbox())).toEqual([]);
    expect(readdirSync(result.cwd)).toEqual([]);
  });

  test('a new one is made in the Region of the call', async () => {
    await init('photos --function Demo-S3 --region eu-west-1 --yes');
    const place = await sandbox().s3.send(new GetBucketLocationCommand({ Bucket: 'photos' }));
    expect(place.LocationConstraint).toBe('eu-west-1');
  });
});

describe('functions', () => {
  test.each([
    ['no spaces!', 'names no function'],
    ['a-name-of-sixty-five-letters-'.padEnd(65, 'x'), '1 to 64 letters'],
    ['arn:aws:sqs:us-east-1:000000000000:queue', 'names no function'],
  ])('%s is no name', async (name, why) => {
    const { code, error } = await init(`photos --function '${name}' --yes`);
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('a Node.js runtime is set up with a handler of its own', async () => {
    const { data } = await init('photos --function Demo-Node --runtime nodejs22.x --yes');
    expect(data.function?.runtime).toBe('nodejs22.x');
    const made = await sandbox().lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'Demo-Node' }),
    );
    expect(made).toMatchObject({ Runtime: 'nodejs22.x', Handler: expect.stringMatching(/^\w+\.\w+$/) });
  });

  test('--runtime does not change a function that exists, and says so', async () => {
    await init('photos --function Demo-S3 --yes');
    const { code, envelope } = await init('films --function Demo-S3 --runtime nodejs22.x --yes');
    expect(code).toBe(0);
    expect(envelope.warnings).toEqual([
      { code: 'RUNTIME_KEPT', message: expect.stringContaining('exists with python3.13') },
    ]);
  });

  test('a runtime that does not exist is refused', async () => {
    const { code, error } = await init('photos --function Demo-S3 --runtime perl5 --yes');
    expect([code, error?.code]).toEqual([2, 'USAGE']);
  });
});

describe('rules', () => {
  test('families stand for their events, and repeated ones are taken once', async () => {
    const { data } = await init(
      'photos --function Demo-S3 --event lifecycle --event create,s3:ObjectCreated:* --event objecttagging:put --dry-run',
    );
    expect(data.rules[0]?.events).toEqual([
      's3:LifecycleExpiration:*',
      's3:LifecycleTransition',
      's3:ObjectCreated:*',
      's3:ObjectTagging:Put',
    ]);
  });

  test.each([
    ['creat', 'Did you mean create?'],
    ['s3:ObjectCreated:Putt', 'Did you mean s3:ObjectCreated:Put?'],
    ['ObjectRemovd:*', 'Did you mean ObjectRemoved:*?'],
    ['xyz', 'Families: create, remove, restore, replication, lifecycle, tagging, all'],
  ])('--event %s is refused with a suggestion', async (event, suggestion) => {
    const { code, error } = await init(`photos --function Demo-S3 --event ${event} --yes`);
    expect(code).toBe(2);
    expect(error?.message).toContain(suggestion);
    expect(requestsOf(sandbox())).toEqual([]);
  });

  test('each suffix is a rule of its own, also when their letters are the same', async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    const { code, data } = await init(
      "photos --function Demo-S3 --id r --suffix '_a.jpg,-a.jpg, .png,.png' --yes",
    );
    expect(code).toBe(0);
    expect(data.rules.map(({ id, suffix }) => [id, suffix])).toEqual([
      ['r-ajpg', '_a.jpg'],
      ['r-ajpg-2', '-a.jpg'],
      ['r-png', '.png'],
    ]);
    const { LambdaFunctionConfigurations } = await notificationOf(sandbox(), 'photos');
    expect(LambdaFunctionConfigurations?.map(({ Id }) => Id)).toEqual(['r-ajpg', 'r-ajpg-2', 'r-png']);
  });

  test.each([
    ["--id ''", 'id of a rule has 1 to 255 characters'],
    [`--id ${'x'.repeat(256)}`, 'id of a rule has 1 to 255 characters'],
    [`--prefix ${'x'.repeat(1025)}`, '--prefix: at most 1024 bytes'],
    [`--suffix ${'é'.repeat(513)}`, '--suffix: at most 1024 bytes'],
  ])('what S3 would refuse is refused before the first write (%#)', async (flag, why) => {
    const { code, error } = await init(`photos --function Demo-S3 ${flag} --yes`);
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) });
    expect(writesOf(sandbox())).toEqual([]);
  });
});

test.each([
  ['--bukcet photos', '--bucket'],
  ['--destination lamda', 'lambda'],
])('a mistyped flag or choice is refused with what is right: %s', async (line, right) => {
  const { code, error } = await init(`${line} --function Demo-S3 --yes`);
  expect(code).toBe(2);
  expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(right) });
});
