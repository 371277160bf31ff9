import { AwsError } from '../../wire/types.ts';

/** Offsets of the first and last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The part of `size` bytes that a Range header asks for. Undefined when S3 ignores the header: several ranges, another
 * unit, or no sense (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, Range). Throws 416 when nothing
 * of it is in the object.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first >= size) {
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', {
      status: 416,
      members: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
    });
  }
  return { first, last };
}
