/** KMS of the sandbox: enough to make keys for queues and topics, and to say who may use them. */
import type * as Client from '@aws-sdk/client-kms';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { aliasHandlers } from './aliases.ts';
import { encryptionHandlers, keyIdIn } from './encryption.ts';
import { kmsGate, type KmsGate } from './gate.ts';
import { keyHandlers } from './keys.ts';
import { createKmsStore, keyState, type KeyState } from './store.ts';

export interface KmsService {
  readonly handlers: Handlers<typeof Client>;
  readonly gate: KmsGate;
  /** Of the key that a request names by id, ARN, alias or ciphertext; undefined when there is none. */
  keyArn(region: string, reference: string | Uint8Array): string | undefined;
  /** Of the key with this id, ARN or alias; undefined when there is none. */
  stateOf(region: string, reference: string): KeyState | undefined;
  /** A key's policy, JSON text. */
  policyOf(keyArn: string): string | undefined;
  /** Forgets all keys. */
  reset(): void;
}

export function createKmsService(
  env: SandboxEnv,
  deps: { readonly documents?: (roleArn: string) => readonly string[] } = {},
): KmsService {
  const store = createKmsStore(env);
  return {
    handlers: { ...keyHandlers(env, store), ...aliasHandlers(env, store), ...encryptionHandlers(store) },
    gate: kmsGate(env.clock, store, deps.documents),
    keyArn: (region, reference) =>
      store.find(region, typeof reference === 'string' ? reference : keyIdIn(reference))?.arn,
    stateOf(region, reference) {
      const key = store.find(region, reference);
      return key && keyState(key);
    },
    policyOf: (keyArn) => store.find(keyArn.split(':')[3] ?? '', keyArn)?.policy,
    reset: () => store.reset(),
  };
}
