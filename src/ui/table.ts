import { sanitize } from './sanitize.ts';
import type { Style, Theme } from './theme.ts';
import { cut, displayWidth } from './width.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
}

/** Text as it came, sanitised here; a style is applied after padding and cutting, so it never counts as width. */
export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly theme: Theme;
  /** For a pipe: cells between tabs, no headers, nothing cut or styled. */
  readonly plain?: boolean;
}

const GAP = '  ';
/** The last column keeps at least this many cells, even if the line then is longer than the terminal is wide. */
const LAST_COLUMN_MINIMUM = 12;

interface ReadyCell {
  readonly text: string;
  readonly style: Style;
}

/** Lines without line ends. Rows may be shorter than the list of columns. */
export function formatTable(
  rows: readonly (readonly Cell[])[],
  columns: readonly Column[],
  options: TableOptions,
): string[] {
  const ready = rows.map((row) => columns.map((_, index) => readyCell(row[index] ?? '')));
  if (options.plain === true) return ready.map((row) => row.map((cell) => cell.text).join('\t'));

  const header = columns.map((column) => ({ text: column.header, style: options.theme.dim }));
  const all = [header, ...ready];
  const widths = columns.map((_, index) =>
    Math.max(...all.map((row) => displayWidth(row[index]?.text ?? ''))),
  );
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = Math.max(options.width - before, LAST_COLUMN_MINIMUM);
  widths[last] = Math.min(widths[last] ?? 0, room);

  return all.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const text = cut(cell.text, width, options.theme.symbols.ellipsis);
        const padding = ' '.repeat(width - displayWidth(text));
        if (columns[index]?.align === 'right') return padding + cell.style(text);
        // No trailing spaces: they wrap on a narrow terminal and come along when the line is copied.
        return index === last ? cell.style(text) : cell.style(text) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

function readyCell(cell: Cell): ReadyCell {
  if (typeof cell === 'string') return { text: sanitize(cell), style: (text) => text };
  return { text: sanitize(cell.text), style: cell.style };
}
