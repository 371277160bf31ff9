import { createHash } from 'node:crypto';
import { remember } from '../../remember.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` (at most 32) characters of A-Z and 2-7: the same for the same seed, also after a reset. */
function stableId(seed: string, length: number): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, length);
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length] ?? '').join('');
}

/** The 64 digits that name an account as `Owner` and in ACLs. */
export const canonicalUserId = remember((account) =>
  createHash('sha256').update(`canonical:${account}`).digest('hex'),
);

/** The legacy customer id that records carry as the bucket's owner. */
export const legacyCustomerId = remember((account) => `A${stableId(`customer:${account}`, 13)}`);

const madeUpPrincipal = remember((accessKeyId) => `AWS:AIDA${stableId(`principal:${accessKeyId}`, 17)}`);

/**
 * `userIdentity.principalId` of the caller: a role session's own id, and one that is made up for keys that nobody issued. For
 * anonymous requests the value is UNKNOWN.
 */
export function principalId({
  accessKeyId,
  sessionId,
}: {
  readonly accessKeyId: string | undefined;
  readonly sessionId?: string | undefined;
}): string {
  if (sessionId !== undefined) return `AWS:${sessionId}`;
  return accessKeyId === undefined ? 'Anonymous' : madeUpPrincipal(accessKeyId);
}
