/** KMS of the sandbox: enough to make keys for queues and topics, and to say who may use them. */
import type * as Client from '@aws-sdk/client-kms';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { aliasHandlers } from './aliases.ts';
import { encryptionHandlers } from './encryption.ts';
import { kmsGate, type KmsGate } from './gate.ts';
import { keyHandlers } from './keys.ts';
import { createKmsStore } from './store.ts';

export interface KmsService {
  readonly handlers: Handlers<typeof Client>;
  readonly gate: KmsGate;
  /** Forgets all keys. */
  reset(): void;
}

export function createKmsService(env: SandboxEnv): KmsService {
  const store = createKmsStore(env);
  return {
    handlers: { ...keyHandlers(env, store), ...aliasHandlers(env, store), ...encryptionHandlers(store) },
    gate: kmsGate(store),
    reset: () => store.reset(),
  };
}
