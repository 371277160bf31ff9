import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import type { Fix } from '../../doctor/finding.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { encryptedHops, ENCRYPTION_FACTS, isManagedByAws } from './encrypted-hops.ts';

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html; a key that is being created or updated is on its way. */
const UNUSABLE = new Set([
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
  'Unavailable',
]);

/** The key of a queue or topic on the way is switched off, about to be deleted, or gone. */
export const kmsKeyUnusable: Check = {
  id: 'kms-key-unusable',
  reads: [...ENCRYPTION_FACTS, 'identity'],
  judge(look) {
    const account = valueOf(look.facts.identity)?.account;
    return encryptedHops(look).flatMap((encrypted) => {
      const { hop, keyId, key } = encrypted;
      if (!key || isManagedByAws(encrypted)) return [];
      const found = look.value(key.key);
      const isGone = isAbsent(key.key) && (parseArn(keyId)?.account ?? account) === account;
      if (!isGone && (found === undefined || !UNUSABLE.has(found.state))) return [];
      const state = found?.state ?? 'gone';
      return [
        {
          id: 'kms-key-unusable',
          verdict: 'broken',
          severity: 'BREAK',
          subject: `key ${keyId}`,
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${called(hop.arn)} is encrypted with a KMS key that cannot be used: it is ${state}`,
          evidence: [evidence(key.key, 'KeyState', state)],
          fix: fixOf(state, found?.arn ?? keyId),
        },
      ];
    });
  },
};

function fixOf(state: string, KeyId: string): Fix {
  const enable = call('kms', 'EnableKey', { KeyId });
  switch (state) {
    case 'Disabled':
      return ask(enable);
    case 'PendingDeletion':
      // A key whose deletion is called off is disabled (https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html).
      return ask(call('kms', 'CancelKeyDeletion', { KeyId }), enable);
    default:
      return tell('Encrypt with another key, or bring the material of this one back.');
  }
}
