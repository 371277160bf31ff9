/** AddPermission and RemovePermission: statements of the queue's policy, by label. */
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { invalidValue, missingParameter } from './errors.ts';
import type { Queue } from './queue.ts';
import type { SqsStore } from './store.ts';

interface Statement {
  readonly Sid?: string;
}

interface Policy {
  readonly Version: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
}

/** Those that another account may be allowed: not the ones that only the owner may call. */
const ACTIONS = [
  '*',
  'SendMessage',
  'ReceiveMessage',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
];

function policyOf(queue: Queue): Policy {
  const text = queue.attributes.get('Policy');
  if (text === undefined)
    return { Version: '2008-10-17', Id: `${queue.arn}/SQSDefaultPolicy`, Statement: [] };
  const policy = JSON.parse(text) as Policy | (Omit<Policy, 'Statement'> & { Statement: Statement });
  const { Statement: statements } = policy;
  return { ...policy, Statement: 'length' in statements ? statements : [statements] };
}

const single = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 && list[0] ? list[0] : list);

export function permissionHandlers(env: SandboxEnv, store: SqsStore): Handlers<typeof Client> {
  const save = (queue: Queue, policy: Policy) => {
    if (policy.Statement.length === 0) queue.attributes.delete('Policy');
    else queue.attributes.set('Policy', JSON.stringify(policy));
    queue.modifiedAt = env.clock.now();
  };

  return {
    AddPermission(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const { Label: label = '', Actions: actions = [], AWSAccountIds: accounts = [] } = input;
      if (actions.length === 0) throw missingParameter('Actions');
      if (accounts.length === 0) throw missingParameter('AWSAccountIds');
      const ownersOnly = actions.find((action) => !ACTIONS.includes(action));
      if (ownersOnly !== undefined) {
        throw invalidValue(
          `SQS:${ownersOnly}`,
          'ActionName',
          'Only the queue owner is allowed to invoke this action.',
        );
      }
      if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) {
        throw invalidValue(
          label,
          'Label',
          'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
        );
      }
      const policy = policyOf(queue);
      if (policy.Statement.some(({ Sid }) => Sid === label))
        throw invalidValue(label, 'Label', 'Already exists.');
      const statement = {
        Sid: label,
        Effect: 'Allow',
        Principal: { AWS: single(accounts.map((account) => `arn:aws:iam::${account}:root`)) },
        Action: single(actions.map((action) => `SQS:${action}`)),
        Resource: queue.arn,
      };
      save(queue, { ...policy, Statement: [...policy.Statement, statement] });
    },

    RemovePermission(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const policy = policyOf(queue);
      const left = policy.Statement.filter(({ Sid }) => Sid !== input.Label);
      if (left.length === policy.Statement.length) {
        throw invalidValue(input.Label ?? '', 'Label', "can't find label.");
      }
      save(queue, { ...policy, Statement: left });
    },
  };
}
