import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { GATE_FACTS, gateOf } from '../../doctor/gate.ts';
import { called, evidence } from '../../doctor/words.ts';
import { globMatches } from '../../glob.ts';
import { parsePolicy, type PolicyStatement } from '../../policy-document.ts';

/**
 * S3 is admitted without saying for whose buckets: anybody's bucket could send here. With the bucket's ARN alone, whoever takes the
 * name after its deletion could. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const permissionTooOpen: Check = {
  id: 'permission-too-open',
  reads: GATE_FACTS,
  judge: (look) =>
    look.hops.flatMap((hop) => {
      if (hop.sender?.service !== 's3.amazonaws.com') return [];
      const gate = gateOf(look, hop);
      const statements = parsePolicy(gate?.policy ?? '')?.statements ?? [];
      const open =
        gate && statements.map((one) => opennessOf(one, gate.action)).find((one) => one !== undefined);
      if (!open) return [];
      return [
        {
          id: 'permission-too-open',
          verdict: 'risk',
          severity: 'RISK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${called(hop.arn)} admits S3 ${open.text}`,
          evidence: [
            evidence(gate.reading, `Policy.Statement ${open.sid ?? ''}`.trim(), 'no aws:SourceAccount'),
          ],
          fix: tell('Add a statement with both aws:SourceArn and aws:SourceAccount, then remove this one.'),
        },
      ];
    }),
};

function opennessOf(
  { sid, effect, principal, action, conditions }: PolicyStatement,
  wanted: string,
): { readonly sid: string | undefined; readonly text: string } | undefined {
  if (effect !== 'Allow' || !principal || principal.negated || action.negated) return undefined;
  const { element } = principal;
  if (element.kind === 'listed' && element.values['Service']?.includes('s3.amazonaws.com') !== true)
    return undefined;
  if (!action.patterns.some((pattern) => globMatches(pattern.toLowerCase(), wanted.toLowerCase())))
    return undefined;
  const keys = new Set(conditions.map(({ key }) => key.toLowerCase()));
  // Any other condition narrows it in a way that is not judged here.
  if (keys.has('aws:sourceaccount') || [...keys].some((key) => key !== 'aws:sourcearn')) return undefined;
  return keys.has('aws:sourcearn')
    ? {
        sid,
        text: 'for this bucket whoever owns it: without aws:SourceAccount a later owner of the name could send too',
      }
    : { sid, text: "without a condition, so anybody's bucket can send there" };
}
