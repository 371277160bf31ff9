import { describe, expect, it } from 'vitest';
import { passesFilter } from '../../../src/sandbox/services/sns/filter-match.ts';
import { readFilterPolicy, type FilterScope } from '../../../src/sandbox/services/sns/filter-policy.ts';

function read(policy: unknown, scope: FilterScope) {
  const refuse = (reason: string): never => {
    throw new Error(reason);
  };
  return readFilterPolicy(JSON.stringify(policy), scope, refuse, () => refuse('nested'));
}

function passesBody(policy: unknown, body: unknown): boolean {
  const filter = read(policy, 'MessageBody');
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return !filter || passesFilter(filter, { body: text, attributes: {} });
}

function passesAttributes(policy: unknown, attributes: Readonly<Record<string, readonly [string, string]>>) {
  const filter = read(policy, 'MessageAttributes');
  const own = Object.entries(attributes).map(([name, [DataType, StringValue]]) => [
    name,
    { DataType, StringValue },
  ]);
  return !filter || passesFilter(filter, { body: '', attributes: Object.fromEntries(own) });
}

const a = (condition: unknown) => ({ a: [condition] });

describe('values of a body', () => {
  it.each<[unknown, unknown, boolean]>([
    ['x', 'x', true],
    ['x', 'X', false],
    ['1', 1, false],
    [1, 1.0, true],
    [null, null, true],
    [true, true, true],
    [{ prefix: 'in/' }, 'in/a', true],
    [{ prefix: 'in/' }, 'out/a', false],
    [{ prefix: '1' }, 12, false],
    [{ suffix: '.jpg' }, 'a.jpg', true],
    [{ suffix: '.jpg' }, 'a.jpg.txt', false],
    [{ 'equals-ignore-case': 'Jpg' }, 'jPG', true],
    [{ 'anything-but': 'x' }, 'y', true],
    [{ 'anything-but': 'x' }, 'x', false],
    [{ 'anything-but': ['x', 1] }, 1, false],
    [{ 'anything-but': ['x', 1] }, 2, true],
    [{ 'anything-but': { prefix: 'tmp' } }, 'tmp1', false],
    [{ 'anything-but': { prefix: 'tmp' } }, 'data', true],
    [{ 'anything-but': { suffix: ['.tmp', '.bak'] } }, 'a.bak', false],
    [{ numeric: ['=', 5] }, 5, true],
    [{ numeric: ['=', 5] }, '5', false],
    [{ numeric: ['>', 0, '<=', 100] }, 100, true],
    [{ numeric: ['>', 0, '<=', 100] }, 0, false],
    [{ numeric: ['<', 0] }, -1, true],
    [{ exists: true }, null, true],
    [{ exists: false }, 'x', false],
    [{ cidr: '10.0.0.0/24' }, '10.0.0.255', true],
    [{ cidr: '10.0.0.0/24' }, '10.0.1.0', false],
    [{ cidr: '10.0.0.0/24' }, 'no address', false],
    ['x', ['y', 'x'], true],
    ['x', ['y', ['x']], true],
    ['x', [], false],
    ['x', { x: 1 }, false],
  ])('%j of %j is %s', (condition, value, expected) => {
    expect(passesBody(a(condition), { a: value })).toBe(expected);
  });

  it.each([
    [{ exists: false }, true],
    [{ exists: true }, false],
    [{ 'anything-but': 'x' }, false],
    [null, false],
  ])('%j without a value is %s', (condition, expected) => {
    expect(passesBody(a(condition), { b: 1 })).toBe(expected);
    expect(passesBody({ p: a(condition) }, { b: 1 })).toBe(expected);
  });

  it('wants all keys, and one value of each', () => {
    const policy = { a: ['x', 'y'], b: [1] };
    expect(passesBody(policy, { a: 'y', b: 1 })).toBe(true);
    expect(passesBody(policy, { a: 'y', b: 2 })).toBe(false);
    expect(passesBody(policy, { a: 'z', b: 1 })).toBe(false);
  });

  it.each(['text', '[]', '"x"', 'null', ''])('passes no body that is no object: %s', (body) => {
    expect(passesBody(a({ exists: false }), body)).toBe(false);
  });

  it('does not take inherited names for keys', () => {
    expect(passesBody({ constructor: [{ exists: true }] }, {})).toBe(false);
  });
});

describe('nested bodies', () => {
  const record = (eventName: string, key: string) => ({ eventName, s3: { object: { key } } });
  const policy = {
    Records: { eventName: [{ prefix: 'ObjectCreated:' }], s3: { object: { key: [{ prefix: 'in/' }] } } },
  };

  it('reads the records of S3', () => {
    expect(passesBody(policy, { Records: [record('ObjectCreated:Put', 'in/a')] })).toBe(true);
    expect(passesBody(policy, { Records: [record('ObjectCreated:Put', 'out/a')] })).toBe(false);
    expect(passesBody(policy, { Event: 's3:TestEvent' })).toBe(false);
  });

  it('wants one element to match as a whole', () => {
    const mixed = [record('ObjectCreated:Put', 'out/a'), record('ObjectRemoved:Delete', 'in/a')];
    expect(passesBody(policy, { Records: mixed })).toBe(false);
    expect(passesBody(policy, { Records: [...mixed, record('ObjectCreated:Copy', 'in/b')] })).toBe(true);
  });

  it('takes one of several alternatives', () => {
    const either = { source: ['aws'], $or: [{ a: ['x'] }, { b: [{ numeric: ['>', 1] }] }] };
    expect(passesBody(either, { source: 'aws', a: 'x' })).toBe(true);
    expect(passesBody(either, { source: 'aws', b: 2 })).toBe(true);
    expect(passesBody(either, { source: 'aws', b: 1 })).toBe(false);
    expect(passesBody(either, { source: 'other', a: 'x' })).toBe(false);
  });
});

describe('message attributes', () => {
  it.each<[unknown, Readonly<Record<string, readonly [string, string]>>, boolean]>([
    ['x', { a: ['String', 'x'] }, true],
    ['x', {}, false],
    [99, { a: ['Number', '99'] }, true],
    ['99', { a: ['Number', '99'] }, false],
    [{ numeric: ['>', 0, '<=', 100] }, { a: ['Number', '99'] }, true],
    [{ numeric: ['>', 0, '<=', 100] }, { a: ['String', '99'] }, false],
    ['x', { a: ['String.Array', '["y","x"]'] }, true],
    [{ exists: true }, { a: ['Binary', ''] }, true],
    ['x', { a: ['Binary', ''] }, false],
    // Recorded: null stands for an attribute that is not there.
    [null, {}, true],
    [{ 'anything-but': 'x' }, {}, false],
  ])('%j of %j is %s', (condition, attributes, expected) => {
    expect(passesAttributes(a(condition), attributes)).toBe(expected);
  });
});

describe('policies that SNS refuses', () => {
  const wide = (n: number) => Array.from({ length: n }, (_, i) => `v${i}`);
  it.each<[unknown, string]>([
    [a(['x']), 'Match value must be String, number, true, false, or null'],
    [a({ 'wrong-operator': true }), 'Unrecognized match type wrong-operator'],
    [a({ suffix: 'x', prefix: 'y' }), 'Only one key allowed in match expression'],
    [a({ suffix: 100 }), 'suffix match pattern must be a string'],
    [{ a: { suffix: 'x' } }, '"suffix" must be an object or an array'],
    [{ a: 'x' }, '"a" must be an object or an array'],
    [a({ exists: 'no' }), 'exists match pattern must be either true or false.'],
    [a({ numeric: [] }), 'Invalid member in numeric match: ]'],
    [a({ numeric: ['operator'] }), 'Unrecognized numeric range operator: operator'],
    [a({ numeric: [1, '<='] }), 'Invalid member in numeric match: 1'],
    [a({ numeric: ['=', '000'] }), 'Value of equals must be numeric'],
    [a({ numeric: ['>='] }), 'Value of >= must be numeric'],
    [a({ numeric: ['<', 100, '>', 10] }), 'Too many elements in numeric expression'],
    [a({ numeric: ['>=', 1, '>', 2] }), 'Bad numeric range operator: >'],
    [a({ numeric: ['>', 3, '<', 1] }), 'Bottom must be less than top'],
    [a({ numeric: ['>', 20, '<='] }), 'Value of <= must be numeric'],
    [a({ numeric: ['>', 20, 30] }), 'Bad value in numeric range: 30'],
    [a({ numeric: ['>', 20, 'test'] }), 'Bad numeric range operator: test'],
    [a({ numeric: ['>', 20, '<', 30, '<', 50] }), 'Too many terms in numeric range expression'],
    [{ a: wide(151) }, 'Filter policy is too complex'],
    [{ a: wide(13), b: wide(12) }, 'Filter policy is too complex'],
    [{ a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] }, 'Filter policy can not have more than 5 keys'],
  ])('%j', (policy, reason) => {
    expect(() => read(policy, 'MessageBody')).toThrow(new Error(reason));
  });

  it('allows nesting in the body only', () => {
    expect(() => read({ a: { b: ['x'] } }, 'MessageAttributes')).toThrow('nested');
    expect(read({ a: { b: ['x'] } }, 'MessageBody')).toBeDefined();
    expect(read({}, 'MessageAttributes')).toBeUndefined();
  });
});
