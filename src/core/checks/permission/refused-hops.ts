/** Queues, topics and functions that do not admit who sends to them: the same question for S3, SNS and EventBridge. */
import type { FindingId } from '../../doctor/catalogue.ts';
import type { Look } from '../../doctor/check.ts';
import type { Finding, FixAction } from '../../doctor/finding.ts';
import { addPermission, safe, tell } from '../../doctor/fixes.ts';
import { knownGate } from '../../doctor/gate.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, calledSender, evidence } from '../../doctor/words.ts';
import { guardedHops, type GuardedHop } from './guarded-hops.ts';
import { refusalText } from './refusal-text.ts';
import { admitSenders } from './whole-policy.ts';

/** What is read where functions may be among them. */
export const REFUSED_HOPS_FACTS = [
  'functions.configuration',
  'functions.qualified',
  'functions.policy',
  'queues.attributes',
  'topics.attributes',
  'identity',
] as const;

interface Refused {
  readonly id: FindingId;
  readonly concerns: (hop: GuardedHop) => boolean;
  /** After "which does not let ". */
  readonly what: string;
  /** What has to get a policy, where it cannot be written: the queue's or topic's name when left out. */
  readonly whom?: string;
}

/** One finding for each hop that it concerns and whose policy, as far as it is known, does not let the sender in. */
export function refusedHops(look: Look, { id, concerns, what, whom }: Refused): readonly Finding[] {
  return guardedHops(look)
    .filter(concerns)
    .flatMap((hop) => {
      const { arn, sender } = hop;
      const gate = knownGate(look, hop, (reading) => look.value(reading));
      const refusal = gate && refusalText(gate, hop);
      if (!refusal) return [];
      const action = admitting(look, hop);
      return [
        {
          id,
          verdict: refusal.verdict,
          severity: 'BREAK',
          subject: called(arn),
          node: arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledSender(hop)} sends to ${called(arn)}, which does not let ${what}: ${refusal.why}`,
          evidence: [evidence(gate.reading, 'Policy', gate.policy === undefined ? 'none' : refusal.value)],
          fix: action
            ? safe(action)
            : tell(`Give ${whom ?? called(arn)} a policy that admits ${sender.service}.`),
        },
      ];
    });
}

function admitting(look: Look, hop: GuardedHop): FixAction | undefined {
  const node = hop.kind === 'lambda' ? look.facts.functions[hop.arn] : undefined;
  return node
    ? addPermission(node, hop.sender, valueOf(look.facts.identity)?.account)
    : admitSenders(look, hop);
}
