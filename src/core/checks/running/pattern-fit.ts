/** Whether a pattern can ever take one of the messages that are to be expected. */
import { compileEventPattern, matchesEventPattern, unmatchedFields } from '../../event-pattern.ts';
import { leavesOf, mapLeaves, parsePattern, type Leaf } from './pattern-leaves.ts';

type Fit =
  | { readonly kind: 'fits' }
  /** It takes none of them; `fields` are those that stand in the way. */
  | { readonly kind: 'misfit'; readonly fields: readonly Leaf[] }
  | { readonly kind: 'unreadable' };

/** `isOpen`: fields whose value cannot be foreseen. They are taken to hold. */
export function fitOf(text: string, messages: readonly unknown[], isOpen: (leaf: Leaf) => boolean): Fit {
  const written = parsePattern(text);
  if (!written) return { kind: 'unreadable' };
  const judged = mapLeaves(written, (leaf) => (isOpen(leaf) ? undefined : leaf.operands));
  if (Object.keys(judged).length === 0) return { kind: 'fits' };
  const compiled = compileEventPattern(JSON.stringify(judged));
  if (!compiled.ok || messages.length === 0) return { kind: 'unreadable' };
  if (messages.some((message) => matchesEventPattern(compiled.pattern, message))) return { kind: 'fits' };
  const nearest = messages
    .map((message) => unmatchedFields(compiled.pattern, message))
    .reduce((best, fields) => (fields.length < best.length ? fields : best));
  const leaves = leavesOf(judged);
  const fields = leaves.filter(({ path }) => nearest.includes(path));
  return { kind: 'misfit', fields: fields.length === 0 ? leaves : fields };
}

/** `body.s3.bucket.name ["photos"]` */
export function shownLeaf({ path, operands }: Leaf): string {
  return `${path} ${JSON.stringify(operands)}`;
}
