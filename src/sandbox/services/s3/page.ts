import { invalidArgument } from './errors.ts';

/** A list's size as the request gave it; S3 never returns more than `limit`. */
export function pageSize(requested: number | undefined, limit: number, argument: string): number {
  if (requested === undefined) return limit;
  if (!Number.isInteger(requested) || requested < 0 || requested > 0x7fffffff) {
    throw invalidArgument(
      `Provided ${argument} not an integer or within integer range`,
      argument,
      String(requested),
    );
  }
  return Math.min(requested, limit);
}

/** Continuation tokens are opaque; these carry where to go on. */
export function encodeToken(position: string): string {
  return Buffer.from(`1:${position}`).toString('base64');
}

export function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('1:')) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(2);
}
