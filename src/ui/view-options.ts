import type { Theme } from './theme.ts';

/** How results and items are drawn for a person: as lines without line ends, sanitised. */
export interface ViewOptions {
  readonly theme: Theme;
  /** Columns of the terminal. */
  readonly width: number;
  /** True in a pipe: tabs between cells, nothing cut. */
  readonly plain: boolean;
  /** Epoch ms. */
  readonly now: number;
}

/** An item of a stream: results on stdout, talk on stderr. */
export interface ShownItem {
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
}
