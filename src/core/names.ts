/** Names that s3evt gives, and the rules of names that people give. */

/** Every resource that s3evt creates carries this tag; nothing without it is ever deleted. */
export const OWNER_TAG = { key: 'created-by', value: 's3evt' } as const;

export function isOurs(tags: Readonly<Record<string, string>>): boolean {
  return tags[OWNER_TAG.key] === OWNER_TAG.value;
}

/** Metadata of objects that `test-upload` wrote: `destroy` may delete those and no others. */
export const OBJECT_MARK = { key: 's3evt', value: 'test-upload' } as const;

export const ROLE_POLICY_NAME = 's3evt-write-own-logs';

const MAX_ROLE_NAME = 64;

/** Role names have at most 64 characters, function names too: a long one is cut, and kept apart from its like by a checksum. */
export function roleNameFor(functionName: string): string {
  return shortened(`s3evt-${functionName}`, MAX_ROLE_NAME, functionName);
}

function shortened(name: string, most: number, of: string): string {
  return name.length <= most ? name : `${name.slice(0, most - 9)}-${checksum(of)}`;
}

/** FNV-1a, eight hexadecimal digits. */
export function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const MAX_STATEMENT_ID = 100;

/** A statement id takes letters, digits, `-` and `_`, at most 100: the dots have to go, and the end of old, long bucket names. */
export function statementIdFor(bucket: string): string {
  return shortened(`s3evt-${bucket.replaceAll('.', '_')}`, MAX_STATEMENT_ID, bucket);
}

export function defaultLogGroup(functionName: string): string {
  return `/aws/lambda/${functionName}`;
}

/**
 * What is wrong with a name for a new general purpose bucket, or undefined.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function bucketNameFault(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return 'a bucket name has 3 to 63 characters';
  if (!/^[a-z0-9.-]+$/.test(name))
    return 'a bucket name has lower-case letters, digits, dots and hyphens only';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'a bucket name begins and ends with a letter or a digit';
  if (name.includes('..')) return 'a bucket name has no two dots in a row';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return 'a bucket name does not look like an IP address';
  const prefix = ['xn--', 'sthree-', 'amzn-s3-demo-'].find((p) => name.startsWith(p));
  if (prefix !== undefined) return `AWS keeps bucket names that begin with "${prefix}" for itself`;
  const suffix = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'].find((s) => name.endsWith(s));
  if (suffix !== undefined) return `AWS keeps bucket names that end with "${suffix}" for itself`;
  return undefined;
}

/** What is wrong with a function's name, or undefined. 64 characters are Lambda's limit for the name alone. */
export function functionNameFault(name: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name)
    ? undefined
    : 'a function name has 1 to 64 letters, digits, hyphens and underscores';
}

/** `name`, `s3://name`, `s3://name/key` or an ARN, as people paste them. */
export function parseBucketArgument(
  text: string,
): { readonly bucket: string; readonly key: string | undefined } | undefined {
  const match =
    /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text) ??
    /^arn:[^:]+:s3:::([^/]+)(?:\/(.*))?$/s.exec(text) ??
    /^([^/:\s]+)$/.exec(text);
  if (!match) return undefined;
  const [, bucket = '', key] = match;
  return { bucket, key: key === undefined || key === '' ? undefined : key };
}
