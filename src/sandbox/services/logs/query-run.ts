/** Runs the commands of a query over events. */
import type { StoredEvent } from './event-list.ts';
import { evaluate, type Row } from './query-evaluate.ts';
import { spend, type StepBudget } from './query-error.ts';
import { discoverFields } from './query-fields.ts';
import type { Column, Command, Query } from './query-syntax.ts';
import { compareValues, isTrue, renderValue, toText, type Value } from './query-value.ts';

/** An event and the group that it is in. */
export interface QueriedEvent {
  readonly event: StoredEvent;
  /** `111122223333:/aws/lambda/demo`. */
  readonly log: string;
  /** What @ptr shows. */
  readonly pointer: string;
  /** Only groups of the class STANDARD have discovered fields. */
  readonly discovers: boolean;
}

export interface ResultCell {
  readonly field: string;
  readonly value: string;
}

export interface QueryOutcome {
  readonly rows: readonly (readonly ResultCell[])[];
  /** Events that passed the filters. */
  readonly matched: number;
}

interface QueryRow extends Row {
  readonly made: Map<string, Value>;
  readonly pointer: string | undefined;
}

/** Without `limit` in the query or in the request. */
const DEFAULT_LIMIT = 10_000;

/**
 * `events` come newest first, which is the order of a result that is not sorted (page of dedup: "the default
 * descending sort order using @timestamp"). `limit` is the request's; which counts when the query has its own is UNKNOWN:
 * the smaller does. Throws `QueryTimeout`.
 */
export function runQuery(
  { commands }: Query,
  events: readonly QueriedEvent[],
  limit: number | undefined,
  budget: StepBudget,
): QueryOutcome {
  let rows: QueryRow[] = events.map(eventRow);
  let matched = rows.length;
  let shown: string[] = [];
  let isAggregated = false;
  let ownLimit: number | undefined;
  let isDisplayed = false;
  /** Of `display` only what it names is left; other commands add columns as long as there was none. */
  const show = (names: readonly string[]) => {
    if (!isDisplayed) shown = [...new Set([...shown, ...names])];
  };
  let parsed: readonly string[] = [];
  for (const command of commands) {
    spend(budget, rows.length);
    switch (command.kind) {
      case 'filter':
        rows = rows.filter((row) => isTrue(evaluate(command.condition, row, budget)));
        if (!isAggregated) matched = rows.length;
        break;
      case 'fields':
        fill(rows, command.columns, budget);
        show(command.columns.map(({ name }) => name));
        break;
      case 'display':
        fill(rows, command.columns, budget);
        shown = command.columns.map(({ name }) => name);
        isDisplayed = true;
        break;
      case 'parseGlob':
      case 'parseRegex':
        for (const row of rows) parseInto(row, command, budget);
        parsed = [...parsed, ...command.names];
        break;
      case 'sort':
        rows = sorted(rows, command.keys, budget);
        break;
      case 'limit':
        // In the middle of a query it ends what went before; AWS's reading is UNKNOWN.
        rows = rows.slice(0, command.count);
        ownLimit = command.count;
        break;
      case 'dedup':
        rows = deduplicated(rows, command, budget);
        break;
      case 'stats':
        rows = groupRows(rows, command, budget);
        shown = [...command.by, ...command.columns].map(({ name }) => name);
        parsed = [];
        isDisplayed = false;
        isAggregated = true;
        break;
    }
  }
  // Without a command that names columns AWS shows these two; fields of `parse` are shown unless `display` leaves them out.
  if (shown.length === 0 && !isAggregated) shown = ['@timestamp', '@message'];
  show(parsed);
  const kept = rows.slice(
    0,
    Math.min(limit ?? ownLimit ?? DEFAULT_LIMIT, ownLimit ?? Number.POSITIVE_INFINITY),
  );
  return { rows: kept.map((row) => resultRow(row, shown)), matched };
}

function eventRow({ event, log, pointer, discovers }: QueriedEvent): QueryRow {
  const made = new Map<string, Value>();
  let discovered: ReadonlyMap<string, Value> | undefined;
  return {
    made,
    pointer,
    get(field) {
      if (made.has(field)) return made.get(field);
      switch (field) {
        case '@timestamp':
          return { ms: event.timestamp };
        case '@ingestionTime':
          return { ms: event.ingestionTime };
        case '@message':
          return event.message;
        case '@logStream':
          return event.stream;
        case '@log':
          return log;
        case '@ptr':
          return pointer;
      }
      if (!discovers) return undefined;
      discovered ??= discoverFields(event.message);
      return discovered.get(field);
    },
  };
}

function madeRow(made: Map<string, Value>): QueryRow {
  return { made, pointer: undefined, get: (field) => made.get(field) };
}

function fill(rows: readonly QueryRow[], columns: readonly Column[], budget: StepBudget): void {
  for (const { name, expression } of columns) {
    if (expression.kind === 'field' && expression.name === name) continue;
    for (const row of rows) row.made.set(name, evaluate(expression, row, budget));
  }
}

function parseInto(
  row: QueryRow,
  command: Extract<Command, { kind: 'parseGlob' | 'parseRegex' }>,
  budget: StepBudget,
): void {
  const text = toText(row.get(command.from.kind === 'field' ? command.from.name : ''));
  if (text === undefined) return;
  spend(budget, text.length / 100);
  const values =
    command.kind === 'parseGlob' ? matchGlob(text, command.pieces) : command.regex.exec(text, budget);
  if (values) command.names.forEach((name, i) => row.made.set(name, values[i]));
}

/** What the wildcards between the pieces stand for: each as little as possible, one at the end all that is left. */
function matchGlob(text: string, pieces: readonly string[]): readonly string[] | undefined {
  const [first = '', ...others] = pieces;
  let at = text.indexOf(first);
  if (at < 0) return undefined;
  at += first.length;
  const values: string[] = [];
  for (const piece of others) {
    const end = piece === '' ? text.length : text.indexOf(piece, at);
    if (end < 0) return undefined;
    values.push(text.slice(at, end));
    at = end + piece.length;
  }
  return values;
}

function sorted(
  rows: readonly QueryRow[],
  keys: Extract<Command, { kind: 'sort' }>['keys'],
  budget: StepBudget,
): QueryRow[] {
  const keyed = rows.map((row) => ({
    row,
    values: keys.map(({ expression }) => evaluate(expression, row, budget)),
  }));
  keyed.sort((a, b) => {
    for (const [i, { descending }] of keys.entries()) {
      const order = compareValues(a.values[i], b.values[i]);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

/** The first of each; rows without one of the fields all stay. */
function deduplicated(
  rows: readonly QueryRow[],
  command: Extract<Command, { kind: 'dedup' }>,
  budget: StepBudget,
): QueryRow[] {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const values = command.fields.map((field) => toText(evaluate(field, row, budget)));
    if (values.includes(undefined)) return true;
    const key = JSON.stringify(values);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * One row for each combination of the `by` columns, in the order in which they are met; AWS's order is UNKNOWN, and so is
 * whether `stats count(*)` over nothing gives a row of 0: none here, which a client has to be ready for.
 */
function groupRows(
  rows: readonly QueryRow[],
  command: Extract<Command, { kind: 'stats' }>,
  budget: StepBudget,
): QueryRow[] {
  const groups = new Map<string, { readonly by: readonly Value[]; readonly members: QueryRow[] }>();
  for (const row of rows) {
    const by = command.by.map(({ expression }) => evaluate(expression, row, budget));
    const key = JSON.stringify(by.map((value) => toText(value) ?? null));
    const group = groups.get(key) ?? { by, members: [] };
    groups.set(key, group);
    group.members.push(row);
  }
  return [...groups.values()].map(({ by, members }) => {
    const made = new Map<string, Value>();
    const row = madeRow(made);
    command.by.forEach(({ name }, i) => made.set(name, by[i]));
    for (const { name, expression } of command.columns)
      made.set(name, evaluate(expression, row, budget, members));
    return row;
  });
}

/** Absent fields are left out; an event's row ends with its pointer. */
function resultRow(row: QueryRow, shown: readonly string[]): readonly ResultCell[] {
  const cells = shown.flatMap((field): readonly ResultCell[] => {
    const value = row.get(field);
    return value === undefined ? [] : [{ field, value: renderValue(value) }];
  });
  if (row.pointer === undefined || shown.includes('@ptr')) return cells;
  return [...cells, { field: '@ptr', value: row.pointer }];
}
