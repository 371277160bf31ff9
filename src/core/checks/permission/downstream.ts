/** Whether what a topic or an event rule sends to admits it: functions, queues and topics alike. */
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Look } from '../../doctor/check.ts';
import type { Finding, Fix, FixAction } from '../../doctor/finding.ts';
import { addPermission, admitToQueue, admitToTopic, safe, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { refusalText } from './refusal-text.ts';

export const DOWNSTREAM_FACTS = [
  'functions.configuration',
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
  return look.hops.flatMap((hop) => {
    const { sender } = hop;
    // A target with a role is reached by that role's permissions.
    if (sender?.service !== service || hop.target?.roleArn !== undefined) return [];
    const gate = gateOf(look, hop, sender);
    if (!gate) return [];
    const refusal = refusalText(admission(gate.policy, gate.action, hop.arn, sender));
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

function gateOf(look: Look, hop: Hop, sender: Sender): Gate | undefined {
  const { functions, queues, topics, identity } = look.facts;
  switch (hop.kind) {
    case 'lambda': {
      const node = functions[hop.arn];
      if (!node || isAbsent(node.configuration)) return undefined;
      const policy = look.value(node.policy);
      if (policy === undefined && !(isAbsent(node.policy) && look.value(node.configuration)))
        return undefined;
      const admit = addPermission(node, sender, valueOf(identity)?.account);
      return { reading: node.policy, policy, action: 'lambda:InvokeFunction', admit };
    }
    case 'sqs': {
      const node = queues[hop.arn];
      const attributes = look.value(node?.attributes);
      if (!node || !attributes) return undefined;
      const admit = admitToQueue(node, sender);
      return { reading: node.attributes, policy: attributes.policy, action: 'sqs:SendMessage', admit };
    }
    case 'sns': {
      const node = topics[hop.arn];
      const attributes = look.value(node?.attributes);
      if (!node || !attributes) return undefined;
      const admit = admitToTopic(node, sender);
      return { reading: node.attributes, policy: attributes.policy, action: 'sns:Publish', admit };
    }
    case 'event-rule':
    case 'other':
      return undefined;
  }
}
