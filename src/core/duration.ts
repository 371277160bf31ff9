/** Times and sizes as people write and read them. Durations and instants are numbers of milliseconds. */
import { parseIsoInstant } from './iso-time.ts';

export { formatInstant } from './iso-time.ts';

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

const DURATION =
  /^(?:(\d{1,12}(?:\.\d{1,9})?)d)?(?:(\d{1,12}(?:\.\d{1,9})?)h)?(?:(\d{1,12}(?:\.\d{1,9})?)m)?(?:(\d{1,12}(?:\.\d{1,9})?)s)?(?:(\d{1,15}(?:\.\d{1,9})?)ms)?$/;

/**
 * `10m`, `1h30m`, `2d`, `90s`, `500ms`, `1.5h`: each unit at most once, larger ones first. Milliseconds, rounded to whole ones;
 * undefined for anything else, a number without a unit included.
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim().toLowerCase());
  if (!match || match[0] === '') return undefined;
  const total = UNITS.reduce((sum, [, ms], index) => sum + Number(match[index + 1] ?? 0) * ms, 0);
  return total <= Number.MAX_SAFE_INTEGER ? Math.round(total) : undefined;
}

/** For people: `850ms`, `12.3s`, `2m5s`, `1h30m`, `2d3h`: two units at most. `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  // The limits are half a last digit below the next unit, so that nothing is rounded up to `60s` or `60m`.
  if (ms < 59_950) return `${Math.round(ms / 100) / 10}s`;
  if (ms < 3_599_500) return pair(Math.round(ms / 1000), 60, 'm', 's');
  if (ms < 86_370_000) return pair(Math.round(ms / 60_000), 60, 'h', 'm');
  return pair(Math.round(ms / 3_600_000), 24, 'd', 'h');
}

function pair(count: number, perLarge: number, large: string, small: string): string {
  const rest = count % perLarge;
  return `${Math.floor(count / perLarge)}${large}${rest === 0 ? '' : `${rest}${small}`}`;
}

/**
 * A point in time for `--since` and `--until`: a duration means so long before `now`; else an ISO 8601 date or date-time, in UTC unless
 * it has an offset. Milliseconds since the epoch; undefined when it is neither.
 */
export function parseInstant(text: string, now: number): number | undefined {
  const ago = parseDuration(text);
  return ago === undefined ? parseIsoInstant(text.trim()) : now - ago;
}

const BINARY_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** `512 B`, `2 KiB`, `1.5 MiB`: powers of 1024, one decimal at most, in the units of `aws s3 ls --human-readable`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown';
  if (bytes < 0) return `-${formatBytes(-bytes)}`;
  if (bytes < 1023.5) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.round(value * 10) / 10} ${BINARY_UNITS[unit] ?? ''}`;
}
