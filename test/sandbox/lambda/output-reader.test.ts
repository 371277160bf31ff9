import { expect, test } from 'vitest';
import { Fifo } from '../../../src/sandbox/lambda/fifo.ts';
import { OutputReader, type OutputItem } from '../../../src/sandbox/lambda/output-reader.ts';

const MARK = '\x1etoken';
const event = (text: string) => `${MARK}L${Buffer.byteLength(text)}\n${text}`;
const STREAM = `plain\n${event('two\nlines\n')}${event('no end')}unfinished${MARK}Eid-1\nümlaut\r\n\n\x1eother\nlast`;

const ITEMS: readonly OutputItem[] = [
  { type: 'line', text: 'plain' },
  { type: 'event', text: 'two\nlines\n' },
  { type: 'event', text: 'no end' },
  { type: 'line', text: 'unfinished' },
  { type: 'end', requestId: 'id-1' },
  { type: 'line', text: 'ümlaut\r' },
  { type: 'line', text: '' },
  { type: 'line', text: '\x1eother' },
  { type: 'line', text: 'last' },
];

test.each([1, 2, 3, 5, 1000])('the stream in pieces of %i bytes', (size) => {
  const reader = new OutputReader('token');
  const bytes = Buffer.from(STREAM);
  const items: OutputItem[] = [];
  for (let at = 0; at < bytes.length; at += size) items.push(...reader.push(bytes.subarray(at, at + size)));
  items.push(...reader.end());
  // A piece may end an unfinished line early only at a frame, never elsewhere.
  expect(items).toEqual(ITEMS);
});

test('a line without an end is cut, not collected for ever', () => {
  const reader = new OutputReader('token');
  const items = [...reader.push(Buffer.alloc(200_000, 'x')), ...reader.push(Buffer.alloc(200_000, 'x'))];
  expect(items).toEqual([{ type: 'line', text: 'x'.repeat(400_000) }]);
  expect(reader.end()).toEqual([]);
});

test('a queue gives back in order what was put in, and forgets it', () => {
  const queue = new Fifo<number>();
  const out: (number | undefined)[] = [];
  for (let i = 0; i < 100; i++) {
    queue.push(i);
    if (i % 3 === 2) out.push(queue.shift());
  }
  expect(queue.size).toBe(67);
  out.push(...queue.clear());
  expect(out).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([queue.size, queue.shift()]).toEqual([0, undefined]);
});
