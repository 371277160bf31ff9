/**
 * Opaque page tokens. A token says to which operation and resource it belongs, where the next page begins and when it was
 * given out; AWS's expire after 24 hours.
 */
export type TokenValue = string | number | boolean;

const LIFETIME_MS = 24 * 3_600_000;

/** `scope` binds the token to a resource: another resource's token is refused. */
export function writeToken(
  operation: string,
  scope: string,
  now: number,
  values: readonly TokenValue[],
): string {
  return Buffer.from(JSON.stringify([operation, scope, now, ...values])).toString('base64url');
}

/** The values, or undefined when the token is malformed, expired or another's. */
export function readToken(
  operation: string,
  scope: string,
  now: number,
  token: string,
): readonly unknown[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [itsOperation, itsScope, issuedAt, ...values] = parsed as unknown[];
  if (itsOperation !== operation || itsScope !== scope || typeof issuedAt !== 'number') return undefined;
  return now - issuedAt <= LIFETIME_MS ? values : undefined;
}
