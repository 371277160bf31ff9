import { hasEventBridge, rulesOf } from '../../notification.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { widen } from './change.ts';
import { calledAll, verb } from './text.ts';
import { bridgeTakes, listsFamily, passes, reachesExpected, takes, WAY_FACTS } from './ways.ts';

const PUT = 's3:ObjectCreated:Put';

/**
 * The object was written by replication, and rules are not replicated: this bucket needs its own. Which event a replica's creation
 * sends is not documented, so a rule for some creations only is no certain fault.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
 */
export const replicaSideExpectation: Check = {
  id: 'replica-side-expectation',
  reads: [...WAY_FACTS, 'object.head'],
  judge(look) {
    const { bucket, object, question } = look.facts;
    const document = look.value(bucket.notification);
    if (!document || !object || question.operation !== undefined || !reachesExpected(look)) return [];
    const head = look.value(object.head);
    if (head?.replicationStatus !== 'REPLICA') return [];
    const name = cut(object.key);
    const about = {
      id: 'replica-side-expectation',
      severity: 'SOME',
      subject: `object ${name}`,
      evidence: [evidence(object.head, 'ReplicationStatus', head.replicationStatus)],
    } as const;
    if (rulesOf(document).length === 0 && !hasEventBridge(document)) {
      const message = `"${name}" was written by replication, which does not copy rules, and bucket ${bucket.name} has none of its own`;
      return [
        {
          ...about,
          verdict: 'broken',
          message,
          fix: tell('Set the bucket up like the one that the object came from, with "s3evt init".'),
        },
      ];
    }
    const rules = look.rules.filter((rule) => passes(rule, object.key) && listsFamily(rule, 'ObjectCreated'));
    if (
      rules.length === 0 ||
      rules.some((rule) => takes(rule, PUT)) ||
      bridgeTakes(look, PUT, object.key) !== 'no'
    )
      return [];
    return [
      {
        ...about,
        verdict: 'suspected',
        ruleIds: rules.map(({ id }) => id),
        message: `"${name}" was written by replication, and ${calledAll(rules)} ${verb(rules, 'takes', 'take')} other ways of creation only: which event a replica sends is not documented`,
        fix: widen(document, rules, 'ObjectCreated', [PUT], { bucket: bucket.name }),
      },
    ];
  },
};
