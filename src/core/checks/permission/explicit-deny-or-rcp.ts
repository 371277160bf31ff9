import { admission } from '../../doctor/admission.ts';
import type { Check } from '../../doctor/check.ts';
import { ask, tell } from '../../doctor/fixes.ts';
import { GATE_FACTS, gateOf } from '../../doctor/gate.ts';
import { called, evidence } from '../../doctor/words.ts';
import { guardedHops } from './guarded-hops.ts';
import { exemptSenders } from './whole-policy.ts';

const ADVICE =
  'Exempt deliveries of AWS services from that statement: add the condition BoolIfExists aws:PrincipalIsAWSService false.';

/**
 * A Deny of the resource's policy hits the delivery, whatever else allows it. Resource control policies of an organization cannot be
 * read from here.
 */
export const explicitDenyOrRcp: Check = {
  id: 'explicit-deny-or-rcp',
  reads: GATE_FACTS,
  judge: (look) =>
    guardedHops(look).flatMap((hop) => {
      const gate = gateOf(look, hop);
      if (!gate) return [];
      const answer = admission(gate.policy, gate.action, hop.arn, hop.sender);
      if (answer.kind !== 'denied') return [];
      const action = exemptSenders(look, hop);
      const statement = answer.sid === undefined ? 'a Deny statement' : `the Deny statement "${answer.sid}"`;
      return [
        {
          id: 'explicit-deny-or-rcp',
          verdict: 'broken',
          severity: 'BREAK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${statement} in the policy of ${called(hop.arn)} refuses ${hop.sender.service}, whatever else allows it`,
          evidence: [
            evidence(
              gate.reading,
              `Policy.Statement ${answer.sid ?? ''}`.trim(),
              'Deny that matches the delivery',
            ),
          ],
          fix: action ? { ...ask(action), advice: ADVICE } : tell(ADVICE),
        },
      ];
    }),
};
