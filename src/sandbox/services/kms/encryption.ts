/** Encrypt, Decrypt and GenerateDataKey with AES-256-GCM. The form of AWS's ciphertext is not public; this one is ours. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type * as Client from '@aws-sdk/client-kms';
import type { Handlers, RequestContext } from '../../wire/types.ts';
import { lengthWithin, valueWithin } from '../constraints.ts';
import { disabled, incorrectKey, invalidCiphertext, invalidState, validation } from './errors.ts';
import { checkParameters } from './parameters.ts';
import type { KmsKey, KmsStore } from './store.ts';

type EncryptionContext = Readonly<Record<string, string>> | undefined;

const ID_BYTES = 36;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MAX_PLAINTEXT_BYTES = 4096;

/** The same pairs in any order are the same context. */
function additionalData(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}

function encrypt(key: KmsKey, plaintext: Uint8Array, context: EncryptionContext): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(additionalData(context));
  const data = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from(key.id), iv, cipher.getAuthTag(), data]);
}

function decrypt(key: KmsKey, blob: Buffer, context: EncryptionContext): Buffer {
  const iv = blob.subarray(ID_BYTES, ID_BYTES + IV_BYTES);
  const tag = blob.subarray(ID_BYTES + IV_BYTES, ID_BYTES + IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.material, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(blob.subarray(ID_BYTES + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** Which key made a ciphertext: it says so itself, as AWS's does. */
export function keyIdIn(blob: Uint8Array): string {
  return Buffer.from(blob).subarray(0, ID_BYTES).toString();
}

function checkUsable(key: KmsKey): void {
  if (key.deletionDate !== undefined) throw invalidState(`${key.arn} is pending deletion.`);
  if (!key.isEnabled) throw disabled(key.arn);
}

export function encryptionHandlers(store: KmsStore): Handlers<typeof Client> {
  const usable = (ctx: RequestContext, reference: string | undefined): KmsKey => {
    const key = store.requireKey(ctx.region, reference ?? '', { aliases: true });
    checkUsable(key);
    return key;
  };

  return {
    Encrypt(input, ctx) {
      const plaintext = input.Plaintext ?? Buffer.alloc(0);
      if (plaintext.byteLength === 0 || plaintext.byteLength > MAX_PLAINTEXT_BYTES) {
        const rule = plaintext.byteLength === 0 ? `greater than or equal to 1` : `less than or equal to 4096`;
        throw validation(
          `1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length ${rule}`,
        );
      }
      const key = usable(ctx, input.KeyId);
      return {
        CiphertextBlob: encrypt(key, plaintext, input.EncryptionContext),
        KeyId: key.arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },

    Decrypt(input, ctx) {
      const blob = Buffer.from(input.CiphertextBlob ?? []);
      const key = store.find(ctx.region, keyIdIn(blob));
      if (!key || blob.byteLength < ID_BYTES + IV_BYTES + TAG_BYTES) throw invalidCiphertext();
      if (input.KeyId !== undefined && usable(ctx, input.KeyId) !== key) throw incorrectKey();
      checkUsable(key);
      return {
        Plaintext: decrypt(key, blob, input.EncryptionContext),
        KeyId: key.arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      };
    },

    GenerateDataKey(input, ctx) {
      checkParameters(
        valueWithin(input.NumberOfBytes, 'numberOfBytes', 1, 1024),
        lengthWithin(input.KeyId, 'keyId', 1, 2048),
      );
      if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
        throw validation('Please specify either number of bytes or key spec.');
      }
      const key = usable(ctx, input.KeyId);
      const plaintext = randomBytes(input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32));
      return {
        CiphertextBlob: encrypt(key, plaintext, input.EncryptionContext),
        Plaintext: plaintext,
        KeyId: key.arn,
      };
    },
  };
}
