import type { Look } from '../../doctor/check.ts';
import type { KeyNode } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';
import { guardedHops, type GuardedHop } from '../permission/guarded-hops.ts';

export interface EncryptedHop {
  readonly hop: GuardedHop;
  /** As it was set at the queue or topic: id, ARN or alias. */
  readonly keyId: string;
  /** Undefined when the key was not read. */
  readonly key: KeyNode | undefined;
}

/** What the two checks read to find the keys. */
export const ENCRYPTION_FACTS = [
  'queues.attributes',
  'topics.attributes',
  'keys.key',
  'keys.policy',
] as const;

/** Queues and topics that somebody sends to and that a KMS key encrypts. */
export function encryptedHops({ hops, facts }: Look): readonly EncryptedHop[] {
  return guardedHops({ hops }).flatMap((hop) => {
    const keyId =
      hop.kind === 'sqs'
        ? valueOf(facts.queues[hop.arn]?.attributes)?.kmsKeyId
        : hop.kind === 'sns'
          ? valueOf(facts.topics[hop.arn]?.attributes)?.kmsKeyId
          : undefined;
    return keyId === undefined || keyId === '' ? [] : [{ hop, keyId, key: facts.keys[keyId] }];
  });
}

/** Keys that AWS manages for a service: their policies admit no other service, and cannot be changed. */
export function isManagedByAws({ keyId, key }: EncryptedHop): boolean {
  return /(?:^|:)alias\/aws\//.test(keyId) || valueOf(key?.key)?.manager === 'AWS';
}
