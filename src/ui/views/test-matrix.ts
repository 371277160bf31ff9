import type { MatrixResult, MatrixRow } from '../../commands/test-matrix.ts';
import { sanitize } from '../sanitize.ts';
import type { Cell } from '../table.ts';
import type { ViewOptions } from '../view-options.ts';
import { elapsed, folded, tableOrStack } from './parts.ts';

const COLUMNS = [
  { header: 'operation' },
  { header: 'key' },
  { header: 'expected by' },
  { header: 'arrived' },
  { header: 'latency', align: 'right' },
  { header: 'key decoded' },
] as const;

/** One row for each case, then what was left out and what went wrong. */
export function viewTestMatrix(result: MatrixResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { matrix } = result;
  const rows = matrix.map((row) => cellsOf(row, options));
  const stacked = () => rows.map((cells) => cells.map((cell) => sanitize(textOf(cell))).join('  '));
  const good = matrix.filter(({ status }) => status === 'delivered').length;
  const mark = result.status === 'ok' ? theme.good(theme.symbols.done) : theme.bad(theme.symbols.failed);
  const lines = [
    ...tableOrStack(rows, COLUMNS, options, stacked),
    `${mark} ${good} of ${matrix.length} events arrived`,
  ];
  for (const row of matrix) lines.push(...problemOf(row, options));
  for (const { operation, keyKind, reason } of result.skipped) {
    const what = keyKind === null ? operation : `${operation}, ${keyKind}`;
    lines.push(...folded(`left out: ${what}: ${sanitize(reason)}`, 2, options));
  }
  return lines;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function cellsOf(row: MatrixRow, { theme }: ViewOptions): readonly Cell[] {
  const style = row.status === 'delivered' ? theme.good : theme.bad;
  return [
    row.operation,
    row.keyKind,
    row.expected.join(', '),
    { text: ARRIVED[row.status], style },
    row.latencyMs === null ? '' : elapsed(row.latencyMs),
    { text: decoded(row), style: row.keyDecoded === false ? theme.bad : theme.dim },
  ];
}

const ARRIVED = { delivered: 'yes', missing: 'no', unexpected: 'unexpectedly', failed: 'not sent' } as const;

function decoded({ keyDecoded, deliveries }: MatrixRow): string {
  if (keyDecoded !== null) return keyDecoded ? 'yes' : 'no';
  return deliveries.some(({ status }) => status === 'delivered') ? 'only counted' : '';
}

function problemOf(row: MatrixRow, options: ViewOptions): readonly string[] {
  const what = `${row.operation}, ${row.keyKind} (${sanitize(row.key)})`;
  if (row.error !== null) return folded(`${what}: ${sanitize(row.error)}`, 2, options);
  const reasons = row.deliveries.flatMap(({ status, detail, ruleId }) =>
    status === 'delivered' ? [] : [`rule ${ruleId}: ${detail ?? 'the event was not seen'}`],
  );
  const wrong = row.deliveries.find(({ record }) => record !== null && record.key !== row.key);
  if (wrong?.record) reasons.push(`the key that arrived is ${wrong.record.key}`);
  return reasons.flatMap((reason) => folded(`${what}: ${sanitize(reason)}`, 2, options));
}
