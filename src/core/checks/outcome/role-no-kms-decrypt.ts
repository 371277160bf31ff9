import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { allowRole, decisionOn, roleOf } from './role.ts';
import { about, allRuns, lineOf, RUN_READS, type Runs } from './runs.ts';
import { readsObject, serviceErrorOf } from './service-error.ts';
import { standingOf } from './standing.ts';

/** The object is encrypted with a key of KMS that the function's role may not use to decrypt. */
export const roleNoKmsDecrypt: Check = {
  id: 'role-no-kms-decrypt',
  reads: [...RUN_READS, 'object.head', 'keys.key', 'roles.simulated'],
  judge: (look) => allRuns(look).flatMap((runs) => judgeOne(look, runs) ?? []),
};

function judgeOne(look: Look, runs: Runs): Finding | undefined {
  const { reached } = runs;
  const objectKey = valueOf(look.facts.object?.head)?.kmsKeyId;
  const simulated = roleOf(look, reached)?.simulated;
  const keyArn =
    objectKey === undefined ? undefined : (valueOf(look.facts.keys[objectKey]?.key)?.arn ?? objectKey);
  const decision = keyArn === undefined ? undefined : decisionOn(valueOf(simulated), 'kms:Decrypt', keyArn);
  const standing = standingOf(runs, (error) => isAboutKey(error, look.facts.bucket.name, decision?.decision));
  const said = standing && serviceErrorOf(standing.error);
  if (!standing || !said) return undefined;
  if (said.action === undefined) look.value(simulated);
  const named = said.action === 'kms:Decrypt' ? said.resource : undefined;
  const key = named ?? keyArn;
  if (key !== undefined && decisionOn(valueOf(simulated), 'kms:Decrypt', key)?.decision === 'allowed') {
    // By now the role's own policies allow it; the key's policy may still be in the way.
    if (said.policy === 'identity') return undefined;
  }
  // Secrets and parameters are decrypted too: only the call, or the object's own key, tells that it is about the object.
  const isObject =
    /^(?:Get|Head)Object/.test(said.operation ?? '') || (named !== undefined && named === keyArn);
  const proof: readonly Evidence[] = [
    ...(objectKey === undefined ? [] : [evidence(look.facts.object?.head, 'SSEKMSKeyId', objectKey)]),
    ...(decision === undefined
      ? []
      : [evidence(simulated, `kms:Decrypt ${decision.resource}`, decision.decision)]),
  ];
  return {
    id: 'role-no-kms-decrypt',
    verdict:
      isObject && (said.action === 'kms:Decrypt' || decision !== undefined) ? standing.verdict : 'suspected',
    severity: 'CODE',
    ...about(reached),
    message: `${called(reached.arn)} may read the object but not decrypt it: its role lacks kms:Decrypt on ${key ?? 'the key of the object'}${standing.share}`,
    evidence: [lineOf(standing.error), ...proof],
    fix: fixFor(look, runs, key, said.policy),
  };
}

/** A refusal by KMS; or one that names nothing, while IAM says that the role may not decrypt the object. */
function isAboutKey(error: SeenError, bucket: string, decision: string | undefined): boolean {
  const said = serviceErrorOf(error);
  if (said?.kind !== 'denied') return false;
  if (said.action !== undefined) return said.action === 'kms:Decrypt';
  return decision !== undefined && decision !== 'allowed' && readsObject(said, bucket) === 'yes';
}

function fixFor(look: Look, { reached }: Runs, key: string | undefined, policy: string | undefined): Fix {
  const known = Object.values(look.facts.keys)
    .map((one) => valueOf(one.key))
    .find((one) => one?.arn === key);
  const foreign = key !== undefined && parseArn(key)?.account !== parseArn(reached.arn)?.account;
  if (known?.manager === 'AWS' && foreign) {
    return tell(
      'A key that AWS manages works within its own account only: encrypt the objects with a customer managed key.',
    );
  }
  if (policy === 'resource') {
    return tell(
      'The policy of the key has to allow the role kms:Decrypt: its owner adds a statement for it.',
    );
  }
  if (policy === 'boundary' || policy === 'organization') {
    return tell(
      'A permissions boundary or a policy of the organization forbids kms:Decrypt: whoever owns it has to change it.',
    );
  }
  const allow =
    key === undefined || parseArn(key)?.service !== 'kms'
      ? undefined
      : allowRole(reached.configuration?.roleArn, 's3evt-decrypt-objects', ['kms:Decrypt'], [key]);
  if (!allow) return tell("Allow the function's role kms:Decrypt on the key of the object.");
  return {
    ...ask(allow),
    advice: "The key's own policy has to let IAM policies of the account decide, as it does by default.",
  };
}
