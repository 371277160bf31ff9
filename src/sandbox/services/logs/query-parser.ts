/** Reads a query: commands with a pipe between them. Throws `QuerySyntaxError` and nothing else. */
import { QuerySyntaxError } from './query-error.ts';
import { readExpression } from './query-expression.ts';
import {
  acceptNumber,
  acceptSign,
  acceptString,
  acceptWord,
  expectName,
  expectPattern,
  expectSign,
  peek,
  peekName,
  unexpected,
  type Reader,
} from './query-reader.ts';
import type { Column, Command, Expression, Query, SourceSelection } from './query-syntax.ts';

/** Commands of the language that no sandbox needs for a log of some megabytes: said, not passed over. */
const UNSUPPORTED = [
  'addtotals',
  'anomaly',
  'diff',
  'expand',
  'filterindex',
  'join',
  'lookup',
  'pattern',
  'relevantfields',
  'unmask',
  'unnest',
];

const MAX_LIMIT = 100_000;

export function parseQuery(text: string): Query {
  const reader: Reader = { text, at: 0, depth: 0, operators: 0 };
  let source: SourceSelection | undefined;
  const commands: Command[] = [];
  if (acceptWord(reader, 'source')) {
    source = readSource(reader);
    if (peek(reader) !== '') expectSign(reader, '|');
  }
  do {
    if (commands.length > 0) expectSign(reader, '|');
    if (peek(reader) === '' && source) break;
    const start = reader.at;
    const command = readCommand(reader);
    // "The only query command that you can use in a query after the dedup command is limit" (page of dedup).
    if (command.kind !== 'limit' && commands.some(({ kind }) => kind === 'dedup')) {
      reader.at = start;
      throw unexpected(reader);
    }
    commands.push(command);
  } while (peek(reader) !== '');
  return { source, commands };
}

function readCommand(reader: Reader): Command {
  const name = peekName(reader)?.toLowerCase() ?? '';
  const accepted = acceptWord(reader, name);
  switch (accepted ? name : '') {
    case 'fields':
      return { kind: 'fields', columns: withoutAggregates(readColumns(reader)) };
    case 'display':
      return { kind: 'display', columns: withoutAggregates(readColumns(reader)) };
    case 'filter': {
      const condition = readExpression(reader);
      withoutAggregates([{ name: 'filter', expression: condition }]);
      return { kind: 'filter', condition };
    }
    case 'parse':
      return readParse(reader);
    case 'sort':
      return readSort(reader);
    case 'limit':
      return readLimit(reader);
    case 'dedup':
      return { kind: 'dedup', fields: readColumns(reader).map(({ expression }) => expression) };
    case 'stats':
      return readStats(reader);
  }
  if (UNSUPPORTED.includes(name)) throw new QuerySyntaxError(`${name} is not implemented by the sandbox`);
  reader.at -= accepted ? name.length : 0;
  throw unexpected(reader);
}

function readColumns(reader: Reader): Column[] {
  const columns: Column[] = [];
  do {
    peek(reader);
    const start = reader.at;
    const expression = readExpression(reader);
    // Without a name of its own a column is called as it is written; a field without its backticks.
    const written =
      expression.kind === 'field' ? expression.name : reader.text.slice(start, reader.at).trim();
    columns.push({ name: acceptWord(reader, 'as') ? expectName(reader) : written, expression });
  } while (acceptSign(reader, ','));
  return columns;
}

function readParse(reader: Reader): Command {
  const next = peek(reader);
  const from: Expression =
    next === '"' || next === "'" || next === '/'
      ? { kind: 'field', name: '@message' }
      : { kind: 'field', name: expectName(reader) };
  const pattern = expectPattern(reader);
  const names: string[] = [];
  if (acceptWord(reader, 'as')) {
    do names.push(expectName(reader));
    while (acceptSign(reader, ','));
  }
  if ('text' in pattern) {
    const pieces = pattern.text.split('*');
    if (pieces.length < 2 || pieces.length - 1 !== names.length) {
      throw new QuerySyntaxError(`parse has ${pieces.length - 1} wildcards and ${names.length} names`);
    }
    // With nothing between two wildcards it is open where one ends.
    if (pieces.slice(1, -1).includes('')) throw new QuerySyntaxError('parse has two wildcards in a row');
    return { kind: 'parseGlob', from, pieces, names };
  }
  const { captures } = pattern.regex;
  const own = captures.map((capture, i) => capture ?? names[i]);
  if (own.length === 0 || own.length < names.length || own.includes(undefined)) {
    throw new QuerySyntaxError('parse needs a name for each capturing group');
  }
  return { kind: 'parseRegex', from, regex: pattern.regex, names: own.filter((name) => name !== undefined) };
}

function readSort(reader: Reader): Command {
  const keys: { expression: Expression; descending: boolean }[] = [];
  do {
    const expression = readExpression(reader);
    const descending = acceptWord(reader, 'desc');
    if (!descending) acceptWord(reader, 'asc');
    keys.push({ expression, descending });
  } while (acceptSign(reader, ','));
  return { kind: 'sort', keys };
}

function readLimit(reader: Reader): Command {
  // `limit any` ends the search early on AWS; which events it then finds is left open.
  acceptWord(reader, 'any');
  peek(reader);
  const start = reader.at;
  const count = acceptNumber(reader);
  if (count === undefined || !Number.isInteger(count) || count < 1 || count > MAX_LIMIT) {
    reader.at = start;
    throw unexpected(reader);
  }
  return { kind: 'limit', count };
}

function readStats(reader: Reader): Command {
  const columns = readColumns(reader);
  if (!columns.every(({ expression }) => holdsAggregate(expression))) {
    throw new QuerySyntaxError('stats needs an aggregation function in each column');
  }
  const by = acceptWord(reader, 'by') ? withoutAggregates(readColumns(reader)) : [];
  return { kind: 'stats', columns, by };
}

function withoutAggregates(columns: Column[]): Column[] {
  const wrong = columns.find(({ expression }) => holdsAggregate(expression));
  // The text is second-hand.
  if (wrong) throw new QuerySyntaxError(`No aggregation function expression allowed: ${wrong.name}`);
  return columns;
}

function holdsAggregate(expression: Expression): boolean {
  switch (expression.kind) {
    case 'aggregate':
      return true;
    case 'and':
    case 'or':
    case 'compare':
    case 'calculate':
      return holdsAggregate(expression.left) || holdsAggregate(expression.right);
    case 'not':
    case 'like':
    case 'bin':
      return holdsAggregate(expression.operand);
    case 'in':
      return [expression.operand, ...expression.list].some(holdsAggregate);
    case 'call':
      return expression.args.some(holdsAggregate);
    case 'literal':
    case 'field':
      return false;
  }
}

/** `SOURCE logGroups(namePrefix: ['a'], class: ['INFREQUENT_ACCESS'])`. */
function readSource(reader: Reader): SourceSelection {
  if (!acceptWord(reader, 'loggroups')) throw unexpected(reader);
  expectSign(reader, '(');
  const lists: Record<string, readonly string[]> = {};
  if (!acceptSign(reader, ')')) {
    do {
      const keyword = expectName(reader);
      if (!['namePrefix', 'class', 'accountIdentifiers'].includes(keyword)) throw unexpected(reader);
      expectSign(reader, ':');
      lists[keyword] = readStrings(reader);
    } while (acceptSign(reader, ','));
    expectSign(reader, ')');
  }
  const { namePrefix = [''], class: classes = ['STANDARD'], accountIdentifiers = [] } = lists;
  if (namePrefix.length > 5 || accountIdentifiers.length > 20) throw unexpected(reader);
  return { namePrefixes: namePrefix, classes, accounts: accountIdentifiers };
}

function readStrings(reader: Reader): readonly string[] {
  expectSign(reader, '[');
  const texts: string[] = [];
  do {
    const text = acceptString(reader);
    if (text === undefined) throw unexpected(reader);
    texts.push(text);
  } while (acceptSign(reader, ','));
  expectSign(reader, ']');
  return texts;
}
