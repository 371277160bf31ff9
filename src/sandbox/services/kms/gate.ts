/** Whether a service may use the key that encrypts a queue or topic, by itself or for a role. */
import type { Clock } from '../../../core/clock.ts';
import { denialOf } from '../../access/decide.ts';
import { policyRefusal, type ServiceCaller } from '../service-access.ts';
import { keyState, type KmsKey, type KmsStore } from './store.ts';

/** What a service needs in order to put a message into an encrypted queue or topic. */
export const MESSAGE_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'] as const;

/** A role that sends, and the service whose queue or topic has the key (`sqs`). */
export interface RoleUse {
  readonly roleArn: string;
  readonly via: 'sqs' | 'sns';
}

export type KeyUse = (ServiceCaller | RoleUse) & {
  readonly actions: readonly string[];
  /** Region of the queue or topic; its key is there too. */
  readonly region: string;
};

export interface KmsGate {
  /**
   * By key id, key ARN, alias name or alias ARN. The keys of AWS itself (`alias/aws/sqs`, `alias/aws/sns`) admit no other
   * service, since their policy cannot be changed
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ways-to-add-notification-config-to-bucket.html).
   * A key that is missing, disabled or pending deletion admits nobody.
   */
  allows(keyIdOrAlias: string, use: KeyUse): boolean;
}

/** `documents`: JSON texts of a role's identity policies. Without it every role has all rights of its own. */
export function kmsGate(
  clock: Clock,
  store: KmsStore,
  documents?: (roleArn: string) => readonly string[],
): KmsGate {
  const roleMay = (key: KmsKey, { roleArn, via, region }: RoleUse & { region: string }, action: string) => {
    const account = roleArn.split(':')[4] ?? '';
    const owner = key.arn.split(':')[4] ?? '';
    const denial = denialOf({
      caller: { kind: documents ? 'session' : 'root', arn: roleArn, userId: '', account, roleArn },
      action,
      resource: key.arn,
      owner,
      identity: documents?.(roleArn) ?? [],
      resourcePolicy: key.policy,
      isKey: true,
      context: {
        'aws:PrincipalArn': roleArn,
        'aws:PrincipalAccount': account,
        'aws:SecureTransport': 'true',
        'kms:CallerAccount': account,
        'kms:ViaService': `${via}.${region}.amazonaws.com`,
      },
    });
    return denial === undefined;
  };
  return {
    allows(keyIdOrAlias, use) {
      const key = store.find(use.region, keyIdOrAlias);
      if (!key || keyState(key) !== 'Enabled') return false;
      if ('roleArn' in use) return use.actions.every((action) => roleMay(key, use, action));
      if (key.manager === 'AWS') return false;
      return use.actions.every(
        (action) => policyRefusal(key.policy, use, action, key.arn, clock.now()) === undefined,
      );
    },
  };
}
