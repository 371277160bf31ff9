/** Whether a service may use the key that encrypts a queue or topic. */
import { policyRefusal, type ServiceCaller } from '../service-access.ts';
import type { KmsStore } from './store.ts';

/** What a service needs in order to put a message into an encrypted queue or topic. */
export const MESSAGE_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'] as const;

export interface KeyUse extends ServiceCaller {
  readonly actions: readonly string[];
  /** Region of the queue or topic; its key is there too. */
  readonly region: string;
}

export interface KmsGate {
  /**
   * By key id, key ARN, alias name or alias ARN. The keys of AWS itself (`alias/aws/sqs`, `alias/aws/sns`) admit no other
   * service, since their policy cannot be changed
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ways-to-add-notification-config-to-bucket.html).
   * A key that is missing, disabled or pending deletion admits nobody.
   */
  allows(keyIdOrAlias: string, use: KeyUse): boolean;
}

export function kmsGate(store: KmsStore): KmsGate {
  return {
    allows(keyIdOrAlias, use) {
      const key = store.find(use.region, keyIdOrAlias);
      if (!key || key.manager === 'AWS' || !key.isEnabled || key.deletionDate !== undefined) return false;
      return use.actions.every((action) => policyRefusal(key.policy, use, action, key.arn) === undefined);
    },
  };
}
