import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MAX_LITERAL_DEPTH, parseLiteral, scanLiteral } from '../../src/core/literal.ts';
import { damaged, seededRandom, type SeededRandom } from './seeded-random.ts';

const valueOf = (text: string) => {
  const literal = parseLiteral(text, 0);
  if (literal === undefined) throw new Error(`not read: ${text}`);
  return literal.value;
};

describe('JSON', () => {
  it.each([
    '{}',
    '[]',
    '""',
    'null',
    'true',
    'false',
    '-0.5e+10',
    '123456789012345678901234567890',
    '{"a":{"b":[1,2,{"c":null}]},"d":"x"}',
    '"\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\ud83d\\ude00"',
    ' \n\t{ "a" : [ 1 , 2 ] } ',
    '{"toString":1,"constructor":2,"hasOwnProperty":3}',
  ])('%s', (text) => {
    expect(valueOf(text)).toEqual(JSON.parse(text));
  });

  it('makes an own property of __proto__, as JSON.parse does', () => {
    const value = valueOf('{"__proto__":{"polluted":true}}') as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('Python repr', () => {
  it.each<[string, unknown]>([
    [`{'a': None, 'b': True, 'c': False}`, { a: null, b: true, c: false }],
    [
      `{'it': "it's", 'q': 'say "hi"', 'both': 'it\\'s "x"'}`,
      { it: "it's", q: 'say "hi"', both: 'it\'s "x"' },
    ],
    [`()`, []],
    [`('a',)`, ['a']],
    [`(1, ('b', [2]))`, [1, ['b', [2]]]],
    [`('a' 'b'\n 'c')`, 'abc'],
    [`{'body': 'one '\n         'two'}`, { body: 'one two' }],
    [`b'\\x00a\\xff'`, '\0a\u00ff'],
    [`[b"it's", u'x']`, ["it's", 'x']],
    [`'\\U0001f600 \\u00e9 \\x41 \\N{DASH} \\q \\xZZ'`, '\u{1F600} é A \\N{DASH} \\q \\xZZ'],
    [`[inf, -inf, 1e-07, 1.5, -3]`, [Infinity, -Infinity, 1e-7, 1.5, -3]],
    [`{1: 'a', -2: 'b'}`, { '1': 'a', '-2': 'b' }],
    [
      `{'when': datetime.datetime(2026, 10, 5, 9, 15), 'n': Decimal('1.5')}`,
      { when: undefined, n: undefined },
    ],
    [`{'context': LambdaContext([aws_request_id=x,name='a)b']), 'a': 1}`, { context: undefined, a: 1 }],
    [`{'f': <function f at 0x7f00>, 'a': 1}`, { f: undefined, a: 1 }],
    [`[None]`, [null]],
    [`[True, [...]]`, [true, []]],
  ])('%s', (text, expected) => {
    expect(valueOf(text)).toEqual(expected);
  });

  it('reads nan', () => {
    expect(valueOf('[nan, -nan]')).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('Node inspect', () => {
  class Foo {
    readonly a = 1;
  }
  const circular: Record<string, unknown> = { name: 'x' };
  circular.self = circular;
  const long = 'x'.repeat(12_000);

  it.each<[string, unknown, unknown]>([
    [
      'placeholders',
      { a: { b: { c: { d: 1 } } }, l: [[[[1]]]] },
      { a: { b: { c: undefined } }, l: [[undefined]] },
    ],
    ['a class', { foo: new Foo() }, { foo: { a: 1 } }],
    ['a null prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a nested null prototype', { n: Object.assign(Object.create(null), { a: 1 }) }, { n: { a: 1 } }],
    ['undefined', { a: undefined, b: [undefined] }, { a: undefined, b: [undefined] }],
    ['a cycle', circular, { name: 'x', self: undefined }],
    ['functions', { f: () => 1, g: Foo, a: 1 }, { f: undefined, g: undefined, a: 1 }],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a buffer', { b: Buffer.from('ab'), a: 1 }, { b: undefined, a: 1 }],
    ['a bigint', [12n, -0], [12, -0]],
    ['more items', Array.from({ length: 103 }, () => 7), Array.from({ length: 100 }, () => 7)],
    ['a long string', { long, a: 1 }, { long: long.slice(0, 10_000), a: 1 }],
    ['all quotes', ['it\'s "a" `b`', "it's", 'it\'s "q"'], ['it\'s "a" `b`', "it's", 'it\'s "q"']],
    ['holes', { list: [1, , 2], a: 1 }, { list: [1, undefined, 2], a: 1 }], // eslint-disable-line no-sparse-arrays
    ['a symbol key', { [Symbol('s')]: 1, a: 2 }, { '[Symbol(s)]': 1, a: 2 }],
  ])('%s', (_, printed, expected) => {
    expect(valueOf(inspect(printed))).toEqual(expected);
  });

  it('reads strings concatenated over lines', () => {
    expect(valueOf(`{\n  a: 'one\\n' +\n    'two\\n' +\n    "it's",\n  b: 1\n}`)).toEqual({
      a: "one\ntwo\nit's",
      b: 1,
    });
  });
});

describe('what is no literal', () => {
  it.each([
    '',
    ' ',
    '}',
    'hello',
    '{',
    '[1, 2',
    '{"a"',
    '{"a":',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '[1 2]',
    '"open',
    "'open\\'",
    '"\\',
    '{"a": -}',
    '{"a": 1-2}',
    'Map(1) { 1 => 2 }',
    '<ref *1',
    'f(',
    "f(')",
    '[Object',
    '{a: b}',
  ])('%j', (text) => {
    expect(parseLiteral(text, 0)).toBeUndefined();
  });

  it('says how far it read', () => {
    expect(scanLiteral('{"a": 1, "b": ?', 0)).toEqual({ complete: false, value: undefined, end: 14 });
    expect(scanLiteral('say ["a", 1] now', 4)).toEqual({ complete: true, value: ['a', 1], end: 12 });
  });

  it('nests to the limit and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseLiteral(nested(MAX_LITERAL_DEPTH), 0)?.end).toBe(2 * MAX_LITERAL_DEPTH);
    expect(parseLiteral(nested(MAX_LITERAL_DEPTH + 1), 0)).toBeUndefined();
    expect(parseLiteral('<ref *1>'.repeat(100_000), 0)).toBeUndefined();
    expect(parseLiteral('[A] '.repeat(100_000) + '[', 0)).toBeUndefined();
    expect(parseLiteral('(A {b: '.repeat(100_000), 0)).toBeUndefined();
  });
});

describe('adversarial text', () => {
  const shapes: [string, (size: number) => string][] = [
    ['[[[[', (n) => '['.repeat(n)],
    ['{{{{', (n) => '{'.repeat(n)],
    ["''''", (n) => "'".repeat(n)],
    ['((((', (n) => '('.repeat(n)],
    ['unclosed quote', (n) => `["${'a'.repeat(n)}`],
    ['many short strings, a backslash at the end', (n) => `[${"'',".repeat(n / 3)}'\\n']`],
    ['escapes only', (n) => `"${'\\n'.repeat(n / 2)}"`],
    ['escaped quotes without an end', (n) => `"${'\\"'.repeat(n / 2)}`],
    ['concatenation', (n) => `['a'${" + 'b'".repeat(n / 6)}]`],
    ['blanks after strings', (n) => `['a'${' '.repeat(n)}, 'b'`],
    ['digits', (n) => `[${'1'.repeat(n)}`],
    ['a word', (n) => `[${'a'.repeat(n)}`],
    ['brackets in a call', (n) => `{"a": f${'('.repeat(n)}`],
    ['ellipses', (n) => `[${'... '.repeat(n / 4)}`],
    ['placeholders', (n) => `[${'[Object], '.repeat(n / 10)}]`],
  ];

  it.each(shapes)('%s: the time grows with the length, not its square', (_, shape) => {
    const best = (text: string) => {
      let least = Infinity;
      for (let round = 0; round < 5; round++) {
        const before = performance.now();
        parseLiteral(text, 0);
        least = Math.min(least, performance.now() - before);
      }
      return least;
    };
    const small = best(shape(1 << 15));
    const large = best(shape(1 << 20));
    // 32 times the text: linear is 32 times the work, quadratic 1024 times. The floor keeps the clock's grain out of it.
    expect(large / Math.max(small, 0.5)).toBeLessThan(400);
  });
});

function randomText(random: SeededRandom): string {
  const parts = [
    'a',
    'B',
    "'",
    '"',
    '\\',
    '\n',
    '\t',
    ' ',
    'é',
    '漢',
    '\u{1F600}',
    '{',
    ']',
    ',',
    ':',
    '`',
    '\u0001',
    '${',
  ];
  return Array.from({ length: random.below(12) }, () => random.pick(parts)).join('');
}

function randomValue(random: SeededRandom, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 5 : 7);
  if (kind === 0) return null;
  if (kind === 1) return random.below(2) === 0;
  if (kind === 2) return random.below(1_000_000) - 500_000;
  if (kind === 3) return random.below(1_000_000) / 7;
  if (kind === 4) return randomText(random);
  const length = random.below(5);
  if (kind === 5) return Array.from({ length }, () => randomValue(random, depth + 1));
  const entries = Array.from({ length }, (_, i) => [
    random.below(2) === 0 ? `k${i}` : randomText(random),
    randomValue(random, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

/** As CPython writes it: single quotes unless only single ones occur inside. */
function repr(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
    const escaped = value
      .replaceAll('\\', '\\\\')
      .replaceAll(quote, `\\${quote}`)
      .replaceAll('\n', '\\n')
      .replaceAll('\t', '\\t')
      .replaceAll('\u0001', '\\x01');
    return quote + escaped + quote;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  return `{${Object.entries(value as object)
    .map(([key, item]) => `${repr(key)}: ${repr(item)}`)
    .join(', ')}}`;
}

describe('any value', () => {
  const random = seededRandom(20261005);
  const values = Array.from({ length: 1500 }, () => randomValue(random));

  it('comes back from JSON, repr and inspect', () => {
    for (const value of values) {
      const json = JSON.stringify(value);
      expect(parseLiteral(json, 0)).toEqual({ value, end: json.length });
      expect(parseLiteral(JSON.stringify(value, undefined, 2), 0)?.value).toEqual(value);
      const python = repr(value);
      expect(parseLiteral(python, 0), python).toEqual({ value, end: python.length });
      for (const options of [
        { depth: null },
        { depth: null, breakLength: 30 },
        { depth: null, compact: false },
      ]) {
        const node = inspect(value, options);
        expect(parseLiteral(node, 0), node).toEqual({ value, end: node.length });
      }
    }
  });

  it('damaged, is read or refused, but nothing is thrown and nothing beyond the text is claimed', () => {
    const damage = [
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      "'",
      '"',
      '`',
      '\\',
      ',',
      ':',
      '...',
      '<',
      ' +',
      'b',
      '-',
      '\n',
      '[Object]',
    ];
    for (const value of values) {
      const printed = random.pick([JSON.stringify, repr, (v: unknown) => inspect(v, { depth: null })])(value);
      const text = damaged(random, printed, damage);
      const scan = scanLiteral(text, 0);
      expect(scan.end).toBeGreaterThanOrEqual(0);
      expect(scan.end).toBeLessThanOrEqual(text.length);
    }
  });
});
