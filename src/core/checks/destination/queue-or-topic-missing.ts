import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import { ask, call, policyWith, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { called, calledSender, evidence } from '../../doctor/words.ts';
import { DELIVERY_ACTIONS } from '../../s3-access.ts';

/** The queue or topic that a rule, a subscription or a target names does not exist. */
export const queueOrTopicMissing: Check = {
  id: 'queue-or-topic-missing',
  reads: ['queues.attributes', 'topics.attributes', 'identity'],
  judge(look) {
    const { queues, topics, identity } = look.facts;
    const account = valueOf(identity)?.account;
    return look.hops.flatMap((hop) => {
      const { kind, arn, sender } = hop;
      if (kind !== 'sqs' && kind !== 'sns') return [];
      const reading: Reading<unknown> | undefined =
        kind === 'sqs' ? queues[arn]?.attributes : topics[arn]?.attributes;
      look.value(reading);
      if (!reading || !isAbsent(reading)) return [];
      const own = parseArn(arn)?.account === account;
      // Of another account it may be there and only not be shown: see cross-account-destination.
      if (!own && account !== undefined) return [];
      const name = parseArn(arn)?.resource ?? '';
      const Policy = sender && policyWith(undefined, DELIVERY_ACTIONS[kind], arn, sender);
      const create =
        kind === 'sqs'
          ? call('sqs', 'CreateQueue', { QueueName: name, Attributes: { Policy } })
          : call('sns', 'CreateTopic', { Name: name, Attributes: { Policy } });
      return [
        {
          id: 'queue-or-topic-missing',
          verdict: own ? 'broken' : 'suspected',
          severity: 'BREAK',
          subject: called(arn),
          node: arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledSender(hop)} sends to ${called(arn)}, which does not exist`,
          evidence: [evidence(reading, 'answer', kind === 'sqs' ? 'NonExistentQueue' : 'NotFound')],
          fix:
            own && Policy !== undefined && !name.endsWith('.fifo')
              ? {
                  ...ask(create),
                  advice:
                    'This makes it again, empty and without its consumers; or name another one in the rule.',
                }
              : tell('Look for it with a profile of its account.'),
        },
      ];
    });
  },
};
