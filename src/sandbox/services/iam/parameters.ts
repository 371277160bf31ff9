/** Rules for names, paths and tags, and IAM's paging. */
import { AwsError } from '../../wire/types.ts';
import { lengthWithin, rejectViolations, required, valueWithin, type Check } from '../constraints.ts';
import { readToken, writeToken } from '../page-token.ts';

function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message, { status: 400 });
}

export function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('ValidationError', checks);
}

/** `member` as in the request with a small first letter (`roleName`): that is how IAM names it in errors. */
export function checkedName(value: string | undefined, member: string, maxLength: number): string {
  checkParameters(required(value, member), lengthWithin(value, member, 1, maxLength));
  if (!/^[\w+=,.@-]+$/.test(value ?? '')) {
    throw validationError(
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  }
  return value ?? '';
}

export function checkedPath(value: string | undefined, member = 'path'): string {
  checkParameters(lengthWithin(value, member, 1, 512));
  if (value !== undefined && !/^\/(?:[\u0021-\u007e]+\/)?$/.test(value)) {
    throw validationError(
      `The specified value for ${member} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`,
    );
  }
  return value ?? '/';
}

export function checkedText(value: string | undefined, member: string, maxLength: number): string {
  checkParameters(required(value, member), lengthWithin(value, member, 1, maxLength));
  return value ?? '';
}

/** An ARN of a managed policy. */
export function checkedPolicyArn(value: string | undefined): string {
  if (value === '') throw validationError('Invalid ARN:  Could not be parsed!');
  checkParameters(required(value, 'policyArn'), lengthWithin(value, 'policyArn', 20, 2048));
  const arn = value ?? '';
  if (!/^arn:[^:]+:iam::(?:\d{12}|aws):policy\/.+$/.test(arn)) {
    throw new AwsError('InvalidInputException', `ARN ${arn} is not valid.`);
  }
  return arn;
}

interface Tag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

const MAX_TAGS = 50;

export function addTags(target: Map<string, string>, tags: readonly Tag[] | undefined): void {
  const merged = new Map([
    ...target,
    ...(tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''] as const),
  ]);
  if (merged.size > MAX_TAGS) {
    // Text second-hand.
    throw new AwsError('LimitExceededException', `The number of tags has reached the maximum limit.`);
  }
  checkParameters(
    ...(tags ?? []).flatMap(({ Key, Value }, i) => [
      lengthWithin(Key, `tags.${i + 1}.member.key`, 1, 128),
      lengthWithin(Value, `tags.${i + 1}.member.value`, 0, 256),
    ]),
  );
  for (const [key, value] of merged) target.set(key, value);
}

export function tagList(tags: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/**
 * One page of a list in the order of its keys. The marker names the last key of the page before, so that a list that
 * changes between pages neither repeats nor skips what stayed. IAM's own order of lists is not documented.
 */
export function pageOf<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  { Marker, MaxItems }: PageRequest,
): { page: readonly T[]; paging: { IsTruncated: boolean; Marker?: string } } {
  checkParameters(
    valueWithin(MaxItems, 'maxItems', 1, 1000),
    lengthWithin(Marker, 'marker', 1, Number.POSITIVE_INFINITY),
  );
  const last = Marker === undefined ? undefined : readMarker(Marker);
  const following = [...items]
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => last === undefined || key > last)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = following.slice(0, MaxItems ?? 100);
  const lastOfPage = page.at(-1);
  const more = lastOfPage && page.length < following.length;
  return {
    page: page.map(({ item }) => item),
    paging: more
      ? {
          IsTruncated: true,
          Marker: writeToken('iam', '', 0, [lastOfPage.key]),
        }
      : { IsTruncated: false },
  };
}

function readMarker(marker: string): string {
  const [after] = readToken('iam', '', 0, marker) ?? [];
  // Text UNKNOWN.
  if (typeof after !== 'string') throw validationError('Invalid Marker.');
  return after;
}
