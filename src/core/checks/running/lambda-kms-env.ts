import { formatInstant } from '../../duration.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { about, configurationOf, functionsOf, type FunctionHop } from './about.ts';

/** States in which a key decrypts. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const USABLE = ['Enabled', 'Updating'];

/** Clocks of IAM and Lambda differ, and IAM counts whole seconds. */
const TOLERANCE_MS = 60_000;

/** Lambda cannot decrypt the environment variables: the key is unusable, or the grant belonged to a role that was made anew. */
export const lambdaKmsEnv: Check = {
  id: 'lambda-kms-env',
  reads: ['functions.configuration', 'functions.qualified', 'functions.log', 'keys.key', 'roles.role'],
  judge(look) {
    return functionsOf(look).flatMap((one) => keyFinding(look, one) ?? roleFinding(look, one) ?? []);
  },
};

function keyFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const configuration = look.value(configurationOf(node));
  const id = configuration?.kmsKeyArn;
  const key = id === undefined ? undefined : look.facts.keys[id];
  if (id === undefined || !key || !configuration) return undefined;
  const known = look.value(key.key);
  const isGone = isAbsent(key.key);
  if (!isGone && (!known || USABLE.includes(known.state))) return undefined;
  const state = known?.state ?? 'absent';
  const what = isGone ? 'which does not exist' : `which is ${state}`;
  const { hasEnvironment } = configuration;
  return {
    id: 'lambda-kms-env',
    // The key also serves code and snapshots of some functions: whether of this one is not told.
    verdict: hasEnvironment ? 'broken' : 'risk',
    severity: hasEnvironment ? 'BREAK' : 'RISK',
    ...about(hop),
    message: hasEnvironment
      ? `the environment variables of ${called(hop.arn)} are encrypted with the KMS key ${id}, ${what}, so it cannot start`
      : `${called(hop.arn)} is set to use the KMS key ${id}, ${what}`,
    evidence: [evidence(configurationOf(node), 'KMSKeyArn', id), evidence(key.key, 'KeyState', state)],
    fix: keyFix(known?.arn ?? id, state),
  };
}

function keyFix(KeyId: string, state: string): Fix {
  const enable = call('kms', 'EnableKey', { KeyId });
  if (state === 'Disabled') return ask(enable);
  if (state === 'PendingDeletion') return ask(call('kms', 'CancelKeyDeletion', { KeyId }), enable);
  return tell('Set the environment variables again with a key that can be used.');
}

/** A grant names the role by its id, which a role made anew under the same name does not have. */
function roleFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const reading = configurationOf(node);
  const configuration = look.value(reading);
  if (!configuration?.hasEnvironment || configuration.lastModified === undefined) return undefined;
  const role = look.facts.roles[configuration.roleArn]?.role;
  const created = look.value(role)?.createdAt;
  if (created === undefined || created <= configuration.lastModified + TOLERANCE_MS) return undefined;
  const ran = (valueOf(node.log?.seen)?.invocations ?? []).some(({ starts }) =>
    starts.some((start) => start > created),
  );
  if (ran) return undefined;
  return {
    id: 'lambda-kms-env',
    verdict: 'suspected',
    severity: 'BREAK',
    ...about(hop),
    message: `the execution role of ${called(hop.arn)} was made anew after the function was last changed, so Lambda may not be able to decrypt its environment variables`,
    evidence: [
      evidence(role, 'CreateDate', formatInstant(created)),
      evidence(reading, 'LastModified', formatInstant(configuration.lastModified)),
    ],
    fix: tell(
      'Set another execution role and then this one again (update-function-configuration), or deploy the function again: that renews the grant.',
    ),
  };
}
