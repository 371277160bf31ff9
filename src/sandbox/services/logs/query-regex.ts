/**
 * Runs the regular expressions of Logs Insights as a set of states that moves along the text once, each with the
 * captures of the way that led there (K. Thompson's construction with R. Pike's captures): time is bounded by
 * text length times size of the expression. A backtracking engine is not: queries come from outside.
 */
import { QuerySyntaxError, spend, type StepBudget } from './query-error.ts';
import { isWord, parseRegex, type Assertion, type CharTest, type RegexNode } from './query-regex-parser.ts';

/** Counted repetition is unrolled; AWS's own bound is UNKNOWN. */
const MAX_INSTRUCTIONS = 2_000;

type Instruction =
  | { readonly op: 'char'; readonly accepts: CharTest }
  | { readonly op: 'assert'; readonly assertion: Assertion }
  | { readonly op: 'save'; readonly slot: number }
  /** Goes on at `next` and at `other`; the first is preferred. */
  | { readonly op: 'split'; next: number; other: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'match' };

/** Begin and end of each capture, the whole match at 0 and 1; -1 for one that took no part. */
type Captures = readonly number[];

export interface QueryRegex {
  /** Names of the captures in order; undefined for those without one. */
  readonly captures: readonly (string | undefined)[];
  /** Whether the expression occurs anywhere in the text. Throws `QueryTimeout`. */
  test(text: string, budget: StepBudget): boolean;
  /** The captured texts of the first occurrence; undefined when there is none. Throws `QueryTimeout`. */
  exec(text: string, budget: StepBudget): readonly (string | undefined)[] | undefined;
}

/** Throws `QuerySyntaxError`. */
export function compileQueryRegex(source: string): QueryRegex {
  const { node, captures } = parseRegex(source);
  const withCaptures = compile(node, source, true);
  const plain = compile(node, source, false);
  return {
    captures,
    test: (text, budget) => run(plain, text, budget, true) !== undefined,
    exec(text, budget) {
      const found = run(withCaptures, text, budget, false);
      return found && captures.map((_, i) => slice(text, found, i + 1));
    },
  };
}

function slice(text: string, captures: Captures, index: number): string | undefined {
  const [from = -1, to = -1] = [captures[2 * index], captures[2 * index + 1]];
  return from < 0 || to < 0 ? undefined : text.slice(from, to);
}

function compile(root: RegexNode, source: string, withCaptures: boolean): Program {
  const program: Instruction[] = [];
  let work = 0;
  const grow = () => {
    // Counted per node, not per instruction: an empty group repeated adds none.
    if (++work > MAX_INSTRUCTIONS)
      throw new QuerySyntaxError(`The regular expression /${source}/ is too large`);
  };
  const emit = <T extends Instruction>(instruction: T): T => {
    grow();
    program.push(instruction);
    return instruction;
  };
  const split = (lazy: boolean): ((after: number) => void) => {
    const at = program.length + 1;
    const instruction = emit<Instruction & { op: 'split' }>({ op: 'split', next: at, other: at });
    return (after) => {
      if (lazy) instruction.next = after;
      else instruction.other = after;
    };
  };
  const visit = (node: RegexNode): void => {
    grow();
    switch (node.kind) {
      case 'char':
        emit({ op: 'char', accepts: node.accepts });
        return;
      case 'assert':
        emit({ op: 'assert', assertion: node.assertion });
        return;
      case 'sequence':
        for (const part of node.nodes) visit(part);
        return;
      case 'choice':
        visitChoice(node.nodes);
        return;
      case 'capture':
        if (withCaptures) emit({ op: 'save', slot: 2 * node.index });
        visit(node.node);
        if (withCaptures) emit({ op: 'save', slot: 2 * node.index + 1 });
        return;
      case 'repeat': {
        for (let i = 0; i < node.min; i++) visit(node.node);
        if (node.max === Number.POSITIVE_INFINITY) {
          const start = program.length;
          const leave = split(node.lazy);
          visit(node.node);
          emit({ op: 'jump', to: start });
          leave(program.length);
          return;
        }
        const leaves: ((after: number) => void)[] = [];
        for (let i = node.min; i < node.max; i++) {
          leaves.push(split(node.lazy));
          visit(node.node);
        }
        for (const leave of leaves) leave(program.length);
      }
    }
  };
  const visitChoice = (nodes: readonly RegexNode[]): void => {
    const ends: { to: number }[] = [];
    nodes.forEach((node, i) => {
      if (i === nodes.length - 1) {
        visit(node);
        return;
      }
      const other = split(false);
      visit(node);
      ends.push(emit<Instruction & { op: 'jump' }>({ op: 'jump', to: 0 }));
      other(program.length);
    });
    for (const end of ends) end.to = program.length;
  };
  visit(root);
  emit({ op: 'match' });
  return { instructions: program, beginnings: beginnings(program) };
}

/** What a match can begin with; undefined when it can be empty. An assertion is taken to hold. */
function beginnings(program: readonly Instruction[]): readonly CharTest[] | undefined {
  const tests: CharTest[] = [];
  const seen = new Set<number>();
  const pending = [0];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const step = program[at];
    if (!step || seen.has(at)) continue;
    seen.add(at);
    if (step.op === 'match') return undefined;
    if (step.op === 'char') tests.push(step.accepts);
    else if (step.op === 'jump') pending.push(step.to);
    else if (step.op === 'split') pending.push(step.next, step.other);
    else pending.push(at + 1);
  }
  return tests;
}

interface Program {
  readonly instructions: readonly Instruction[];
  readonly beginnings: readonly CharTest[] | undefined;
}

/** Characters passed over cost less than those at which the states move. */
const SKIPPED_PER_STEP = 20;

interface Thread {
  readonly at: number;
  readonly captures: Captures;
}

/** The captures of the first match in the order of preference; with `any`, of whichever is seen first. */
function run(
  { instructions: program, beginnings: first }: Program,
  text: string,
  budget: StepBudget,
  any: boolean,
): Captures | undefined {
  const seenAt = new Int32Array(program.length).fill(-1);
  let threads: Thread[] = [];
  let matched: Captures | undefined;
  let steps = 0;

  /** Follows a thread to all places that it reaches without a character. True: matched, what comes after is not preferred. */
  const follow = (start: Thread, position: number, into: Thread[]): boolean => {
    const pending = [start];
    for (let thread = pending.pop(); thread; thread = pending.pop()) {
      let { at, captures } = thread;
      for (; ; steps++) {
        const step = program[at];
        if (!step || seenAt[at] === position) break;
        seenAt[at] = position;
        if (step.op === 'match') {
          matched = captures;
          return true;
        }
        if (step.op === 'char') {
          into.push({ at, captures });
          break;
        }
        if (step.op === 'assert') {
          if (!holds(step.assertion, text, position)) break;
          at++;
        } else if (step.op === 'save') {
          const changed = [...captures];
          changed[step.slot] = position;
          captures = changed;
          at++;
        } else if (step.op === 'jump') at = step.to;
        else {
          pending.push({ at: step.other, captures });
          at = step.next;
        }
      }
    }
    return false;
  };

  for (let position = 0; ;) {
    if (first && threads.length === 0 && !matched) {
      const from = position;
      position = nextBeginning(first, text, position);
      spend(budget, (position - from) / SKIPPED_PER_STEP);
    }
    const code = text.codePointAt(position) ?? -1;
    const next = position + (code > 0xffff ? 2 : 1);
    // A new attempt begins here as long as none has matched; it is preferred to none of those before it.
    if (!matched) follow({ at: 0, captures: [] }, position, threads);
    if (matched && (any || threads.length === 0)) return matched;
    if (code < 0) return matched;
    spend(budget, 1 + steps + threads.length);
    steps = 0;
    const moved: Thread[] = [];
    for (const { at, captures } of threads) {
      const step = program[at];
      if (step?.op !== 'char' || !step.accepts(code)) continue;
      if (follow({ at: at + 1, captures }, next, moved)) break;
    }
    threads = moved;
    position = next;
  }
}

/** The next place at which a match can begin, or the end. */
function nextBeginning(first: readonly CharTest[], text: string, from: number): number {
  let position = from;
  while (position < text.length) {
    const code = text.codePointAt(position) ?? 0;
    if (first.some((accepts) => accepts(code))) break;
    position += code > 0xffff ? 2 : 1;
  }
  return position;
}

function holds(assertion: Assertion, text: string, position: number): boolean {
  switch (assertion) {
    case 'start':
      return position === 0;
    case 'end':
      // As in Java also before a last line feed, with which Lambda's lines end.
      return position === text.length || (position === text.length - 1 && text.endsWith('\n'));
    case 'lineStart':
      return position === 0 || text[position - 1] === '\n';
    case 'lineEnd':
      return position === text.length || text[position] === '\n';
    case 'boundary':
    case 'noBoundary': {
      const word = (index: number) => isWord(text.charCodeAt(index));
      return (word(position - 1) !== word(position)) === (assertion === 'boundary');
    }
  }
}
