/** Whether a function's resource-based policy admits S3, and when not, which of the causes it is: one for each way that leads there. */
import { unqualifiedFunctionArn } from '../../arn.ts';
import { admission, isNeverPresented } from '../../doctor/admission.ts';
import type { FindingId } from '../../doctor/catalogue.ts';
import type { Look } from '../../doctor/check.ts';
import type { FunctionNode } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { addPermission, safe } from '../../doctor/fixes.ts';
import { knownGate } from '../../doctor/gate.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, calledRules, evidence } from '../../doctor/words.ts';
import type { NearMiss } from '../../policy.ts';
import { DELIVERY_ACTIONS } from '../../s3-access.ts';

/** What the six checks of this family read. */
export const ADMISSION_FACTS = [
  'functions.configuration',
  'functions.qualified',
  'functions.policy',
  'functions.otherPolicies',
  'identity',
] as const;

interface Cause {
  readonly id: FindingId;
  readonly verdict: Finding['verdict'];
  /** After "rule x sends to function y, ". */
  readonly why: string;
  readonly seen: { readonly field: string; readonly value: string };
}

/** The findings of that id. Reads that are refused are noted against `lambda-permission-missing` alone. */
export function lambdaAdmissions(look: Look, id: FindingId): readonly Finding[] {
  const account = valueOf(look.facts.identity)?.account;
  const value: Look['value'] = (reading) =>
    id === 'lambda-permission-missing' ? look.value(reading) : valueOf(reading);
  return look.hops.flatMap((hop) => {
    const node = hop.kind === 'lambda' ? look.facts.functions[hop.arn] : undefined;
    if (!node || hop.sender?.service !== 's3.amazonaws.com') return [];
    const cause = causeOf(look, hop, node, value);
    if (cause?.id !== id) return [];
    return [
      {
        id,
        verdict: cause.verdict,
        severity: 'BREAK',
        subject: called(hop.arn),
        node: hop.arn,
        ruleIds: hop.ruleIds,
        depth: hop.depth,
        message: `${calledRules(hop)} sends to ${called(hop.arn)}, ${cause.why}`,
        evidence: [evidence(node.policy, cause.seen.field, cause.seen.value)],
        fix: safe(addPermission(node, hop.sender, account)),
      },
    ];
  });
}

function causeOf(look: Look, hop: Hop, node: FunctionNode, value: Look['value']): Cause | undefined {
  const { sender } = hop;
  // Nothing can be attached to `$LATEST`: that is a cause of its own.
  if (!sender || node.qualifier === '$LATEST') return undefined;
  const gate = knownGate(look, hop, value);
  if (!gate) return undefined;
  const answer = admission(gate.policy, gate.action, hop.arn, sender);
  switch (answer.kind) {
    case 'allowed':
    case 'denied':
      return undefined;
    case 'unreadable':
      return {
        id: 'lambda-permission-missing',
        verdict: 'suspected',
        why: 'whose resource-based policy cannot be read',
        seen: { field: 'Policy', value: 'not a policy' },
      };
    case 'undecided': {
      const isAccount = answer.keys.some((key) => key.toLowerCase() === 'aws:sourceaccount');
      return {
        id: isAccount ? 'lambda-permission-wrong-account' : 'lambda-permission-condition',
        verdict: 'suspected',
        why: `which admits S3 only on terms that cannot be judged from here (${answer.keys.join(', ')})`,
        seen: { field: 'Policy.Statement.Condition', value: answer.keys.join(', ') },
      };
    }
    case 'refused':
      return elsewhere(node, sender, hop) ?? refusal(node, answer.nearest);
  }
}

/** The permission stands on the function, or on another version or alias of it. */
function elsewhere(node: FunctionNode, sender: NonNullable<Hop['sender']>, hop: Hop): Cause | undefined {
  const plain = unqualifiedFunctionArn(hop.arn);
  const other = (valueOf(node.otherPolicies) ?? []).find(({ qualifier, policy }) => {
    const arn = qualifier === undefined ? plain : `${plain}:${qualifier}`;
    return admission(policy, DELIVERY_ACTIONS.lambda, arn, sender).kind === 'allowed';
  });
  if (!other) return undefined;
  const there = other.qualifier === undefined ? 'the function without a qualifier' : `"${other.qualifier}"`;
  const here = node.qualifier === undefined ? 'the function without a qualifier' : `"${node.qualifier}"`;
  return {
    id: 'lambda-permission-wrong-qualifier',
    verdict: 'broken',
    why: `but the permission for S3 is on ${there} and not on ${here}, which the rule names`,
    seen: { field: 'Policy', value: `admits S3 on ${there} only` },
  };
}

function refusal({ policy }: FunctionNode, nearest: NearMiss | undefined): Cause {
  if (!nearest || isAbsent(policy)) {
    return {
      id: 'lambda-permission-missing',
      verdict: 'broken',
      why: 'whose policy does not let S3 invoke it',
      seen: { field: 'Policy', value: isAbsent(policy) ? 'none' : 'no statement for S3' },
    };
  }
  const statement = nearest.sid === undefined ? 'a statement' : `statement "${nearest.sid}"`;
  const seen = {
    field: `Policy.Statement${nearest.sid === undefined ? '' : ` ${nearest.sid}`}`,
    value: nearest.detail,
  };
  const key = nearest.condition?.key.toLowerCase();
  switch (nearest.failed) {
    case 'principal':
    case 'action':
      return {
        id: 'lambda-permission-wrong-principal',
        verdict: 'broken',
        why: `whose policy admits others, but not S3: in ${statement} ${nearest.detail}`,
        seen,
      };
    case 'resource':
      return {
        id: 'lambda-permission-wrong-qualifier',
        verdict: 'broken',
        why: `but ${statement} of its policy is for another version or alias`,
        seen,
      };
    case 'condition':
      return {
        id:
          key === 'aws:sourcearn'
            ? 'lambda-permission-wrong-source-arn'
            : key === 'aws:sourceaccount'
              ? 'lambda-permission-wrong-account'
              : 'lambda-permission-condition',
        // An operator that is not known here: what it decides is not known either.
        verdict: nearest.condition ? 'broken' : 'suspected',
        why: `whose policy admits S3 for something else: in ${statement} ${nearest.detail}${neverText(key)}`,
        seen: { field: `${seen.field} Condition`, value: nearest.detail },
      };
  }
}

function neverText(key: string | undefined): string {
  return key !== undefined && isNeverPresented(key) ? ', and never has with S3' : '';
}
