// What a bench returns, and how it is shown. A row:
//   what      what was measured
//   values    one value for each round
//   unit      of the values: 'x' (a ratio taken within each round), 'ms', 'MB', '/s'
//   detail    what the ratio was taken of, in absolute figures of this machine
//   gate, aim the value that has to be reached, and the one to try for; both may be missing
//   more      the gate is a least value, not a most
/** The value below which `share` of the values lie: `quantile(times, 0.5)` is the median. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)];
}

export const median = (values) => quantile(values, 0.5);

/** Each value divided by the anchor's value of the same round. */
export const ratios = (values, anchors) => values.map((value, round) => value / anchors[round]);

/** A Markdown table, its columns as wide as they need: what prettier would make of it. */
export function table(rows) {
  const head = ['what', 'median', '25 to 75 %', 'gate', 'aim', 'gate met', 'in figures of this machine'];
  const cells = [head, ...rows.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line)].join('\n');
}

function cellsOf({ what, values, unit, detail = '', gate, aim, more = false }) {
  const show = (value) => (value === undefined ? '' : `${rounded(value)}${unit === 'x' ? '' : ` ${unit}`}`);
  const middle = median(values);
  const met = more ? middle >= gate : middle <= gate;
  return [
    what,
    show(middle),
    values.length > 1 ? `${rounded(quantile(values, 0.25))} to ${rounded(quantile(values, 0.75))}` : '',
    gate === undefined ? '' : `${more ? '>=' : '<='} ${show(gate)}`,
    aim === undefined ? '' : show(aim),
    gate === undefined ? '' : met ? 'yes' : '**no**',
    detail,
  ];
}

/** Three significant digits; whole numbers from a hundred on. */
export function rounded(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
