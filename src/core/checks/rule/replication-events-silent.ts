import type { Check } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { calledAll } from './text.ts';
import { listsFamily } from './ways.ts';

/** These count from a threshold of 15 minutes, which only Replication Time Control sets. */
const OF_THRESHOLD = [
  's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationReplicatedAfterThreshold',
];

/**
 * Replication sends events only where its metrics, or Replication Time Control, are on. A rule that takes every family of events is not
 * about replication: for it that is a risk. That nothing is sent where replication works is as it should be.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics.html
 */
export const replicationEventsSilent: Check = {
  id: 'replication-events-silent',
  reads: ['bucket.replication', 'bucket.notification'],
  judge(look) {
    const { bucket } = look.facts;
    const { replication } = bucket;
    return look.rules
      .filter((rule) => listsFamily(rule, 'Replication'))
      .flatMap((rule): readonly Finding[] => {
        const enabled = (look.value(replication) ?? []).filter((one) => one.enabled);
        const isRead = replication?.state === 'known' || isAbsent(replication);
        if (!isRead) return [];
        const listed = rule.events.filter((event) => event.startsWith('s3:Replication:'));
        const isOnly = listed.length === rule.events.length;
        const about = {
          id: 'replication-events-silent',
          severity: 'BREAK',
          subject: calledAll([rule]),
          ruleIds: [rule.id],
        } as const;
        if (enabled.length === 0) {
          if (!isOnly) return [];
          return [
            {
              ...about,
              // It may be set up before replication is.
              verdict: 'suspected',
              message: `${calledAll([rule])} takes events of replication only, and bucket ${bucket.name} replicates nothing`,
              evidence: [evidence(replication, 'Rules', 'none that is enabled')],
              fix: tell('Set up replication with its metrics on, or remove the rule.'),
            },
          ];
        }
        const isNamed = listed.some((event) => !event.endsWith(':*'));
        const proof = enabled
          .slice(0, 3)
          .map(({ id, metrics, timeControl }) =>
            evidence(
              replication,
              cut(id),
              `Metrics ${metrics ? 'on' : 'off'}, ReplicationTime ${timeControl ? 'on' : 'off'}`,
            ),
          );
        if (!enabled.some(({ metrics, timeControl }) => metrics || timeControl)) {
          return [
            {
              ...about,
              verdict: isOnly || isNamed ? 'broken' : 'risk',
              message: `${calledAll([rule])} waits for events of replication, which S3 sends only where the metrics of the replication rule are on`,
              evidence: proof,
              fix: tell(ADVICE),
            },
          ];
        }
        const ofThreshold = listed.filter((event) => OF_THRESHOLD.includes(event));
        if (ofThreshold.length === 0 || enabled.some(({ timeControl }) => timeControl)) return [];
        return [
          {
            ...about,
            verdict: 'broken',
            severity: 'SOME',
            message: `${calledAll([rule])} waits for ${ofThreshold.join(' and ')}, which S3 sends only with Replication Time Control`,
            evidence: proof,
            fix: tell(ADVICE),
          },
        ];
      });
  },
};

const ADVICE =
  'Turn on metrics (and Replication Time Control for events of its threshold) in the replication rule: put its whole configuration again with Metrics, and ReplicationTime, Enabled. Both cost extra.';
