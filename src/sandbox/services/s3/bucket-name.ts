/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/**
 * Whether S3 accepts the name for a new general purpose bucket. Names of the account-regional namespace
 * (`<name>-<account>-<region>-an`) are legal only in a request that asks for it.
 */
export function isBucketName(
  name: string,
  namespace: { readonly accountRegional: boolean; readonly account: string; readonly region: string },
): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return false;
  if (name.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(name)) return false;
  if (RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) return false;
  if (RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix))) return false;
  return namespace.accountRegional
    ? name.endsWith(`-${namespace.account}-${namespace.region}-an`)
    : !name.endsWith('-an');
}
