import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { standardOutput } from '../../src/cli/standard-output.ts';
import { createWriter } from '../../src/ui/output.ts';
import { temporaryFolder } from '../support/run-cli.ts';

/** An output into a file, and what came to the stream that takes over. */
function outputTo({ flags }: { readonly flags: string }) {
  const path = join(temporaryFolder(), 'out.txt');
  closeSync(openSync(path, 'w'));
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  const received: string[] = [];
  let opened = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      received.push(chunk.toString());
      done();
    },
  });
  const output = standardOutput(fd, () => {
    opened += 1;
    return stream;
  });
  return { output, stream, received, opens: () => opened, file: () => readFileSync(path, 'utf8') };
}

test('a few lines are written at once, without the stream', async () => {
  const { output, opens, file } = outputTo({ flags: 'w' });
  const writer = createWriter(output, 'stderr', { batched: false });
  await writer.write('error: no bucket\n');
  expect(file()).toBe('error: no bucket\n');
  await writer.write('Pass --bucket NAME\n');
  await writer.flush();
  expect(file()).toBe('error: no bucket\nPass --bucket NAME\n');
  expect([opens(), writer.closed]).toEqual([0, false]);
});

test('the stream takes over with the first write that is one too many, and has its listeners', async () => {
  const { output, stream, received, opens, file } = outputTo({ flags: 'w' });
  const writer = createWriter(output, 'stdout', { batched: false });
  const line = `${'x'.repeat(2_999)}\n`;
  for (let i = 0; i < 3; i++) await writer.write(line);
  await writer.write('end\n');
  await writer.flush();
  expect(file()).toBe(line);
  expect(received.join('')).toBe(`${line}${line}end\n`);
  expect(opens()).toBe(1);
  stream.destroy();
  await expect.poll(() => writer.closed).toBe(true);
});

test('what cannot be written is left to the stream, which tells why', async () => {
  const { output, received, file } = outputTo({ flags: 'r' });
  const writer = createWriter(output, 'stderr', { batched: false });
  await writer.write('error\n');
  await writer.flush();
  expect([file(), received]).toEqual(['', ['error\n']]);
});

test('what is neither a pipe nor a file is the stream from the start', () => {
  const fd = openSync('/dev/null', 'w');
  const stream = new Writable();
  expect(standardOutput(fd, () => stream)).toBe(stream);
  closeSync(fd);
  const closed = 1e6;
  expect(standardOutput(closed, () => stream)).toBe(stream);
});
