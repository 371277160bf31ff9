import { expect, it } from 'vitest';
import { parseLogPage } from '../../src/aws/sources/log-page.ts';
import { seededRandom } from '../core/seeded-random.ts';

/** What a printed line may hold that looks like the document around it. */
const MESSAGES = [
  'START RequestId: 1 Version: $LATEST\n',
  '{"Records": [{"s3": {"a": 1}}, {"eventId": "x"}]}\n',
  'ends like an event },{',
  '},{"eventId":',
  '"},{\\"eventId\\":"}],"nextToken":"wrong"}',
  '\\',
  'é \u2028 \u{1f600}',
  '',
];

const event = (i: number, message: string) => ({
  eventId: String(i),
  ingestionTime: 1_790_000_000_005,
  logStreamName: '2026/09/21/[$LATEST]8d0b',
  message,
  timestamp: 1_790_000_000_000 + i,
});

it.each([0, 1, 2, 3, 1_000, 9_000])("%i events in AWS's notation come out as they are, in parts", (count) => {
  const random = seededRandom(count + 1);
  const events = Array.from({ length: count }, (_, i) => event(i, random.pick(MESSAGES).repeat(1 + (i % 5))));
  const page = parseLogPage(JSON.stringify({ events, nextToken: 'next', searchedLogStreams: [] }));
  const parts = [...page.parts];
  expect(parts.flat()).toEqual(events);
  expect(page.nextToken).toBe('next');
  // Not ten thousand objects at once.
  if (count === 9_000) expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(count / 4);
});

it.each([
  ['blanks between', (document: object) => JSON.stringify(document, undefined, 1)],
  [
    'the events last',
    ({ events, ...rest }: { events: unknown; nextToken: string }) => JSON.stringify({ ...rest, events }),
  ],
])('another notation is read too: %s', (_name, write) => {
  const events = MESSAGES.map((message, i) => event(i, message));
  const page = parseLogPage(write({ events, nextToken: 'next' }));
  expect([...page.parts].flat()).toEqual(events);
  expect(page.nextToken).toBe('next');
});

it('a list behind the events whose items begin alike is not taken for them', () => {
  const events = MESSAGES.map((message, i) => ({ logStreamName: 's', message, timestamp: i }));
  const searchedLogStreams = [
    { logStreamName: 'a', searchedCompletely: true },
    { logStreamName: 'b', searchedCompletely: true },
  ];
  const page = parseLogPage(JSON.stringify({ events, searchedLogStreams }));
  expect([...page.parts].flat()).toEqual(events);
  expect(page.nextToken).toBeUndefined();
});

it('a text that is cut off is no page', () => {
  const text = JSON.stringify({ events: MESSAGES.map((message, i) => event(i, message)), nextToken: 'next' });
  for (let end = 0; end < text.length; end++)
    expect(() => parseLogPage(text.slice(0, end))).toThrow(SyntaxError);
});

it('a text that is broken in its middle is a failure of who sent it, not of this program', () => {
  const events = Array.from({ length: 2_000 }, (_, i) => event(i, 'x'.repeat(200)));
  const text = JSON.stringify({ events });
  const at = text.indexOf('},{', text.length / 2);
  const { parts } = parseLogPage(`${text.slice(0, at)},${text.slice(at)}`);
  const read: number[] = [];
  expect(() => {
    for (const part of parts) read.push(part.length);
  }).toThrow(expect.objectContaining({ code: 'AWS_ERROR' }));
  expect(read.length).toBeGreaterThan(0);
});

it.each([
  ['{"events":null,"nextToken":null}', []],
  ['{"events":[],"nextToken":null}', []],
  [
    JSON.stringify({ events: [event(1, 'a'), event(2, 'b')], nextToken: null }),
    [event(1, 'a'), event(2, 'b')],
  ],
])('null is nothing: %s', (text, events) => {
  const page = parseLogPage(text);
  expect([...page.parts].flat()).toEqual(events);
  expect(page.nextToken).toBeUndefined();
});
