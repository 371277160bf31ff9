import { admission, type Sender } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Fix } from '../../doctor/finding.ts';
import { addPermission, ask, call, functionInput, policyWith, tell } from '../../doctor/fixes.ts';
import { GATE_FACTS, gateOf, type Gate } from '../../doctor/gate.ts';
import { singleStatements } from '../../doctor/near-miss.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { parsePolicy, type PolicyStatement } from '../../policy-document.ts';
import { withoutStatement } from '../../s3-access.ts';
import { guardedHops, type GuardedHop } from '../permission/guarded-hops.ts';
import { setPolicy } from '../permission/whole-policy.ts';

const STRANGE_BUCKET = 'a-bucket-of-somebody-else';

/**
 * S3 is admitted without saying for whose buckets: anybody's bucket could send here. With the bucket's ARN alone, whoever takes the
 * name after its deletion could. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html (SourceAccount)
 */
export const permissionTooOpen: Check = {
  id: 'permission-too-open',
  reads: [...GATE_FACTS, 'identity'],
  judge: (look) =>
    guardedHops(look).flatMap((hop) => {
      if (hop.sender.service !== 's3.amazonaws.com') return [];
      const gate = gateOf(look, hop);
      if (!gate || !admits(gate, hop, hop.sender)) return [];
      const heir = { ...hop.sender, sourceAccount: strangerTo(hop.sender) };
      const anybody = { ...heir, sourceArn: renamed(hop.sender.sourceArn, STRANGE_BUCKET) };
      const forOthers = admits(gate, hop, anybody);
      if (!forOthers && !admits(gate, hop, heir)) return [];
      const statement = openStatement(gate, hop, forOthers ? anybody : heir);
      return [
        {
          id: 'permission-too-open',
          verdict: 'risk',
          severity: 'RISK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: forOthers
            ? `${called(hop.arn)} admits S3 for buckets of anybody`
            : `${called(hop.arn)} admits S3 for this bucket whoever owns it: without aws:SourceAccount a later owner of the name could send too`,
          evidence: [
            evidence(gate.reading, `Policy.Statement ${statement?.sid ?? ''}`.trim(), 'no aws:SourceAccount'),
          ],
          fix: fixOf(look, gate, hop, forOthers ? undefined : statement?.sid),
        },
      ];
    }),
};

/** An account that is not the bucket owner's. */
function strangerTo({ sourceAccount }: Sender): string {
  return sourceAccount === '999999999999' ? '999999999998' : '999999999999';
}

function renamed(bucketArn: string, name: string): string {
  return [...bucketArn.split(':').slice(0, 5), name].join(':');
}

function admits({ policy, action }: Gate, { arn }: GuardedHop, sender: Sender): boolean {
  return admission(policy, action, arn, sender).kind === 'allowed';
}

/** The statement that lets this stranger in. */
function openStatement(gate: Gate, hop: GuardedHop, stranger: Sender): PolicyStatement | undefined {
  const text = gate.policy ?? '';
  const at = singleStatements(text).findIndex((policy) => admits({ ...gate, policy }, hop, stranger));
  return parsePolicy(text)?.statements[at];
}

/**
 * A statement that is for this bucket alone is replaced by one that names its owner as well: nobody else depends on it. One for many
 * buckets is left to people.
 */
function fixOf(look: Look, gate: Gate, hop: GuardedHop, sid: string | undefined): Fix {
  const advice = 'Add a statement with both aws:SourceArn and aws:SourceAccount, then remove this one.';
  const { arn, sender } = hop;
  if (sid === undefined || sender.sourceAccount === undefined || !isForOneAlone(gate, sid))
    return tell(advice);
  const account = valueOf(look.facts.identity)?.account;
  const node = look.facts.functions[arn];
  if (hop.kind === 'lambda' && node) {
    return ask(
      addPermission(node, sender, account),
      call('lambda', 'RemovePermission', { ...functionInput(node, account), StatementId: sid }),
    );
  }
  const policy = policyWith(withoutStatement(gate.policy ?? '', sid), gate.action, arn, sender);
  const action = setPolicy(look, arn, policy);
  return action ? ask(action) : tell(advice);
}

/** S3, one bucket, without a wildcard; what else it says is not looked at. */
function isForOneAlone({ policy }: Gate, sid: string): boolean {
  const statements = (parsePolicy(policy ?? '')?.statements ?? []).filter((one) => one.sid === sid);
  const [only] = statements;
  if (statements.length !== 1 || !only) return false;
  const { principal, conditions } = only;
  if (principal?.element.kind !== 'listed' || principal.negated) return false;
  const isS3 = Object.entries(principal.element.values).every(
    ([kind, values]) => kind === 'Service' && values.every((one) => one === 's3.amazonaws.com'),
  );
  const [condition] = conditions;
  const values = condition?.values ?? [];
  return isS3 && conditions.length === 1 && values.length === 1 && !/[*?]/.test(values[0] ?? '*');
}
