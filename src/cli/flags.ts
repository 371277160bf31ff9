import { InvalidArgumentError } from 'commander';
import { parseDuration, parseInstant } from '../core/duration.ts';
import { EVENT_FAMILIES, parseEventNames } from '../core/event-name.ts';
import { suggestEvent } from '../core/event-suggestion.ts';
import { S3evtError } from '../core/errors.ts';
import { parseBucketArgument } from '../core/names.ts';

/** Flag text -> core types. Each throws InvalidArgumentError with what is wrong and what would be right. */

export function bucketFlag(text: string): string {
  const parsed = parseBucketArgument(text);
  if (!parsed) throw new InvalidArgumentError('Write a bucket as name, s3://name or an ARN.');
  return parsed.bucket;
}

/** Repeatable, and with commas: `--event create --event s3:ObjectRemoved:Delete`, `--event put,copy` is refused by name. */
export function eventFlag(text: string, before: readonly string[] | undefined): readonly string[] {
  const names = text.split(',').flatMap((name) => {
    const parsed = parseEventNames(name);
    if (parsed) return parsed;
    const near = suggestEvent(name.trim());
    throw new InvalidArgumentError(
      `S3 has no event "${name.trim()}".${near === undefined ? ` Families: ${Object.keys(EVENT_FAMILIES).join(', ')}.` : ` Did you mean ${near}?`}`,
    );
  });
  return [...new Set([...(before ?? []), ...names])];
}

export function durationFlag(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new InvalidArgumentError('Write a duration such as 500ms, 90s, 10m, 1h30m or 2d.');
  return ms;
}

/** A duration counts back from now, everything else is ISO 8601. Epoch ms. */
export function instantFlag(now: () => number): (text: string) => number {
  return (text) => {
    const instant = parseInstant(text, now());
    if (instant === undefined) {
      throw new InvalidArgumentError(
        'Write a time such as 10m, 1h30m, 2d, 2026-11-22 or 2026-11-22T15:30:00Z.',
      );
    }
    return instant;
  };
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Repeatable, and kept as it was typed. */
export function repeatedFlag(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

export function runtimeFlag(text: string): string {
  if (/^(?:python3\.\d{1,2}|nodejs\d{2}\.x)$/.test(text)) return text;
  throw new InvalidArgumentError('Write a runtime such as python3.13 or nodejs24.x.');
}

export function accountFlag(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('Write an account id: twelve digits.');
}

/** The bucket as argument or as --bucket; both are good when they say the same. */
export function oneBucket(argument: string | undefined, flag: string | undefined): string | undefined {
  const bucket = argument === undefined ? flag : bucketFlag(argument);
  if (flag === undefined || flag === bucket) return bucket;
  throw new S3evtError('USAGE', `two buckets are named: ${bucket ?? ''} and --bucket ${flag}`);
}
