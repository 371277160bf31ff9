/**
 * Functions of one row
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html).
 */
import { toNumber, toText, type Value } from './query-value.ts';

export type QueryFunction = (args: readonly Value[]) => Value;

interface Entry {
  readonly min: number;
  readonly max: number;
  readonly run: QueryFunction;
}

const FUNCTIONS: Readonly<Record<string, Entry>> = {
  ispresent: { min: 1, max: 1, run: ([value]) => truth(value !== undefined) },
  isempty: { min: 1, max: 1, run: ([value]) => truth(value === undefined || toText(value) === '') },
  isblank: { min: 1, max: 1, run: ([value]) => truth((toText(value) ?? '').trim() === '') },
  coalesce: { min: 1, max: 20, run: (args) => args.find((value) => value !== undefined) },
  strlen: ofText((text) => text.length),
  toupper: ofText((text) => text.toUpperCase()),
  tolower: ofText((text) => text.toLowerCase()),
  trim: ofText((text) => text.trim()),
  ltrim: ofText((text) => text.trimStart()),
  rtrim: ofText((text) => text.trimEnd()),
  concat: {
    min: 1,
    max: 20,
    run: (args) =>
      join(
        args.map((value) => toText(value) ?? ''),
        '',
      ),
  },
  // The documented third argument, case-insensitive search, was seen to have no effect.
  strcontains: {
    min: 2,
    max: 3,
    run: ([text, part]) => truth((toText(text) ?? '').includes(toText(part) ?? '')),
  },
  startswith: {
    min: 2,
    max: 2,
    run: ([text, part]) => truth((toText(text) ?? '').startsWith(toText(part) ?? '')),
  },
  endswith: {
    min: 2,
    max: 2,
    run: ([text, part]) => truth((toText(text) ?? '').endsWith(toText(part) ?? '')),
  },
  substr: {
    min: 2,
    max: 3,
    run([value, from, length]) {
      const start = Math.max(0, toNumber(from) ?? 0);
      const count = toNumber(length);
      return toText(value)?.slice(start, count === undefined ? undefined : start + Math.max(0, count));
    },
  },
  replace: {
    min: 3,
    max: 3,
    run([value, search, by]) {
      const [text, part] = [toText(value), toText(search)];
      return text === undefined || !part ? text : join(text.split(part), toText(by) ?? '');
    },
  },
  abs: ofNumber(Math.abs),
  ceil: ofNumber(Math.ceil),
  floor: ofNumber(Math.floor),
  round: ofNumber(Math.round),
  sqrt: ofNumber(Math.sqrt),
  log: ofNumber(Math.log),
  greatest: ofNumbers((numbers) => Math.max(...numbers)),
  least: ofNumbers((numbers) => Math.min(...numbers)),
  tonumber: ofNumber((number) => number),
  tomillis: ofNumber((ms) => ms),
  frommillis: { min: 1, max: 1, run: ([value]) => instant(toNumber(value)) },
};

/** The function of that name, in any case, for that many arguments; undefined when there is none. */
export function findFunction(name: string, args: number): QueryFunction | undefined {
  const key = name.toLowerCase();
  const entry = Object.hasOwn(FUNCTIONS, key) ? FUNCTIONS[key] : undefined;
  return entry && args >= entry.min && args <= entry.max ? entry.run : undefined;
}

/** A function's result is no longer than an event may be: calls within calls could fill the memory. */
const MAX_TEXT = 1_048_576;

function join(parts: readonly string[], separator: string): string | undefined {
  const length = parts.reduce((sum, part) => sum + part.length, separator.length * (parts.length - 1));
  return length > MAX_TEXT ? undefined : parts.join(separator);
}

export function truth(condition: boolean): number {
  return condition ? 1 : 0;
}

function instant(ms: number | undefined): Value {
  return ms === undefined ? undefined : { ms };
}

function ofText(run: (text: string) => Value): Entry {
  return { min: 1, max: 1, run: ([value]) => (value === undefined ? undefined : run(toText(value) ?? '')) };
}

function ofNumber(run: (number: number) => number): Entry {
  return {
    min: 1,
    max: 1,
    run([value]) {
      const number = toNumber(value);
      return number === undefined ? undefined : finite(run(number));
    },
  };
}

function ofNumbers(run: (numbers: readonly number[]) => number): Entry {
  return {
    min: 1,
    max: 20,
    run(args) {
      const numbers = args.map(toNumber).filter((number) => number !== undefined);
      return numbers.length === 0 ? undefined : run(numbers);
    },
  };
}

/** What divides by zero has no value. */
export function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
