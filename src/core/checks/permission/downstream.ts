/** Whether what a topic or an event rule sends to admits it: functions, queues and topics alike. */
import type { Sender } from '../../doctor/admission.ts';
import type { Look } from '../../doctor/check.ts';
import type { Finding, Fix, FixAction } from '../../doctor/finding.ts';
import { addPermission, safe, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { guardedHops, type GuardedHop } from './guarded-hops.ts';
import { refusalText } from './refusal-text.ts';
import { admitSenders } from './whole-policy.ts';

export const DOWNSTREAM_FACTS = [
  'functions.configuration',
  'functions.qualified',
  'functions.policy',
  'queues.attributes',
  'topics.attributes',
  'identity',
] as const;

interface Gate {
  readonly reading: Reading<unknown>;
  /** JSON text; undefined without one. */
  readonly policy: string | undefined;
  readonly action: string;
  readonly admit: FixAction | undefined;
}

/** Findings without an id, for the hops that this service sends to. */
export function downstream(look: Look, service: Sender['service']): readonly Omit<Finding, 'id'>[] {
  return guardedHops(look).flatMap((hop) => {
    const { sender } = hop;
    if (sender.service !== service) return [];
    const gate = gateOf(look, hop);
    if (!gate) return [];
    const refusal = refusalText(gate.policy, gate.action, hop.arn, sender);
    if (!refusal) return [];
    const fix: Fix = gate.admit
      ? safe(gate.admit)
      : tell(`Give ${called(hop.arn)} a policy that admits ${service}.`);
    return [
      {
        verdict: refusal.verdict,
        severity: 'BREAK',
        subject: called(hop.arn),
        node: hop.arn,
        ruleIds: hop.ruleIds,
        depth: hop.depth,
        message: `${called(sender.sourceArn)} sends to ${called(hop.arn)}, which does not let it: ${refusal.why}`,
        evidence: [evidence(gate.reading, 'Policy', gate.policy === undefined ? 'none' : refusal.value)],
        fix,
      },
    ];
  });
}

function gateOf(look: Look, hop: GuardedHop): Gate | undefined {
  const { functions, queues, topics, identity } = look.facts;
  switch (hop.kind) {
    case 'lambda': {
      const node = functions[hop.arn];
      // What is not there needs no permission, and GetPolicy answers the same for both.
      if (!node || isAbsent(node.configuration) || isAbsent(node.qualified)) return undefined;
      const policy = look.value(node.policy);
      if (policy === undefined && !(isAbsent(node.policy) && look.value(node.configuration)))
        return undefined;
      const admit = addPermission(node, hop.sender, valueOf(identity)?.account);
      return { reading: node.policy, policy, action: 'lambda:InvokeFunction', admit };
    }
    case 'sqs': {
      const node = queues[hop.arn];
      const attributes = look.value(node?.attributes);
      if (!node || !attributes) return undefined;
      const admit = admitSenders(look, hop);
      return { reading: node.attributes, policy: attributes.policy, action: 'sqs:SendMessage', admit };
    }
    case 'sns': {
      const node = topics[hop.arn];
      const attributes = look.value(node?.attributes);
      if (!node || !attributes) return undefined;
      const admit = admitSenders(look, hop);
      return { reading: node.attributes, policy: attributes.policy, action: 'sns:Publish', admit };
    }
    case 'event-rule':
    case 'other':
      return undefined;
  }
}
