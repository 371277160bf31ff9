/** The cases of `test-upload --matrix`: every operation that the bucket's rules take, and keys that go wrong easily. */
import { eventCovers } from './event-name.ts';
import { keyIn, keyPasses } from './key-filter.ts';
import { describeFilter, type Rule } from './notification.ts';
import type { Operation } from './operation.ts';

export type KeyKind =
  | 'plain'
  | 'space'
  | 'plus'
  | 'plus and ='
  | 'percent'
  | 'unicode'
  | '@'
  | 'parentheses'
  | '1,024 bytes'
  | 'empty object'
  | 'folder marker';

/** What stands in the middle of a key of the kind, beside what keeps it apart from others. */
const MIDDLES: Readonly<Record<KeyKind, string>> = {
  plain: 'plain',
  space: 'a b',
  plus: 'a+b',
  'plus and =': 'a+b=c',
  percent: '100%25 %',
  unicode: 'été-日本-🏖',
  '@': 'me@home',
  parentheses: '(1)',
  '1,024 bytes': 'long-',
  'empty object': 'empty',
  'folder marker': 'folder',
};

const KINDS = Object.keys(MIDDLES) as readonly KeyKind[];
/** Of the operations that do not get all kinds: awkward ones in turn. */
const IN_TURN: readonly KeyKind[] = ['space', 'plus', 'unicode', 'percent', 'plus and =', 'parentheses', '@'];
const KEY_BYTES = 1024;

export interface MatrixCase {
  readonly operation: Operation;
  readonly keyKind: KeyKind;
  readonly key: string;
  /** `s3:` included. */
  readonly eventName: string;
  /** An object without a byte in it. */
  readonly empty: boolean;
}

export interface SkippedCase {
  readonly operation: Operation;
  /** Null when the operation is left out altogether. */
  readonly keyKind: KeyKind | null;
  readonly reason: string;
}

export interface MatrixInput {
  readonly rules: readonly Rule[];
  /** Whether EventBridge takes every event; one that S3 does not send there is not among the operations. */
  readonly eventBridge: boolean;
  /** With the event that each makes in this bucket. */
  readonly operations: readonly { readonly operation: Operation; readonly eventName: string }[];
  /** Keeps the keys apart from others. */
  readonly unique: string;
}

/** The first operation that is taken gets keys of every kind, each other one an awkward one. Some 20 cases at most. */
export function matrixCases({ rules, eventBridge, operations, unique }: MatrixInput): {
  readonly cases: readonly MatrixCase[];
  readonly skipped: readonly SkippedCase[];
} {
  const cases: MatrixCase[] = [];
  const skipped: SkippedCase[] = [];
  let turn = 0;
  let first = true;
  for (const { operation, eventName } of operations) {
    const taking = rules.filter(({ events }) => events.some((event) => eventCovers(event, eventName)));
    if (taking.length === 0 && !eventBridge) {
      skipped.push({ operation, keyKind: null, reason: `no rule takes ${eventName}` });
      continue;
    }
    const kinds = first ? KINDS : IN_TURN.slice(turn % IN_TURN.length, (turn % IN_TURN.length) + 1);
    if (!first) turn++;
    first = false;
    for (const [index, keyKind] of kinds.entries()) {
      // Rules in turn, so that each of them is tried; one that takes no key of the kind leaves it to the next.
      const at = (index + turn) % Math.max(taking.length, 1);
      const candidates = taking.length === 0 ? [undefined] : [...taking.slice(at), ...taking.slice(0, at)];
      const [key] = candidates.flatMap((rule) => keyOf(keyKind, rule, `${unique}-${operation}`) ?? []);
      if (key === undefined) {
        const filters = taking.map(({ id, filter }) => `"${id}" (${describeFilter(filter)})`).join(', ');
        skipped.push({ operation, keyKind, reason: `no rule takes such a key: ${filters}` });
        continue;
      }
      const empty = keyKind === 'empty object' || keyKind === 'folder marker';
      cases.push({ operation, keyKind, key, eventName, empty });
    }
  }
  return { cases, skipped };
}

/** A key of the kind that the rule takes; undefined when there is none. */
function keyOf(kind: KeyKind, rule: Rule | undefined, unique: string): string | undefined {
  const filter = rule?.filter ?? {};
  const middle = `s3evt-${unique}-${MIDDLES[kind]}`;
  if (kind === 'folder marker') {
    const key = keyIn({ prefix: filter.prefix ?? '' }, `${middle}/`);
    return keyPasses(filter, key) ? key : undefined;
  }
  const short = keyIn(filter, middle);
  const missing = KEY_BYTES - byteLength(short);
  if (missing < 0) return undefined;
  const key = kind === '1,024 bytes' ? keyIn(filter, `${middle}${'x'.repeat(missing)}`) : short;
  return keyPasses(filter, key) ? key : undefined;
}

/** Bytes of UTF-8. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
