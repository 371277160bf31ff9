import type { Rule } from '../../notification.ts';
import type { FindingId } from '../../doctor/catalogue.ts';
import type { Look } from '../../doctor/check.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { valueOf } from '../../doctor/reading.ts';
import { cut, evidence } from '../../doctor/words.ts';
import { widen } from './change.ts';
import { calledAll } from './text.ts';

interface Missed {
  readonly id: FindingId;
  readonly rules: readonly Rule[];
  readonly verdict: Finding['verdict'];
  /** The events, all of one family: `s3:ObjectCreated:Copy`. */
  readonly lost: readonly string[];
  readonly message: string;
  /** Stands before the rules' own events. */
  readonly proof?: readonly Evidence[];
}

/** Rules that do not take events which they perhaps should: the fix is to let them. */
export function missedEvents(
  { facts: { bucket } }: Look,
  { id, rules, verdict, lost, message, proof = [] }: Missed,
): Finding {
  const family = lost[0]?.split(':')[1] ?? '';
  return {
    id,
    verdict,
    severity: verdict === 'risk' ? 'RISK' : 'SOME',
    subject: calledAll(rules),
    ruleIds: rules.map((rule) => rule.id),
    message,
    evidence: [
      ...proof,
      ...rules
        .slice(0, 3)
        .map(({ events }) => evidence(bucket.notification, 'Events', cut(events.join(', ')))),
    ],
    fix: widen(valueOf(bucket.notification) ?? {}, rules, family, lost, { bucket: bucket.name }),
  };
}
