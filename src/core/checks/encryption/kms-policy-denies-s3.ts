import { admission } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { KeyNode } from '../../doctor/facts.ts';
import type { FixAction } from '../../doctor/finding.ts';
import { admitToKey, ask, call, tell } from '../../doctor/fixes.ts';
import { read, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { KEY_ACTIONS } from '../../s3-access.ts';
import { encryptedHops, ENCRYPTION_FACTS, isManagedByAws } from './encrypted-hops.ts';

/**
 * The key of a queue or topic does not let the sender encrypt: S3 for a destination, SNS or EventBridge further on. Keys that AWS manages
 * never do. https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
 */
export const kmsPolicyDeniesS3: Check = {
  id: 'kms-policy-denies-s3',
  reads: ENCRYPTION_FACTS,
  judge: (look) =>
    encryptedHops(look).flatMap((encrypted) => {
      const { hop, keyId, key } = encrypted;
      const { sender } = hop;
      const about = {
        id: 'kms-policy-denies-s3' as const,
        severity: 'BREAK' as const,
        subject: called(hop.arn),
        node: hop.arn,
        ruleIds: hop.ruleIds,
        depth: hop.depth,
      };
      if (isManagedByAws(encrypted)) {
        const url = hop.kind === 'sqs' ? valueOf(look.facts.queues[hop.arn]?.attributes)?.url : undefined;
        return [
          {
            ...about,
            verdict: 'broken' as const,
            message: `${called(hop.arn)} is encrypted with ${keyId}, a key that AWS manages: it shuts ${sender.service} out, and its policy cannot be changed`,
            evidence: [evidence(key?.key ?? undefined, 'KmsMasterKeyId', keyId)],
            fix:
              url === undefined
                ? tell(
                    'Encrypt the topic with a key of your own whose policy admits the sender, or not at all.',
                  )
                : {
                    ...ask(
                      call('sqs', 'SetQueueAttributes', {
                        QueueUrl: url,
                        Attributes: { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' },
                      }),
                    ),
                    advice: 'The queue stays encrypted, with keys of SQS itself; or take a key of your own.',
                  },
          },
        ];
      }
      const found = look.value(key?.key);
      if (!key || !found || found.state !== 'Enabled') return [];
      const policy = look.value(key.policy);
      if (policy === undefined) return [];
      const answers = KEY_ACTIONS.map((action) => ({
        action,
        answer: admission(policy, action, found.arn, sender),
      }));
      const certain = answers.find(({ answer }) => answer.kind === 'denied' || answer.kind === 'refused');
      const worst = certain ?? answers.find(({ answer }) => answer.kind !== 'allowed');
      if (!worst) return [];
      const action = admitSenders(look, key);
      const isDenied = worst.answer.kind === 'denied';
      return [
        {
          ...about,
          verdict: certain ? ('broken' as const) : ('suspected' as const),
          message: certain
            ? `the policy of the key of ${called(hop.arn)} does not let ${sender.service} use it (${worst.action})`
            : `the policy of the key of ${called(hop.arn)} admits ${sender.service} on terms that cannot be judged from here`,
          evidence: [
            evidence(
              key.policy,
              'Policy',
              isDenied ? 'Deny that matches' : `no certain Allow of ${worst.action}`,
            ),
          ],
          // A Deny is not mended by one more Allow.
          fix:
            action && !isDenied
              ? ask(action)
              : tell('Change the statement of the key policy that shuts the sender out.'),
        },
      ];
    }),
};

/**
 * A key's policy is written as a whole: two fixes, each made from it as it was read, would undo each other. So each admits all senders of
 * all queues and topics that the key encrypts.
 */
function admitSenders(look: Look, node: KeyNode): FixAction | undefined {
  const arn = valueOf(node.key)?.arn;
  const written = valueOf(node.policy);
  if (arn === undefined || written === undefined) return undefined;
  let policy = written;
  let action: FixAction | undefined;
  for (const { key, hop } of encryptedHops(look)) {
    if (valueOf(key?.key)?.arn !== arn) continue;
    const open = KEY_ACTIONS.some((one) => {
      const { kind } = admission(policy, one, arn, hop.sender);
      return kind === 'refused' || kind === 'undecided';
    });
    if (!open) continue;
    action = admitToKey({ id: arn, key: node.key, policy: read('kms:GetKeyPolicy', policy) }, hop.sender);
    const next = action?.kind === 'call' ? action.input['Policy'] : undefined;
    if (typeof next !== 'string') return undefined;
    policy = next;
  }
  return action;
}
