import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../support/function-code.ts';
import { createPipeline, logMessages } from '../support/pipeline.ts';
import { startTestSandbox } from '../support/sandbox.ts';

test('loses and repeats none of 1,000 uploads, 64 at a time', async () => {
  const sandbox = await startTestSandbox();
  await createPipeline(sandbox, 'many', PRINTING_HANDLERS.python);
  const keys = Array.from({ length: 1_000 }, (_, i) => `in/${String(i).padStart(4, '0')}`);
  const left = [...keys];
  const upload = async () => {
    for (let Key = left.pop(); Key !== undefined; Key = left.pop()) {
      await sandbox.s3.send(new PutObjectCommand({ Bucket: 'many', Key, Body: Key }));
    }
  };
  await Promise.all(Array.from({ length: 64 }, upload));
  await sandbox.idle();
  const lines = (await logMessages(sandbox, 'many', 'EVENT'))
    .map((message) => message.trimEnd())
    .filter((message) => message.startsWith('EVENT '));
  expect(lines.sort()).toEqual(keys.map((key) => `EVENT ObjectCreated:Put ${key}`));
});
