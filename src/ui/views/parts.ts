import type { RuleReport, StepReport } from '../../core/plan.ts';
import { stripVTControlCharacters } from 'node:util';
import { sanitize } from '../sanitize.ts';
import { formatTable, type Cell, type Column } from '../table.ts';
import type { ViewOptions } from '../view-options.ts';
import { displayWidth, wrap } from '../width.ts';

/** Pieces that several views share. Every text of AWS or of the user goes through `sanitize` here. */

export function filterText(rule: Pick<RuleReport, 'prefix' | 'suffix'>): string {
  return sanitize(`${rule.prefix ?? ''}*${rule.suffix ?? ''}`);
}

/** `arn:aws:lambda:eu-west-1:123456789012:function:Demo-S3` -> `lambda Demo-S3`; the whole ARN stands in JSON. */
export function destinationText(destination: { readonly kind: string; readonly arn: string }): string {
  const resource = destination.arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^function:/, '');
  return sanitize(`${destination.kind} ${resource}`);
}

/** `+12 ms`; the clocks of two machines may disagree, so it may be negative. */
export function elapsed(ms: number | null): string {
  if (ms === null) return 'unknown';
  return `${ms < 0 ? '-' : '+'}${Math.abs(ms) < 10_000 ? `${Math.round(Math.abs(ms))} ms` : `${(Math.abs(ms) / 1_000).toFixed(1)} s`}`;
}

export function countSteps(steps: readonly StepReport[]): {
  readonly applied: number;
  readonly planned: number;
} {
  const count = (outcome: StepReport['outcome']) => steps.filter((step) => step.outcome === outcome).length;
  return { applied: count('applied'), planned: count('planned') };
}

/**
 * Text as lines that fit the terminal, broken at spaces, each `indent` cells from the left and what follows two more. Without
 * styles: they would count. In a pipe it stays one line.
 */
export function folded(text: string, indent: number, { plain, width }: ViewOptions): readonly string[] {
  const lines = plain ? [text] : wrap(text, Math.max(width - indent - 2, 20));
  return lines.map((line, index) => ' '.repeat(indent + (index === 0 ? 0 : 2)) + line);
}

/** The rows as a table; on a terminal that is too narrow for it, each row as `stacked` draws it: nothing is cut off. */
export function tableOrStack(
  rows: readonly (readonly Cell[])[],
  columns: readonly Column[],
  options: ViewOptions,
  stacked: () => readonly string[],
): readonly string[] {
  const { theme, plain, width } = options;
  const lines = formatTable(rows, columns, { theme, plain, width: Infinity });
  const fits = lines.every((line) => displayWidth(stripVTControlCharacters(line)) <= width);
  return plain || fits ? lines : stacked();
}
