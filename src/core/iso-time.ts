/**
 * ISO 8601 without the global `Date`: core has no clock, and `Date.parse` takes local time and many things that are no ISO 8601.
 * The calendar is the proleptic Gregorian one, as everywhere in AWS.
 */
const DAY_MS = 86_400_000;

/** Days of 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;

/** From 1 March of year 0, where this count of days begins, to 1 January 1970. */
const EPOCH_DAYS = 719_468;

/** The range that dates have elsewhere in JavaScript: 100 million days around the epoch. */
const MAX_INSTANT = 8.64e15;

/** Days since 1970-01-01. Years are counted from March, so that the leap day comes last. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_DAYS;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * `2026-10-05`, `2026-10-05T09:15`, `2026-10-05T09:15:02.417Z`, `...+02:00`; a blank may stand for the `T`. UTC without an offset.
 * Milliseconds since the epoch (finer digits are cut off); undefined for days and hours that do not exist, and leap seconds.
 */
export function parseIsoInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part || 0));
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = offsetMs(match[8]);
  if (offset === undefined) return undefined;
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return daysOf(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset;
}

function offsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * 60_000 * (zone.startsWith('-') ? -1 : 1);
}

/** The day that was formatted last: the lines of a log are nearly all of one. */
let lastDays = Number.NaN;
let lastDay = '';

/** `2026-10-05T09:15:02.417Z`. `unknown` for what is no instant: times of log events come from elsewhere. */
export function formatInstant(ms: number): string {
  if (!(Math.abs(ms) <= MAX_INSTANT)) return 'unknown';
  const whole = Math.floor(ms);
  const days = Math.floor(whole / DAY_MS);
  const time = whole - days * DAY_MS;
  if (days !== lastDays) {
    lastDay = formatDay(days);
    lastDays = days;
  }
  const hours = two(Math.floor(time / 3_600_000));
  const minutes = two(Math.floor(time / 60_000) % 60);
  const seconds = two(Math.floor(time / 1000) % 60);
  const fraction = time % 1000;
  return `${lastDay}T${hours}:${minutes}:${seconds}.${fraction < 100 ? '0' : ''}${two(fraction)}Z`;
}

/** Quicker than `padStart`. */
function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function formatDay(days: number): string {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  // Outside of four digits ISO 8601 asks for a sign and six digits.
  const shownYear =
    year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
  return `${shownYear}-${pad(month, 2)}-${pad(day, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
