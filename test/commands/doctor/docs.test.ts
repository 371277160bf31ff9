/**
 * docs/doctor.md: what the doctor says, made from the sandbox. `npm run docs` writes it; here it is held to what the doctor says today.
 */
import {
  DeleteFunctionCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { runCli } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import {
  BUCKET,
  busChain,
  directFunction,
  filterOf,
  lambdaRule,
  put,
  queueChain,
  queueUrl,
  topicChain,
} from './world.ts';

const sandbox = shareSandbox();

interface Sample {
  readonly title: string;
  readonly text: string;
  readonly make: (world: TestSandbox) => Promise<unknown>;
  readonly argv?: readonly string[];
}

/** Prints the event, then fails as boto3 does for a key that is not there. */
const RAW_KEY = {
  Runtime: 'nodejs22.x',
  Handler: 'app.handler',
  Code: {
    ZipFile: zipOf(
      'app.mjs',
      `export const handler = async (event) => {
        console.log(JSON.stringify(event));
        const error = new Error('The specified key does not exist.');
        error.name = 'NoSuchKey';
        throw error;
      };`,
    ),
  },
} as const;

const SAMPLES: readonly Sample[] = [
  { title: 'All is well', text: 'A bucket with one rule to a function.', make: directFunction },
  {
    title: 'The permission is missing',
    text: 'The function was deleted and made again, and its resource-based policy went with it.',
    make: async (world) => {
      await directFunction(world);
      await world.lambda.send(
        new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }),
      );
    },
  },
  {
    title: 'The function is gone',
    text: 'S3 keeps the rule without a word.',
    make: async (world) => {
      await directFunction(world);
      await world.lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' }));
    },
  },
  {
    title: 'The filter is not encoded',
    text: 'In a filter, `=` has to be written `%3D`.',
    make: async (world) => {
      await directFunction(world);
      await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))] });
      await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dt=1/part-0.csv', Body: 'a' }));
    },
    argv: ['--key', 'dt=1/part-0.csv'],
  },
  {
    title: 'The filter does not match',
    text: 'Keys have no leading slash.',
    make: async (world) => {
      await directFunction(world);
      await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: '/in/' }))] });
      await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/beach.jpeg', Body: 'a' }));
    },
    argv: ['--key', 'in/beach.jpeg'],
  },
  {
    title: 'The queue does not admit S3',
    text: 'Its policy was replaced.',
    make: async (world) => {
      await queueChain(world, false);
      await world.sqs.send(
        new SetQueueAttributesCommand({ QueueUrl: queueUrl(world.url), Attributes: { Policy: '' } }),
      );
    },
  },
  {
    title: 'Behind a topic',
    text: 'The topic gets the event, and its subscriber does not admit the topic.',
    make: async (world) => {
      await topicChain(world);
      await world.lambda.send(
        new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-topic' }),
      );
    },
  },
  {
    title: 'EventBridge is off',
    text: 'Somebody wrote the configuration without it.',
    make: async (world) => {
      await busChain(world);
      await put(world, {});
    },
  },
  {
    title: 'Somebody pulled the brake',
    text: 'Reserved concurrency of 0 stops a function.',
    make: async (world) => {
      await directFunction(world);
      await world.lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: 'thumbs', ReservedConcurrentExecutions: 0 }),
      );
    },
  },
  {
    title: 'The code reads the key as it stands in the event',
    text: 'There it is encoded: a space is a `+`.',
    make: async (world) => {
      await directFunction(world, RAW_KEY);
      await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'summer trip.jpg', Body: 'a' }));
    },
    argv: ['--key', 'summer trip.jpg'],
  },
  {
    title: 'Not everything could be looked at',
    text: 'Then it never says "healthy".',
    make: async (world) => {
      await directFunction(world);
      world.faults.add({ match: { service: 'lambda', operation: 'GetPolicy' }, effect: { kind: 'deny' } });
    },
  },
];

test('every sample is what the doctor says', async () => {
  const parts: string[] = [];
  for (const { title, text, make, argv = [] } of SAMPLES) {
    await make(sandbox());
    await untilFirstAttempt(sandbox());
    const words = ['doctor', BUCKET, ...argv];
    const shown = await runCli(words, { endpoint: sandbox().url, tty: { stdout: true }, columns: 80 });
    const command = `s3evt ${words.map((word) => (/[ =]/.test(word) ? `'${word}'` : word)).join(' ')}`;
    parts.push(
      `## ${title}\n\n${text}\n\n\`\`\`console\n$ ${command}\n${still(shown.stdout.trimEnd())}\n\`\`\`\n`,
    );
    sandbox().faults.clear();
    await sandbox().reset();
  }
  const head = `# What \`s3evt doctor\` says\n\nMade by \`npm run docs\` from the local AWS. The root cause comes first, with what was seen and the commands that mend it; then what\nfollows from it, what else is wrong, risks, and what could not be checked.\n`;
  await expect([head, ...parts].join('\n')).toMatchFileSnapshot('../../../docs/doctor.md');
});

/** Lambda tries a failed event again after a minute: nobody waits for that here. */
async function untilFirstAttempt(world: TestSandbox): Promise<void> {
  const hasFailed = () =>
    world.journal.entries().some((entry) => entry.type === 'invocation' && entry.outcome === 'error');
  await Promise.race([world.idle(), until(hasFailed)]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What differs from run to run. */
function still(text: string): string {
  return text
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1:4566')
    .replace(
      /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
      '5f0e8a4c-0000-4000-8000-000000000000',
    )
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '2026-01-02T03:04:05Z')
    .replace(/\b\d+(?:\.\d+)?(?:ms|s)\b(?= ago)/g, '2s');
}
