import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  MAX_JOINED_CHARS,
  MAX_JOINED_LINES,
  MAX_OPEN_STREAMS,
  bracketBalance,
  createAssembler,
  type Assembler,
} from '../../src/core/event-assembler.ts';
import { seededRandom } from './seeded-random.ts';

const printed = (name: string) =>
  readFileSync(new URL(`../fixtures/printed/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
const ID = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const OTHER_ID = '2f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const key = 'in box/café (1)/a@b=c+d.txt';

/** The keys found on each line that has any, by the line's index. */
function keysByLine(
  assembler: Assembler,
  messages: readonly string[],
  stream = 's',
): Record<number, string[]> {
  const found: Record<number, string[]> = {};
  messages.forEach((message, index) => {
    const line = { stream, message, index };
    const pushed = assembler.push(line);
    expect(pushed.line).toBe(line);
    if (pushed.read.kind === 'app' && pushed.read.records.length > 0) {
      found[index] = pushed.read.records.map((record) => record.key);
    }
  });
  return found;
}

describe('an event over several log events', () => {
  it.each([
    ['python-pprint.txt', key],
    ['python-json-indent.txt', key],
    ['node-inspect.txt', key],
    ['python-pprint-sqs.txt', 'uploads/report.csv'],
    ['node-inspect-sqs.txt', 'uploads/report.csv'],
  ])('%s', (name, expected) => {
    const lines = printed(name);
    const messages = [
      `START RequestId: ${ID} Version: $LATEST\n`,
      'hello\n',
      ...lines,
      'done',
      `END RequestId: ${ID}\n`,
    ];
    const records = keysByLine(createAssembler(), messages);
    // An SQS event's body stands on one line, and is read there.
    const at = Object.keys(records).map(Number);
    expect(at).toHaveLength(1);
    expect(at[0]).toBeLessThanOrEqual(1 + lines.length);
    expect(Object.values(records)).toEqual([[expected]]);
  });

  it('puts the records on the closing line, which stays itself otherwise', () => {
    const lines = printed('python-json-indent.txt');
    const assembler = createAssembler();
    const pushed = lines.map((message) => assembler.push({ stream: 's', message }));
    expect(pushed.at(-1)).toMatchObject({
      lines: lines.length,
      read: { kind: 'app', text: '}', records: [{ key }] },
    });
    expect(pushed.slice(0, -1).every((line) => line.lines === 1)).toBe(true);
  });

  it('begins after text, and with the prefix of a logger', () => {
    const [first = '', ...rest] = printed('node-inspect.txt');
    const prefix = `2026-10-05T09:15:03.412Z\t${ID}\tINFO\t`;
    const messages = [`${prefix}it's the event: ${first}`, ...rest.map((line) => prefix + line)];
    expect(keysByLine(createAssembler(), messages)).toEqual({ [messages.length - 1]: [key] });
  });

  it('twice in a row, and in streams that take turns', () => {
    const lines = printed('python-pprint.txt');
    const assembler = createAssembler();
    expect(keysByLine(assembler, [...lines, ...lines])).toEqual({
      [lines.length - 1]: [key],
      [2 * lines.length - 1]: [key],
    });
    const found = lines.flatMap((message) =>
      ['a', 'b']
        .map((stream) => assembler.push({ stream, message }).read)
        .filter((read) => read.kind === 'app'),
    );
    expect(found.filter((read) => read.records.length > 0)).toHaveLength(2);
  });

  it('s3:TestEvent', () => {
    const assembler = createAssembler();
    const lines = ['{', '  "Event": "s3:TestEvent",', '  "Bucket": "b"', '}'];
    expect(lines.map((message) => assembler.push({ stream: 's', message })).at(-1)).toMatchObject({
      lines: 4,
      read: { records: [], testEvent: { bucket: 'b' } },
    });
  });
});

describe('what ends the attempt', () => {
  const lines = printed('python-json-indent.txt');
  const half = Math.floor(lines.length / 2);

  it.each([
    ['the end of the invocation', `END RequestId: ${ID}`],
    ['the next invocation', `START RequestId: ${OTHER_ID} Version: $LATEST`],
    ['a JSON report', JSON.stringify({ type: 'platform.runtimeDone', record: { requestId: ID } })],
  ])('%s', (_, message) => {
    const messages = [...lines.slice(0, half), message, ...lines.slice(half)];
    expect(keysByLine(createAssembler(), messages)).toEqual({});
  });

  it('a line of another invocation', () => {
    const prefixed = (id: string, line: string) => `[INFO]\t2026-10-05T09:15:03.412Z\t${id}\t${line}`;
    const messages = lines.map((line, index) => prefixed(index < half ? ID : OTHER_ID, line));
    expect(keysByLine(createAssembler(), messages)).toEqual({});
  });

  it('a whole event in one line: that one is read', () => {
    const whole = readFileSync(new URL('../fixtures/printed/python-print.txt', import.meta.url), 'utf8');
    expect(keysByLine(createAssembler(), ['{', whole, '}'])).toEqual({ 1: [key] });
  });

  it('text that merely has an open bracket', () => {
    expect(keysByLine(createAssembler(), ['batch [1 of 3', ...lines])).toEqual({ [lines.length]: [key] });
  });

  it('too many lines', () => {
    const filler = (count: number) => Array.from({ length: count }, () => '');
    const fits = [...lines.slice(0, 3), ...filler(MAX_JOINED_LINES - lines.length - 1), ...lines.slice(3)];
    expect(Object.keys(keysByLine(createAssembler(), fits))).toHaveLength(1);
    const tooMany = [...lines.slice(0, 3), ...filler(MAX_JOINED_LINES), ...lines.slice(3)];
    expect(keysByLine(createAssembler(), tooMany)).toEqual({});
  });

  it('too many characters', () => {
    const filler = `"x": "${'y'.repeat(MAX_JOINED_CHARS)}",`;
    expect(keysByLine(createAssembler(), [...lines.slice(0, half), filler, ...lines.slice(half)])).toEqual(
      {},
    );
  });

  it('too many streams: the one that waited longest is given up', () => {
    const assembler = createAssembler();
    const push = (stream: string, message: string) => assembler.push({ stream, message });
    for (let i = 0; i <= MAX_OPEN_STREAMS; i++) for (const line of lines.slice(0, -1)) push(`s${i}`, line);
    expect(push('s0', '}').lines).toBe(1);
    expect(push('s1', '}').lines).toBe(lines.length);
    expect(push(`s${MAX_OPEN_STREAMS}`, '}').lines).toBe(lines.length);
  });
});

describe('bracketBalance', () => {
  it.each<[string, number]>([
    ['', 0],
    ['{', 1],
    ['}]', -2],
    ['{[(', 3],
    [`{'a': '}', "b": "]", \`c)\``, 1],
    [`"\\"{" {`, 1],
    [`it's {`, 1],
    [`Bob's and Ann's {`, 1],
    [`"open {`, 1],
    [`'open { 'a' [`, 1],
    [`{'body': '{"a": [`, 3],
  ])('%j', (line, balance) => {
    expect(bracketBalance(line)).toBe(balance);
  });

  it('any text: ends, and every line comes back', () => {
    const random = seededRandom(3);
    const assembler = createAssembler();
    const parts = ['{', '}', '[', ']', "'", '"', '\\', ',', 'a', ' ', '{,', 'aws:s3', `END RequestId: ${ID}`];
    for (let i = 0; i < 20_000; i++) {
      const message = Array.from({ length: random.below(8) }, () => random.pick(parts)).join('');
      const line = { stream: random.pick(['a', 'b', 'c']), message };
      expect(assembler.push(line).line).toBe(line);
    }
  });
});
