import { describe, expect, it } from 'vitest';
import { compileFilterPattern } from '../../../src/sandbox/services/logs/filter-pattern.ts';
import { splitWords } from '../../../src/sandbox/services/logs/filter-fields.ts';
import { createRandom } from './harness.ts';

function found(pattern: string, messages: readonly string[]): readonly string[] {
  const compiled = compileFilterPattern(pattern);
  if ('invalid' in compiled) throw new Error(`${pattern}: ${compiled.reason}`);
  return messages.filter((message) => compiled.matches(message));
}

function matches(pattern: string, message: string): boolean {
  return found(pattern, [message]).length === 1;
}

const LINES = [
  '[ERROR 400] BAD REQUEST',
  '[ERROR 401] UNAUTHORIZED REQUEST',
  '[ERROR 419] MISSING ARGUMENTS',
  '[ERROR 420] INVALID ARGUMENTS',
  '[ERROR 500] INTERNAL SERVER ERROR',
  '[INFO] REQUEST FAILED',
  'Exiting with ERRORCODE: -1',
];
const [BAD, UNAUTHORIZED, MISSING, INVALID, INTERNAL, INFO, EXITING] = LINES;

describe('terms', () => {
  it.each([
    ['', LINES],
    ['""', LINES],
    ['" "', LINES],
    ['   ', LINES],
    ['ERROR', LINES.filter((line) => line !== INFO)],
    ['error', []],
    ['ERROR ARGUMENTS', [MISSING, INVALID]],
    ['?ERROR ?ARGUMENTS', LINES.filter((line) => line !== INFO)],
    ['?MISSING ?"INTERNAL SERVER"', [MISSING, INTERNAL]],
    ['?ERROR ?ARGUMENTS REQUEST', [BAD, UNAUTHORIZED, INFO]],
    ['?MISSING -ERROR', [INFO]],
    ['"INTERNAL SERVER ERROR"', [INTERNAL]],
    ['ERROR -ARGUMENTS', [BAD, UNAUTHORIZED, INTERNAL, EXITING]],
    ['ERROR -"ERROR 4"', [INTERNAL, EXITING]],
    ['-ERROR', [INFO]],
    ['"ERROR 4" %AUTHORIZED%', [UNAUTHORIZED]],
    ['%^Exiting%', [EXITING]],
  ])('%s', (pattern, expected) => {
    expect(found(pattern, LINES)).toEqual(expected);
  });

  it('finds one invocation by its quoted request id', () => {
    const id = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
    expect(
      found(`"${id}"`, [`START RequestId: ${id} Version: $LATEST\n`, 'START RequestId: other']),
    ).toHaveLength(1);
  });

  it('reads escaped quotes', () => {
    expect(matches(String.raw`"\"level\":\"ERROR\""`, '{"level":"ERROR"}')).toBe(true);
  });
});

describe('regular expressions', () => {
  it.each([
    ['^[hc]at', ['hat', 'cat here'], ['that', 'bat']],
    ['[hc]at$', ['a hat', 'cat'], ['hats']],
    ['colou?r', ['color', 'colour'], ['colouur']],
    ['[abcx-z]1', ['a1', 'y1'], ['d1', '-1']],
    ['^a{3,5}$', ['aaa', 'aaaaa'], ['aa', 'aaaaaa']],
    ['^a{2}$', ['aa'], ['a', 'aaa']],
    ['^a{2,}$', ['aa', 'aaaa'], ['a']],
    ['^a{,2}$', ['', 'a', 'aa'], ['aaa']],
    ['gra|ey', ['gray', 'grey'], ['grxy']],
    ['^starting|^initializing|^shutting down', ['starting up', 'shutting down'], ['skipping initializing']],
    ['abcc|ab[^c]$', ['abcc ...', 'aba'], ['aac']],
    [String.raw`\[.\]`, ['[a]', '[]]', '[ ]'], ['[ab]', '[]']],
    [String.raw`10\.10\.0\.1`, ['10.10.0.1'], ['10010,051']],
    ['10.10.0.1', ['10010,051'], ['10.10.1']],
    ['ab*c', ['ac', 'abbbc'], ['bc']],
    ['ab+c', ['abc', 'abbc'], ['ac']],
    ['.at', ['4at', ' at', '\u{1f600}at'], ['at']],
    [String.raw`^\d\D\s\S\w\W$`, ['1a\t!_-'], ['aa\t!_-']],
    [String.raw`\x28x\x29`, ['f(x)'], ['fx']],
    [String.raw`[\d_]z`, ['4z', '_z'], ['az']],
    ['a.*?b', ['a--b'], ['b--a']],
    ['[^a]', ['é'], ['aaa']],
  ])('%%%s%%', (source, yes, no) => {
    expect(found(`%${source}%`, [...yes, ...no])).toEqual(yes);
  });

  it.each([
    'something!',
    '(a)',
    String.raw`\(a\)`,
    '*a',
    'a**',
    '[a',
    '[]',
    '[z-a]',
    'a{',
    'a{3,2}',
    'a{,}',
    'a{x}',
    '|a',
    'a|',
    'é',
    String.raw`\x8`,
    String.raw`a\ `.trim(),
    String.raw`\q`,
    '',
    'a{9999}',
  ])('refuses %s', (source) => {
    expect(compileFilterPattern(`%${source}%`)).toHaveProperty('invalid', 'Invalid filter pattern');
  });

  it('takes two in a pattern and not three', () => {
    expect(matches('%a% %b%', 'ab')).toBe(true);
    expect(compileFilterPattern('%a% %b% %c%')).toHaveProperty('invalid');
  });

  it('takes no more than linear time where backtracking engines hang', () => {
    expect(matches(`%${'a*'.repeat(400)}b%`, 'a'.repeat(3_000))).toBe(false);
    expect(matches(`%${'a?'.repeat(400)}${'a'.repeat(100)}$%`, 'a'.repeat(3_000))).toBe(true);
  });

  it('agrees with the JavaScript engine on random expressions and texts', () => {
    const random = createRandom(20_260_101);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const atom = () =>
      pick(['a', 'b', 'c', '.', '[ab]', '[^a]', String.raw`\d`, String.raw`\W`, '1', ' ', '[a-c1]', '_']);
    const suffix = () => pick(['', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,3}', '{2,}']);
    const alternative = () =>
      (random() < 0.2 ? '^' : '') +
      Array.from({ length: 1 + Math.floor(random() * 4) }, () => atom() + suffix()).join('') +
      (random() < 0.2 ? '$' : '');
    for (let round = 0; round < 3_000; round++) {
      const source = Array.from({ length: random() < 0.3 ? 2 : 1 }, alternative).join('|');
      const text = Array.from({ length: Math.floor(random() * 8) }, () =>
        pick(['a', 'b', 'c', '1', ' ', '_', '-']),
      ).join('');
      expect({ source, text, found: matches(`%${source}%`, text) }).toEqual({
        source,
        text,
        found: new RegExp(source, 's').test(text),
      });
    }
  });
});

describe('JSON', () => {
  const EVENT = JSON.stringify({
    eventType: 'UpdateTrail',
    sourceIPAddress: '111.111.111.111',
    arrayKey: ['value', 'another value'],
    objectList: [
      { name: 'a', id: 1 },
      { name: 'b', id: 2 },
    ],
    SomeObject: null,
    ThisFlag: true,
    Off: false,
    'cluster.name': 'c',
    latency: 55.5,
    big: 1000,
    text: '400',
    'dashed-name_1': 'x',
    empty: '',
  });

  it.each([
    '{ $.eventType = "UpdateTrail" }',
    '{$.eventType=UpdateTrail}',
    '{ $.eventType = "Update*" }',
    '{ $.eventType = *Trail }',
    '{ $.eventType = *dateTr* }',
    '{ $.eventType = %Trail% }',
    '{ $.sourceIPAddress != 123.123.* }',
    '{ $.arrayKey[0] = "value" }',
    '{ $.arrayKey[*] = %val.{2}% }',
    String.raw`{ $.* = %111\.111\.111\.1[0-9]{1,2}% }`,
    '{ $.objectList[1].id = 2 }',
    '{ $.objectList[*].name = b }',
    '{ $.[\'cluster.name\'] = "c" }',
    "{ $['cluster.name'] = c }",
    '{ $.SomeObject IS NULL }',
    '{ $.ThisFlag IS TRUE }',
    '{ $.Off IS FALSE }',
    '{ $.SomeOtherObject NOT EXISTS }',
    '{ $.latency >= 55.5 && $.latency < 1e2 }',
    '{ $.big = 1e+3 }',
    '{ $.big > +999 }',
    '{ $.big = 1* }',
    '{ $.big != 1e-3 }',
    '{ $.text = 400 }',
    '{ $.latency = "*" }',
    '{ $.dashed-name_1 = x }',
    '{ $.empty = "" }',
    '{ ($.big = 1 || $.text = 400) && $.Off IS FALSE }',
    '{ $.big = 1000 || $.big = 1 && $.text = 1 }',
  ])('matches %s', (pattern) => {
    expect(matches(pattern, EVENT)).toBe(true);
    expect(matches(pattern, `${EVENT}\n`)).toBe(true);
    expect(matches(pattern, `INFO ${EVENT}`)).toBe(false);
  });

  it.each([
    '{ $.eventType = "updatetrail" }',
    '{ $.eventType = "Upd*Trail" }',
    '{ $.objectList = 1 }',
    '{ $.objectList != 1 }',
    '{ $.missing != 1 }',
    '{ $.SomeObject != 1 }',
    '{ $.SomeObject NOT EXISTS }',
    '{ $.missing IS NULL }',
    '{ $.Off IS TRUE }',
    '{ $.objectList[2].id = * }',
    '{ $.arrayKey.0 = value }',
    '{ $.text > 1 }',
    '{ $.toString = * }',
    '{ $.length = 1 }',
    '{ ($.big = 1000 || $.big = 1) && $.text = 1 }',
  ])('does not match %s', (pattern) => {
    expect(matches(pattern, EVENT)).toBe(false);
  });

  it('keeps a member whose value is an array apart from the array that holds it', () => {
    expect(matches('{ $.coordinates[1][0] = 4 }', '{"coordinates":[[0,1],[4,5]]}')).toBe(true);
  });

  it.each([
    '{}',
    '{ }',
    '{ $ = 1 }',
    '{ $. = 1 }',
    '{ $.a }',
    '{ $.a = }',
    '{ $.a == 1 }',
    '{ $.a > x }',
    '{ $.a = 1 } x}',
    '{ $.a = user@example.com }',
    '{ $.a IS NOT NULL }',
    '{ $.a EXISTS }',
    '{ ($.a = 1 }',
    '{ $.a = 1 && }',
    '{ $.*.b[*] = 1 }',
    '{ $.*=1 || $.*=2 || $.*=3 || $.*=4 }',
    '{ $.a[x] = 1 }',
    '{ $.a = "x }',
    '{ a = 1 }',
  ])('refuses %s', (pattern) => {
    expect(compileFilterPattern(pattern)).toHaveProperty('invalid', 'Invalid filter pattern');
  });

  it('says which bracket is missing', () => {
    expect(compileFilterPattern('{ $.a = 1')).toHaveProperty(
      'invalid',
      "If a filter pattern starts with '{' it must end with '}'",
    );
  });

  it('parses deep parentheses', () => {
    expect(matches(`{ ${'('.repeat(500)}$.a = 1${')'.repeat(500)} }`, '{"a":1}')).toBe(true);
  });
});

describe('space-delimited', () => {
  const ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
  const APP = [
    'INFO 09/25/2014 12:00:00 GET /service/resource/67 1200',
    'INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310',
    'WARNING 09/25/2014 12:00:02 Invalid user request',
    'ERROR 09/25/2014 12:00:02 Failed to process request',
  ];

  it.each([
    '[ip, user, username, timestamp, request, status_code, bytes]',
    String.raw`[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]`,
    '[..., request =*.html*, status_code = 4*, bytes]',
    '[..., request=*.html*, status_code=4*,]',
    '[ip, user, ..., status_code, bytes > 1000]',
    '[ip, ...]',
    '[ip, user, username, timestamp = "10/Oct*", request, status_code = 404 || status_code = 410, bytes]',
    '[..., (code = 404 || code = 410) && code != 403, bytes]',
    '[...]',
    '[a, b, c, d, e, f, g, ...]',
  ])('matches %s', (pattern) => {
    expect(matches(pattern, ACCESS)).toBe(true);
  });

  it.each([
    '[..., status_code = 5*, bytes]',
    '[..., bytes < 1000]',
    '[a, b, c, d, e, f, g, h]',
    '[user = frank, ...]',
  ])('does not match %s', (pattern) => {
    expect(matches(pattern, ACCESS)).toBe(false);
  });

  it('reads terms in order', () => {
    expect(found('[w1=ERROR, w2]', APP)).toEqual([APP[3]]);
    expect(found('[w1=ERROR || w1=WARNING, w2]', APP)).toEqual([APP[2], APP[3]]);
    expect(found('[w1!=ERROR && w1!=WARNING, w2]', APP)).toEqual([APP[0], APP[1]]);
    expect(
      found('[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]', APP),
    ).toEqual([APP[0]]);
    expect(found('[w1=ERROR, w2]', ['ERROR', 'ERROR x'])).toEqual(['ERROR x']);
  });

  it('takes the tabs of Lambda lines for spaces', () => {
    const line =
      '2026-10-05T09:15:03.412Z\t1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f\tINFO\thello from console.log\n';
    expect(matches('[timestamp=*Z, request_id="*-*", event]', line)).toBe(true);
    expect(matches('[t, id, level=INFO, event="hello from console.log"]', line)).toBe(true);
  });

  it('takes unclosed brackets and quotes as ordinary characters', () => {
    expect(splitWords('a "b [c d] "e" [f').map(({ text }) => text)).toEqual(['a', 'b [c d] ', 'e"', '[f']);
    expect(splitWords('x ["').map(({ text }) => text)).toEqual(['x', '["']);
  });

  it.each(['[a, ..., b, ...]', '[a > x]', '[a b]', '[a=1, b', '[a = 1 || b = 2]', '[%x%]', '[a=]'])(
    'refuses %s',
    (pattern) => {
      expect(compileFilterPattern(pattern)).toHaveProperty('invalid');
    },
  );
});

describe('refused patterns', () => {
  it.each(['user@example.com', 'a-b', 'C:\\x', '"open', '%open', '"a"b', '-', '?', 'é', '--a'])(
    '%s',
    (pattern) => {
      expect(compileFilterPattern(pattern)).toHaveProperty('invalid', 'Invalid filter pattern');
    },
  );
});

it('answers every random pattern with a matcher or a refusal', () => {
  const random = createRandom(7);
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"',
    '%',
    '\\',
    '$',
    '.',
    '*',
    '=',
    '!=',
    '<',
    '&&',
    '||',
    ',',
    '...',
    ' ',
    'a',
    '1',
    '-',
    '?',
    'IS',
    'NULL',
    'NOT',
    'EXISTS',
    "'",
    '\n',
    'é',
    '^',
    '+',
    '{2}',
  ];
  const message = '{"a":1,"b":["a"]} a 1 "x" [y]';
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const length = 1 + Math.floor(random() * 12);
    let pattern = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join('');
    const kind = random();
    if (kind < 0.3) pattern = `{ $.${pattern} }`;
    else if (kind < 0.6) pattern = `[${pattern}]`;
    const compiled = compileFilterPattern(pattern);
    if ('invalid' in compiled) continue;
    accepted++;
    expect(typeof compiled.matches(message)).toBe('boolean');
  }
  expect(accepted).toBeGreaterThan(100);
});
