import { fstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Columns that help is rendered for at build time: without a terminal, and in one of at least this width. */
export const HELP_WIDTHS = [80, 100] as const;

/** The path of a command (`sandbox start`; empty: the program) and what `--help` prints for it. */
export type HelpPages = Readonly<Record<string, string>>;

export const helpFile = (folder: string, width: number): string => join(folder, `help-${width}.json`);

/**
 * What a command line prints that asks for help and nothing else; undefined when it asks for something else, or the
 * terminal has a width that no page was rendered for: then commander renders it.
 */
export function helpPage(
  args: readonly string[],
  folder: string,
  columns: () => number | undefined,
): string | undefined {
  const last = args.at(-1);
  if (last !== '--help' && last !== '-h') return undefined;
  const width = Math.min(columns() ?? 80, 100);
  if (!HELP_WIDTHS.some((known) => known === width)) return undefined;
  const pages = JSON.parse(readFileSync(helpFile(folder, width), 'utf8')) as HelpPages;
  const path = args.slice(0, -1).join(' ');
  return Object.hasOwn(pages, path) ? pages[path] : undefined;
}

/** Of the terminal on stdout. Only a character device can be one; to ask `process.stdout` costs a tenth of a start. */
export function terminalColumns(): number | undefined {
  return fstatSync(1).isCharacterDevice() ? process.stdout.columns : undefined;
}
