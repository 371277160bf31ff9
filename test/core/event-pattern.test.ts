import { describe, expect, it } from 'vitest';
import {
  compileEventPattern,
  matchesEventPattern,
  unmatchedFields,
  type EventPattern,
} from '../../src/core/event-pattern.ts';

function compiled(pattern: unknown): EventPattern {
  const result = compileEventPattern(JSON.stringify(pattern));
  if (!result.ok) throw new Error(result.reason);
  return result.pattern;
}

function reasonOf(text: string): string | undefined {
  const result = compileEventPattern(text);
  return result.ok ? undefined : result.reason;
}

const matches = (pattern: unknown, event: unknown) => matchesEventPattern(compiled(pattern), event);
/** One field with one matcher against one value. */
const accepts = (matcher: unknown, value: unknown) =>
  matches({ detail: { f: [matcher] } }, { detail: { f: value } });

const CREATED = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  region: 'us-east-1',
  resources: ['arn:aws:s3:::b'],
  detail: {
    bucket: { name: 'b' },
    object: { key: 'in/report.csv', size: 2048 },
    'source-ip-address': '192.0.2.10',
    reason: 'PutObject',
  },
};

describe('matching fields', () => {
  it('wants every field, and any of its values', () => {
    const pattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Deleted', 'Object Created'],
      detail: {
        bucket: { name: ['b'] },
        object: { key: [{ prefix: 'in/' }], size: [{ numeric: ['>', 1024] }] },
      },
    };
    expect(matches(pattern, CREATED)).toBe(true);
    expect(matches({ ...pattern, region: ['eu-west-1'] }, CREATED)).toBe(false);
    expect(matches({ ...pattern, detail: { bucket: { name: ['other'] } } }, CREATED)).toBe(false);
  });

  it('names the fields that do not match', () => {
    const pattern = compiled({
      source: ['aws.s3'],
      detail: { bucket: { name: ['other'] }, object: { key: [{ suffix: '.jpg' }], etag: ['x'] } },
    });
    expect(unmatchedFields(pattern, CREATED)).toEqual([
      'detail.bucket.name',
      'detail.object.key',
      'detail.object.etag',
    ]);
    expect(unmatchedFields(compiled({ source: ['aws.s3'] }), CREATED)).toEqual([]);
    const either = compiled({ region: ['x'], $or: [{ source: ['x'], account: ['x'] }, { source: ['y'] }] });
    expect(unmatchedFields(either, CREATED)).toEqual(['region', 'source']);
  });

  it.each([
    ['a', 'a', true],
    ['a', 'A', false],
    ['5', 5, false],
    [5, 5, true],
    [300, 300.0, true],
    [0.1, 0.1, true],
    [12_345_678_901, 12_345_678_901, true],
    [5, '5', false],
    [true, true, true],
    [true, 'true', false],
    [null, null, true],
    [null, '', false],
    ['', '', true],
    [null, [], false],
    [{ exactly: 'a' }, 'a', true],
    [{ exactly: 'a' }, 'b', false],
  ])('%j against %j: %s', (matcher, value, expected) => {
    expect(accepts(matcher, value)).toBe(expected);
  });

  it('does not tell a dotted name from a nested one', () => {
    expect(matches({ detail: { state: { status: ['on'] } } }, { detail: { 'state.status': 'on' } })).toBe(
      true,
    );
    expect(matches({ 'detail.state.status': ['on'] }, { detail: { state: { status: 'on' } } })).toBe(true);
    expect(
      matches({ detail: { state: { status: ['on'] } } }, { detail: { 'state.status': { status: 'on' } } }),
    ).toBe(false);
    expect(matches({ a: { b: [1], c: [2] } }, { 'a.b': 1, a: { c: 2 } })).toBe(true);
    expect(matches({ a: { b: [1] } }, { 'a.b': 1, a: [{ c: 2 }] })).toBe(true);
  });

  it('takes names of the prototype for ordinary names', () => {
    expect(matches({ constructor: { name: ['Object'] } }, {})).toBe(false);
    expect(matches({ toString: [{ exists: false }] }, {})).toBe(true);
    const event: unknown = JSON.parse('{"__proto__": {"a": 1}}');
    const result = compileEventPattern('{"__proto__": {"a": [1]}}');
    expect(result.ok && matchesEventPattern(result.pattern, event)).toBe(true);
  });

  it.each([undefined, null, 5, 'text', []])('does not match %j, which is no event', (event) => {
    expect(matches({ source: ['aws.s3'] }, event)).toBe(false);
  });
});

describe('arrays in events', () => {
  it('matches when one element does', () => {
    expect(matches({ resources: ['arn:aws:s3:::b'] }, CREATED)).toBe(true);
    expect(matches({ resources: ['x'] }, { resources: ['y', 'x'] })).toBe(true);
    expect(matches({ resources: ['x'] }, { resources: ['y', ['z', ['x']]] })).toBe(true);
    expect(matches({ resources: [{ 'anything-but': 'x' }] }, { resources: ['x', 'y'] })).toBe(true);
    expect(matches({ resources: [{ 'anything-but': 'x' }] }, { resources: ['x'] })).toBe(false);
  });

  it('wants fields of one object in the same element', () => {
    const pattern = { people: { first: ['Anna'], last: ['Jones'] } };
    const people = [
      { first: 'Anna', last: 'Smith' },
      { first: 'Bob', last: 'Jones' },
    ];
    expect(matches(pattern, { people })).toBe(false);
    expect(matches(pattern, { people: [...people, { first: 'Anna', last: 'Jones' }] })).toBe(true);
    expect(unmatchedFields(compiled(pattern), { people })).toEqual([]);
  });

  it('keeps to one element also across $or', () => {
    const pattern = { people: { last: ['Jones'] }, $or: [{ people: { first: ['Anna'] } }, { x: [1] }] };
    expect(matches(pattern, { people: [{ first: 'Anna' }, { last: 'Jones' }] })).toBe(false);
    expect(matches(pattern, { people: [{ first: 'Anna', last: 'Jones' }] })).toBe(true);
    expect(matches(pattern, { people: [{ last: 'Jones' }], x: 1 })).toBe(true);
  });

  it('opens arrays deeper than the stack', () => {
    let nested: unknown = ['x'];
    for (let i = 0; i < 100_000; i++) nested = [nested];
    expect(matches({ a: ['x'] }, { a: nested })).toBe(true);
  });
});

describe('operators', () => {
  it.each<[matcher: unknown, yes: readonly unknown[], no: readonly unknown[]]>([
    [{ prefix: 'in/' }, ['in/', 'in/a'], ['IN/a', 'a/in/', 5, null, true]],
    [{ prefix: '' }, ['', 'a'], [5, null]],
    [{ prefix: { 'equals-ignore-case': 'In/' } }, ['in/a', 'IN/a'], ['a', 5]],
    [{ suffix: '.jpg' }, ['a.jpg', '.jpg'], ['a.JPG', 'jpg', 5]],
    [{ suffix: { 'equals-ignore-case': '.Jpg' } }, ['a.jpg', 'a.JPG'], ['a.png', 5]],
    [{ 'equals-ignore-case': 'AbC' }, ['abc', 'ABC'], ['abcd', null]],
    [{ 'equals-ignore-case': '' }, [''], ['a']],
    [{ exists: true }, ['', null, 0, false, 'x'], [undefined, [], {}, { a: 1 }]],
    [{ exists: false }, [undefined, [], {}, { a: 1 }], ['', null, 0]],
    [{ cidr: '10.0.0.0/24' }, ['10.0.0.0', '10.0.0.255'], ['10.0.1.0', '10.0.0', 123, '::a00:0']],
    [{ cidr: '10.0.0.8/24' }, ['10.0.0.8', '10.0.0.255'], ['10.0.0.7']],
    [{ cidr: '2001:db8:1234:1a00::/56' }, ['2001:db8:1234:1a00::1'], ['2001:db8:1234:1b00::1', '10.0.0.1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '1']],
  ])('%j', (matcher, yes, no) => {
    for (const value of yes) expect([value, accepts(matcher, value)]).toEqual([value, true]);
    for (const value of no) expect([value, accepts(matcher, value)]).toEqual([value, false]);
  });

  it.each<[matcher: unknown, yes: readonly unknown[], no: readonly unknown[]]>([
    [
      ['=', 5],
      [5, 5.0],
      [5.000001, '5', null, true],
    ],
    [
      ['<', 10],
      [9.999999, -5e9],
      [10, '9'],
    ],
    [['<=', 10], [10], [10.000001]],
    [
      ['>', 0],
      [0.000001, 5e9],
      [0, 5_000_000_001],
    ],
    [['>=', 0], [0], [-0.000001]],
    [
      ['>', 0, '<=', 5],
      [1, 5],
      [0, 5.5],
    ],
    [
      ['>=', 0, '<', 5],
      [0, 4],
      [5, -1],
    ],
    [['=', 3.018e2], [301.8], [302]],
  ])('numeric %j', (operand, yes, no) => {
    for (const value of yes) expect([value, accepts({ numeric: operand }, value)]).toEqual([value, true]);
    for (const value of no) expect([value, accepts({ numeric: operand }, value)]).toEqual([value, false]);
  });

  it.each<[operand: unknown, yes: readonly unknown[], no: readonly unknown[]]>([
    ['a', ['b', null, 5, true, ''], ['a', undefined, []]],
    [
      ['a', 'b'],
      ['c', null, 5],
      ['a', 'b', undefined],
    ],
    [5, [6, '5', null], [5, undefined]],
    [
      [0, 5],
      [1, '0'],
      [0, 5],
    ],
    [{ prefix: 'init' }, ['x', 12, null], ['init', 'initial', undefined]],
    [{ prefix: ['a', 'b'] }, ['c'], ['ax', 'bx']],
    [{ suffix: '.txt' }, ['a.jpg', null], ['a.txt', undefined]],
    [{ suffix: ['.txt', '.log'] }, ['a.jpg'], ['a.txt', 'a.log']],
    [{ wildcard: '*/dir/*' }, ['a/b', null], ['a/dir/b', undefined]],
    [{ wildcard: ['*/a/*', '*/b/*'] }, ['x/c/y'], ['x/a/y', 'x/b/y']],
    [{ 'equals-ignore-case': 'On' }, ['off', null], ['on', 'ON', undefined]],
    [{ 'equals-ignore-case': ['on', 'off'] }, ['pending'], ['ON', 'Off']],
  ])('anything-but %j', (operand, yes, no) => {
    for (const value of yes)
      expect([value, accepts({ 'anything-but': operand }, value)]).toEqual([value, true]);
    for (const value of no)
      expect([value, accepts({ 'anything-but': operand }, value)]).toEqual([value, false]);
  });

  it('combines exists: false with values', () => {
    const pattern = { image: { made: { S: [{ 'anything-but': ['roses'] }, { exists: false }] } } };
    expect(matches(pattern, { image: { bought: { N: '789' } } })).toBe(true);
    expect(matches(pattern, {})).toBe(true);
    expect(matches(pattern, { image: { made: { S: 'roses' } } })).toBe(false);
    expect(matches(pattern, { image: { made: { S: 'tulips' } } })).toBe(true);
  });

  it('takes a field for absent only when no element of an array has it', () => {
    const pattern = { list: { a: [1], b: [{ exists: false }] } };
    expect(matches(pattern, { list: [{ a: 1 }, { a: 2 }] })).toBe(true);
    expect(matches(pattern, { list: [{ a: 1 }, { b: 2 }] })).toBe(false);
  });

  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*/dir/*', 'x/dir/y', true],
    ['*/dir/*', 'x/dirs/y', false],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*bc*bcd', 'abcbcd', true],
    ['a*bc*bcd', 'abcd', false],
    ['*aab*', 'aaab', true],
    ['*aabaaa*', 'aabaabaaa', true],
    [String.raw`a\*b`, 'a*b', true],
    [String.raw`a\*b`, 'axb', false],
    [String.raw`a\\*`, String.raw`a\b`, true],
    ['*.jpg', 5, false],
  ])('wildcard %s against %j: %s', (pattern, value, expected) => {
    expect(accepts({ wildcard: pattern }, value)).toBe(expected);
  });

  it('agrees with a backtracking wildcard on all short texts', () => {
    const texts = [0, 1, 2, 3, 4, 5, 6].flatMap((length) => words('ab', length));
    const patterns = [1, 2, 3, 4, 5, 6].flatMap((length) => words('ab*', length));
    const different: string[] = [];
    for (const wildcard of patterns.filter((pattern) => !pattern.includes('**'))) {
      const result = compiled({ f: [{ wildcard }] });
      const reference = new RegExp(`^${wildcard.replaceAll('*', '.*')}$`);
      for (const text of texts) {
        if (matchesEventPattern(result, { f: text }) !== reference.test(text))
          different.push(`${wildcard} ${text}`);
      }
    }
    expect(different).toEqual([]);
  });
});

function words(alphabet: string, length: number): string[] {
  if (length === 0) return [''];
  return words(alphabet, length - 1).flatMap((word) => Array.from(alphabet, (letter) => word + letter));
}

describe('$or', () => {
  it('wants one branch, together with the fields beside it', () => {
    const pattern = {
      source: ['aws.s3'],
      $or: [{ region: ['eu-west-1'] }, { detail: { reason: ['PutObject'] } }],
    };
    expect(matches(pattern, CREATED)).toBe(true);
    expect(matches({ ...pattern, source: ['x'] }, CREATED)).toBe(false);
    expect(matches({ $or: [{ region: ['x'] }, { source: ['x'] }] }, CREATED)).toBe(false);
  });

  it('stands at any level and within itself', () => {
    const pattern = {
      detail: {
        $or: [
          { object: { size: [{ numeric: ['>', 5000] }] } },
          {
            $or: [
              { object: { key: [{ suffix: '.jpg' }] } },
              { bucket: { name: ['b'] }, reason: ['PutObject'] },
            ],
          },
        ],
      },
    };
    expect(matches(pattern, CREATED)).toBe(true);
    expect(matches(pattern, { ...CREATED, detail: { ...CREATED.detail, reason: 'CopyObject' } })).toBe(false);
  });

  it('has no more than 1000 combinations', () => {
    const ten = (name: string) => ({ $or: Array.from({ length: 10 }, (_, i) => ({ [name]: [i] })) });
    expect(
      matches({ a: ten('a'), b: ten('b'), c: ten('c') }, { a: { a: 9 }, b: { b: 9 }, c: { c: 9 } }),
    ).toBe(true);
    expect(reasonOf(JSON.stringify({ a: ten('a'), b: ten('b'), c: ten('c'), d: ten('d') }))).toBe(
      'More than 1000 rule combinations',
    );
  });
});

describe('patterns that EventBridge refuses', () => {
  const field = (matcher: string) => `{"f": [${matcher}]}`;

  it.each([
    ['["not", "a", "dict"]', 'Filter is not an object'],
    ['{"int": 42}', '"int" must be an object or an array'],
    ['{"string": "my-value"}', '"string" must be an object or an array'],
    ['{}', 'Empty objects are not allowed'],
    ['{"detail": {}}', 'Empty objects are not allowed'],
    ['{"resources": []}', 'Empty arrays are not allowed'],
    [field('[1]'), 'Match value must be String, number, true, false, or null'],
    [field('{}'), 'Match expression name not found'],
    [field('{"EXISTS": true}'), 'Unrecognized match type EXISTS'],
    [field('{"prefix": "a", "suffix": "b"}'), 'Only one key allowed in match expression'],
    [field('{"exists": "true"}'), 'exists match pattern must be either true or false.'],
    [field('{"prefix": 123}'), 'prefix match pattern must be a string'],
    [field('{"prefix": ["a"]}'), 'prefix match pattern must be a string'],
    [field('{"prefix": {}}'), 'Prefix expression name not found'],
    [field('{"prefix": {"wildcard": "a"}}'), 'Unsupported prefix pattern: wildcard'],
    [field('{"prefix": {"equals-ignore-case": 1}}'), 'equals-ignore-case match pattern must be a string'],
    [field('{"suffix": 123}'), 'suffix match pattern must be a string'],
    [field('{"equals-ignore-case": ["a"]}'), 'equals-ignore-case match pattern must be a string'],
    [field('{"exactly": 1}'), 'exact match pattern must be a string'],
    [field('{"numeric": 1}'), 'Value of numeric must be an array.'],
    [field('{"numeric": []}'), 'Invalid member in numeric match: ]'],
    [field('{"numeric": [5]}'), 'Invalid member in numeric match: 5'],
    [field('{"numeric": ["!", 5]}'), 'Unrecognized numeric range operator: !'],
    [field('{"numeric": ["=", "5"]}'), 'Value of equals must be numeric'],
    [field('{"numeric": ["<"]}'), 'Value of < must be numeric'],
    [field('{"numeric": [">", 0, "<"]}'), 'Value of < must be numeric'],
    [field('{"numeric": [">", 0, ">", 0]}'), 'Bad numeric range operator: >'],
    [field('{"numeric": [">", 0, 5]}'), 'Bad value in numeric range: 5'],
    [field('{"numeric": [">", 0, "<", 5, 6]}'), 'Too many terms in numeric range expression'],
    [field('{"numeric": ["<", 5, ">", 0]}'), 'Too many elements in numeric expression'],
    [field('{"numeric": [">", 5, "<", 5]}'), 'Bottom must be less than top'],
    [field('{"numeric": [">", 5000000001]}'), 'Value must be between -5.0E9 and 5.0E9, inclusive'],
    [
      field('{"anything-but": null}'),
      'Value of anything-but must be an array or single string/number value.',
    ],
    [
      field('{"anything-but": {"prefix": {"equals-ignore-case": "a"}}}'),
      'Value of anything-but must be an array or single string/number value.',
    ],
    [field('{"anything-but": {}}'), 'Anything-But expression name not found'],
    [field('{"anything-but": {"numeric": ["=", 1]}}'), 'Unsupported anything-but pattern: numeric'],
    [field('{"anything-but": [null]}'), 'Inside anything but list, start|null|boolean is not supported.'],
    [
      field('{"anything-but": ["a", 1]}'),
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    ],
    [field('{"anything-but": {"prefix": 123}}'), 'prefix/suffix match pattern must be a string'],
    [field('{"anything-but": {"suffix": [123, "a"]}}'), 'prefix/suffix match pattern must be a string'],
    [field('{"anything-but": {"suffix": ""}}'), 'Null prefix/suffix not allowed'],
    [field('{"anything-but": {"wildcard": 123}}'), 'wildcard match pattern must be a string'],
    [
      field('{"anything-but": {"equals-ignore-case": [123]}}'),
      'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
    ],
    [field('{"cidr": ["bad-type"]}'), 'prefix match pattern must be a string'],
    [field('{"cidr": "bad-filter"}'), "Malformed CIDR, one '/' required"],
    [field('{"cidr": "10.0.0.0/xx"}'), 'Malformed CIDR, mask bits must be an integer'],
    [field('{"cidr": "10.0.0.0/-1"}'), 'Malformed CIDR, mask bits must not be negative'],
    [field('{"cidr": "10.0.0.0/32"}'), 'IPv4 mask bits must be < 32'],
    [field('{"cidr": "xx.11.xx/8"}'), 'Nonstandard IP address: xx.11.xx'],
    [field('{"cidr": "xxxx:db8:1234:1a00::/32"}'), 'Nonstandard IP address: xxxx:db8:1234:1a00::'],
    [field('{"wildcard": 123}'), 'wildcard match pattern must be a string'],
    [
      field('{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}'),
      'Consecutive wildcard characters at pos 26',
    ],
    [field(String.raw`{"wildcard": "a\\b"}`), 'Invalid escape character at pos 2'],
    [
      field('{"wildcard": "*:*:*:*:*:event-bus/*"}'),
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    ],
    ['{"$or": {"a": [1]}}', 'It must be an Array followed with $or.'],
    ['{"$or": ["a", "b"]}', 'Only JSON object is allowed in array of $or relationship.'],
    ['{"$or": [{"a": [1]}]}', 'There must have at least 2 Objects in $or relationship.'],
    [
      '{"$or": [{"a": [1]}, {"numeric": [1]}]}',
      'numeric is Ruler reserved fieldName which cannot be used inside $or.',
    ],
    ['{"a": [1]', 'The pattern is not valid JSON'],
    ['plain text', 'The pattern is not valid JSON'],
    [`{"a": ["${'x'.repeat(4096)}"]}`, 'The pattern is longer than 4096 characters'],
  ])('%s', (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it('takes a reserved name outside of $or for a field', () => {
    expect(matches({ numeric: [1] }, { numeric: 1 })).toBe(true);
  });
});
