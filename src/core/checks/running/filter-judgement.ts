/** What a filter (any of its patterns) makes of the messages that it can get. */
import { encodeEventKey } from '../../key-filter.ts';
import type { DoctorFacts } from '../../doctor/facts.ts';
import type { Expected } from './expected.ts';
import { fitOf } from './pattern-fit.ts';
import { mapLeaves, mapTexts, parsePattern, type Leaf } from './pattern-leaves.ts';

interface Rejection {
  readonly verdict: 'broken' | 'suspected';
  /** What stands in the way, of the first pattern. */
  readonly fields: readonly Leaf[];
  /** The patterns with their keys as they stand in messages, when that is all that is wrong. */
  readonly corrected: readonly string[] | undefined;
  /** It may be meant for other keys and other events. */
  readonly isSelective: boolean;
}

/** What events differ in. */
const SELECTIVE = /(?:^|\.)(?:eventName|detail-type|reason|deletion-type)$/;

/** Undefined when a message passes, or may. */
export function rejectionOf(
  { question }: DoctorFacts,
  patterns: readonly string[],
  expected: Expected,
): Rejection | undefined {
  const { messages, sampled, isOpen, keyPath, encoded } = expected;
  const all = [...messages, ...sampled];
  const isOpenOrKey = (leaf: Leaf) => isOpen(leaf) || leaf.path === keyPath;
  const fits = patterns.map((pattern) => fitOf(pattern, all, isOpen));
  const [first] = fits.flatMap((fit) => (fit.kind === 'misfit' ? [fit] : []));
  if (!first || fits.some(({ kind }) => kind !== 'misfit')) return undefined;
  const { fields } = first;
  const corrected = encoded ? patterns.map((pattern) => withEncodedKeys(pattern, keyPath)) : undefined;
  const passes = (those: readonly unknown[]) =>
    corrected?.some((pattern) => fitOf(pattern, those, isOpen).kind === 'fits') ?? false;
  if (question.key !== undefined) {
    const isOther = (leaf: Leaf) => isOpenOrKey(leaf) || SELECTIVE.test(leaf.path);
    const isSlip = passes(messages);
    const isSelective = !isSlip && patterns.some((pattern) => fitOf(pattern, all, isOther).kind === 'fits');
    return { verdict: 'broken', fields, corrected: isSlip ? corrected : undefined, isSelective };
  }
  const isKeyOnly = patterns.some((pattern) => fitOf(pattern, all, isOpenOrKey).kind !== 'misfit');
  if (!isKeyOnly) return { verdict: 'broken', fields, corrected: undefined, isSelective: false };
  // Keys that the filter wants may come yet, unless it is written for keys of the bucket in the wrong form.
  return passes(sampled) ? { verdict: 'suspected', fields, corrected, isSelective: false } : undefined;
}

function withEncodedKeys(text: string, keyPath: string): string {
  const pattern = parsePattern(text) ?? {};
  return JSON.stringify(
    mapLeaves(pattern, ({ path, operands }) =>
      path === keyPath ? mapTexts(operands, encodeEventKey) : operands,
    ),
  );
}
