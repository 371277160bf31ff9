import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, tell } from '../../doctor/fixes.ts';
import { sumOf } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { UNDECODED_READS, undecodedKey } from './object-state.ts';
import { allowRole, bucketArnFor, decisionOn, objectsOf, roleOf } from './role.ts';
import { about, allRuns, lineOf, RUN_READS, type Run, type Runs } from './runs.ts';
import { readsObject, serviceErrorOf, type ServiceError } from './service-error.ts';
import { standingOf } from './standing.ts';

/** The execution role may not read the objects that it is told of. */
export const roleNoS3Read: Check = {
  id: 'role-no-s3-read',
  reads: [...RUN_READS, ...UNDECODED_READS, 'metrics'],
  judge: (look) =>
    allRuns(look).flatMap(
      (runs) => fromLog(look, runs, false) ?? fromLog(look, runs, true) ?? fromPolicies(look, runs) ?? [],
    ),
};

/** `undecoded`: errors that a key which was not decoded explains; they count only where IAM denies the reading too. */
function fromLog(look: Look, runs: Runs, undecoded: boolean): Finding | undefined {
  const { name } = look.facts.bucket;
  const isRefused = (error: SeenError, run: Run): boolean => {
    const said = serviceErrorOf(error);
    return (
      said?.kind === 'denied' &&
      isReading(said, name) &&
      !isOthers(said) &&
      (undecodedKey(look, runs, run, error) !== undefined) === undecoded
    );
  };
  const standing = standingOf(runs, isRefused);
  const said = standing && serviceErrorOf(standing.error);
  if (!standing || !said) return undefined;
  const { reached } = runs;
  const action = said.action ?? 's3:GetObject';
  const bucketArn = bucketArnFor(look, reached.arn);
  const isListing = action === 's3:ListBucket';
  const resource = said.resource ?? (isListing ? bucketArn : `${bucketArn}/${keyOf(look, standing.run)}`);
  const simulated = roleOf(look, reached)?.simulated;
  // The line that names the policy needs no other witness.
  const known = said.policy === undefined ? look.value(simulated) : valueOf(simulated);
  const decision = decisionOn(known, action, resource);
  // IAM allows it by now, or never refused it: then it is something else.
  if (decision?.decision === 'allowed' && said.policy !== 'resource' && said.policy !== 'session') {
    return undefined;
  }
  if (undecoded && decision === undefined) return undefined;
  const certain =
    !undecoded &&
    (said.policy !== undefined || (decision !== undefined && readsObject(said, name) === 'yes'));
  const proof: readonly Evidence[] =
    decision === undefined
      ? []
      : [evidence(simulated, `${decision.action} ${decision.resource}`, decision.decision)];
  return {
    id: 'role-no-s3-read',
    verdict: certain ? standing.verdict : 'suspected',
    severity: 'CODE',
    ...about(reached),
    message: `${called(reached.arn)} runs, but its role may not read from bucket ${name} (${action} was refused)${standing.share}`,
    evidence: [lineOf(standing.error), ...proof],
    fix: fixFor(look, runs, said, action, decision?.deniedBy),
  };
}

/** Listing counts where the function lists; of another call it says that the key does not exist. */
function isReading(said: ServiceError, bucket: string): boolean {
  if (said.action === 's3:ListBucket') return /^(?:ListObjects|HeadBucket)/.test(said.operation ?? '');
  return readsObject(said, bucket) !== 'no';
}

/** Policies that have a cause of their own, and keys of KMS. */
function isOthers({ policy, explicit, action }: ServiceError): boolean {
  return (
    policy === 'endpoint' || (policy === 'resource' && explicit) || (action?.startsWith('kms:') ?? false)
  );
}

function keyOf(look: Look, run: Run): string {
  return look.facts.question.key ?? run.records.at(-1)?.key ?? '*';
}

function fixFor(
  look: Look,
  { reached }: Runs,
  said: Pick<ServiceError, 'policy' | 'explicit'>,
  action: string,
  deniedBy: 'boundary' | 'organization' | undefined,
): Fix {
  if (said.policy === 'boundary' || deniedBy === 'boundary') {
    return tell(
      `The permissions boundary of the role leaves no room for ${action}: whoever owns it has to widen it.`,
    );
  }
  if (said.policy === 'organization' || deniedBy === 'organization') {
    return tell(`A policy of the organization forbids ${action}: only who administers it can change that.`);
  }
  if (said.policy === 'resource') {
    return tell(
      `The bucket belongs to another account, whose bucket policy has to allow the role ${action}.`,
    );
  }
  if (said.explicit) return tell(`A policy of the role denies ${action}: take that Deny statement away.`);
  const isListing = action === 's3:ListBucket';
  const resources = isListing ? [bucketArnFor(look, reached.arn)] : objectsOf(look, reached);
  const allow = allowRole(
    reached.configuration?.roleArn,
    `s3evt-read-${look.facts.bucket.name}`,
    [action],
    resources,
  );
  return allow ? ask(allow) : tell(`Allow the function's role ${action} on ${resources.join(' and ')}.`);
}

/**
 * Without a line in the log: many functions never read the object, so a role that may not is nothing by itself. It is an explanation
 * only where invocations are known to fail and nothing in the log says why.
 */
function fromPolicies(look: Look, { reached, runs }: Runs): Finding | undefined {
  const { simulated } = roleOf(look, reached) ?? {};
  const key = look.facts.question.key;
  const objects = objectsOf(look, reached);
  const wanted = key === undefined ? (objects[0] ?? '') : `${bucketArnFor(look, reached.arn)}/${key}`;
  const decision = decisionOn(valueOf(simulated), 's3:GetObject', wanted);
  if (!decision || decision.decision === 'allowed') return undefined;
  if (runs.some(({ state, errors }) => state === 'ok' || errors.length > 0)) return undefined;
  const errors = sumOf(valueOf(look.facts.metrics) ?? [], 'AWS/Lambda', 'Errors', reached.node.name);
  if (errors === 0 && !runs.some(({ state }) => state === 'failed')) return undefined;
  return {
    id: 'role-no-s3-read',
    verdict: 'suspected',
    severity: 'CODE',
    ...about(reached),
    message: `${called(reached.arn)} fails without a word in its log, and its role may not read objects of bucket ${look.facts.bucket.name}`,
    evidence: [evidence(simulated, `${decision.action} ${decision.resource}`, decision.decision)],
    fix: fixFor(
      look,
      { reached, runs, showsEvents: false },
      { policy: undefined, explicit: decision.decision === 'explicitDeny' },
      's3:GetObject',
      decision.deniedBy,
    ),
  };
}
