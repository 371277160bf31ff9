/**
 * Filter patterns over JSON messages, `{ $.level = "ERROR" && $.n > 3 }`
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html).
 * The whole message must be JSON: a text line that ends in JSON does not match.
 */
import {
  accept,
  expect,
  skipSpace,
  syntaxError,
  takeComparison,
  takeExpression,
  takeWhile,
  type Scanner,
  type Value,
} from './filter-scanner.ts';
import { FilterSyntaxError } from './filter-syntax-error.ts';

/** Quotas of the filter pattern page: one in a selector, three in a pattern. */
const MAX_WILDCARDS = 3;

type PathStep = { readonly key: string } | { readonly index: number } | 'any';

/** Reads the pattern from after its opening brace to its closing one. */
export function takeJsonPattern(scanner: Scanner): (message: string) => boolean {
  const wildcards = { count: 0 };
  const matches = takeExpression<unknown>(scanner, () => takeCondition(scanner, wildcards));
  expect(scanner, '}');
  return (message) => {
    const document = parseDocument(message);
    return document !== undefined && matches(document);
  };
}

function parseDocument(message: string): object | undefined {
  if (!/^\s*[[{]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}

function takeCondition(scanner: Scanner, wildcards: { count: number }): (document: unknown) => boolean {
  const path = takeSelector(scanner);
  if (path.includes('any') && ++wildcards.count > MAX_WILDCARDS) {
    throw new FilterSyntaxError('A filter pattern can have at most 3 wildcard selectors');
  }
  skipSpace(scanner);
  const word = takeWhile(scanner, /[A-Z]/y);
  if (word === 'NOT') {
    skipSpace(scanner);
    if (takeWhile(scanner, /[A-Z]/y) !== 'EXISTS') throw syntaxError(scanner);
    return (document) => select(document, path).length === 0;
  }
  if (word === 'IS') {
    skipSpace(scanner);
    const wanted = constant(takeWhile(scanner, /[A-Z]/y));
    if (wanted === undefined) throw syntaxError(scanner);
    return (document) => select(document, path).includes(wanted);
  }
  if (word !== '') throw syntaxError(scanner);
  const holds = takeComparison(scanner);
  return (document) =>
    select(document, path).some((found) => {
      const value = valueNode(found);
      return value !== undefined && holds(value);
    });
}

/** `IS NOT` and `EXISTS` are not supported by AWS either. */
function constant(word: string): null | boolean | undefined {
  if (word === 'NULL') return null;
  if (word === 'TRUE') return true;
  return word === 'FALSE' ? false : undefined;
}

/**
 * Arrays, objects, null and absent members are no value nodes: neither `=` nor `!=` holds for them. The page says so of
 * arrays and objects; for absent members it is the reading of its `NOT EXISTS`. That a boolean compares as the text
 * `true` is UNKNOWN; `= *` needs some text.
 */
function valueNode(found: unknown): Value | undefined {
  if (typeof found === 'string') return { text: found, number: undefined };
  if (typeof found === 'number') return { text: String(found), number: found };
  if (typeof found === 'boolean') return { text: String(found), number: undefined };
  return undefined;
}

/** `$.a.b-c[0]`, `$.*`, `$.list[*].id`, `$.['cluster.name']`. */
function takeSelector(scanner: Scanner): readonly PathStep[] {
  expect(scanner, '$');
  const path: PathStep[] = [];
  for (;;) {
    const dotted = accept(scanner, '.');
    if (accept(scanner, '[')) {
      path.push(takeBracket(scanner));
    } else if (dotted) {
      if (accept(scanner, '*')) path.push('any');
      else path.push({ key: takeName(scanner) });
    } else break;
  }
  if (path.length === 0) throw syntaxError(scanner);
  if (path.filter((step) => step === 'any').length > 1) {
    throw new FilterSyntaxError('A property selector can have at most 1 wildcard');
  }
  return path;
}

function takeName(scanner: Scanner): string {
  const name = takeWhile(scanner, /[\w-]/y);
  if (name === '') throw syntaxError(scanner);
  return name;
}

function takeBracket(scanner: Scanner): PathStep {
  let step: PathStep;
  if (accept(scanner, '*')) step = 'any';
  else if (accept(scanner, "'")) {
    step = { key: takeWhile(scanner, /[^']/y) };
    expect(scanner, "'");
  } else {
    const digits = takeWhile(scanner, /\d/y);
    if (digits === '') throw syntaxError(scanner);
    step = { index: Number(digits) };
  }
  expect(scanner, ']');
  return step;
}

function select(document: unknown, path: readonly PathStep[]): readonly unknown[] {
  let found: readonly unknown[] = [document];
  for (const step of path) found = found.flatMap((node) => children(node, step));
  return found;
}

/** Wrapped in arrays, so that `flatMap` keeps an array that is itself a member's value. */
function children(node: unknown, step: PathStep): readonly unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  if (step === 'any') return Object.values(node) as unknown[];
  if ('index' in step) return Array.isArray(node) && step.index < node.length ? [node[step.index]] : [];
  if (Array.isArray(node) || !Object.hasOwn(node, step.key)) return [];
  return [(node as Readonly<Record<string, unknown>>)[step.key]];
}
