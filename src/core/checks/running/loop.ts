/** Signs that a function is invoked by what it writes itself. */
import type { FunctionNode, SeenRecord } from '../../doctor/facts.ts';

/** Records that the function's own role caused: the name of its session is that of the function. */
export function ownRecords(node: FunctionNode, records: readonly SeenRecord[]): readonly SeenRecord[] {
  return records.filter(({ principalId }) => isOwn(node, principalId));
}

/** `AWS:AROA…:function` */
function isOwn({ name }: FunctionNode, principalId: string | undefined): boolean {
  const [, , session] = principalId?.split(':') ?? [];
  return session === name;
}

/**
 * Whether keys nest as outputs of outputs do: `out/out/a.jpg` beside `out/a.jpg`, `a-small-small.jpg` beside `a-small.jpg`. Of records
 * that say who caused them only the function's own count.
 */
export function keysNest(node: FunctionNode, records: readonly SeenRecord[]): boolean {
  const keys = records
    .filter(({ principalId }) => principalId === undefined || isOwn(node, principalId))
    .map(({ key }) => key.split(/[/._-]/));
  const seen = new Set(keys.map(joined));
  return keys.some((parts) => withoutDoubled(parts).some((shorter) => seen.has(joined(shorter))));
}

const joined = (parts: readonly string[]) => parts.join('/');

const MOST_PARTS = 64;
const LONGEST_BLOCK = 4;

/** The parts without one of two equal runs that follow each other, for each such pair. Runs of digits alone happen in dates. */
function withoutDoubled(parts: readonly string[]): readonly (readonly string[])[] {
  if (parts.length > MOST_PARTS) return [];
  const shorter: (readonly string[])[] = [];
  for (let size = 1; size <= LONGEST_BLOCK; size++) {
    for (let at = 0; at + 2 * size <= parts.length; at++) {
      const first = parts.slice(at, at + size);
      const isWord = first.some((part) => /\p{L}{2}/u.test(part));
      if (!isWord || joined(first) !== joined(parts.slice(at + size, at + 2 * size))) continue;
      shorter.push([...parts.slice(0, at), ...parts.slice(at + size)]);
    }
  }
  return shorter;
}
