import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { parsePolicy } from '../../policy-document.ts';
import { withoutUnknown } from '../../policy-unknowns.ts';
import { evaluatePolicy } from '../../policy.ts';
import { UNDECODED_READS, undecodedKey } from './object-state.ts';
import { bucketArnFor, objectsOf, roleName } from './role.ts';
import { about, allRuns, lineOf, RUN_READS, type Reached, type Run, type Runs } from './runs.ts';
import { readsObject, serviceErrorOf } from './service-error.ts';
import { standingOf } from './standing.ts';

/** The bucket's policy, or that of a VPC endpoint, denies the function's role what its own policies allow. */
export const bucketPolicyDeniesRole: Check = {
  id: 'bucket-policy-denies-role',
  reads: [...RUN_READS, ...UNDECODED_READS, 'bucket.policy'],
  judge: (look) => allRuns(look).flatMap((runs) => judgeOne(look, runs) ?? []),
};

function judgeOne(look: Look, runs: Runs): Finding | undefined {
  const { reached } = runs;
  const { name } = look.facts.bucket;
  const isRefused = (error: SeenError, run: Run): boolean => {
    const said = serviceErrorOf(error);
    if (said?.kind !== 'denied' || readsObject(said, name) === 'no') return false;
    if (said.policy === 'endpoint') return true;
    const open = said.policy === undefined || (said.policy === 'resource' && said.explicit);
    return open && undecodedKey(look, runs, run, error) === undefined;
  };
  const standing = standingOf(runs, isRefused);
  const said = standing && serviceErrorOf(standing.error);
  if (said?.policy === 'endpoint') return ofEndpoint(runs, standing?.error, standing?.share ?? '');
  // A role that a Deny meets is no fault where the function is seen to do without what it denies.
  if (!standing && runs.runs.length > 0) return undefined;
  const policy = look.value(look.facts.bucket.policy);
  const deny = policy === undefined ? undefined : denying(look, reached, policy, standing?.run);
  const isNamed = said?.policy === 'resource';
  if (!deny && !isNamed) return undefined;
  const proof: readonly Evidence[] = deny
    ? [evidence(look.facts.bucket.policy, `Statement[${deny.index}].Effect`, `Deny ${deny.sid ?? ''}`.trim())]
    : [];
  return {
    id: 'bucket-policy-denies-role',
    verdict: standing?.verdict ?? 'suspected',
    severity: 'CODE',
    ...about(reached),
    message: `the policy of bucket ${name} denies ${called(reached.arn)} the reading of objects, whatever its role allows${standing?.share ?? ''}`,
    evidence: [...(standing ? [lineOf(standing.error)] : []), ...proof],
    fix: fixFor(name, reached, deny && policy, deny?.index),
  };
}

function ofEndpoint({ reached }: Runs, error: SeenError | undefined, share: string): Finding {
  return {
    id: 'bucket-policy-denies-role',
    verdict: 'suspected',
    severity: 'CODE',
    ...about(reached),
    message: `the policy of the VPC endpoint that ${called(reached.arn)} goes through keeps it from reading the objects${share}`,
    evidence: error ? [lineOf(error)] : [],
    fix: tell('Let the policy of the VPC endpoint for S3 allow the role s3:GetObject on the bucket.', [
      'aws',
      'ec2',
      'describe-vpc-endpoints',
    ]),
  };
}

/**
 * Of a request that the function's code makes. Keys that are not here, and not in ABSENT, are not known: statements that hang on them
 * decide nothing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
function contextOf({ configuration, arn }: Reached): Readonly<Record<string, string>> {
  const { partition, account = '', region = '' } = parseArn(arn) ?? {};
  return {
    'aws:PrincipalArn': configuration?.roleArn ?? '',
    'aws:PrincipalAccount': parseArn(configuration?.roleArn ?? '')?.account ?? account,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ViaAWSService': 'false',
    'aws:SecureTransport': 'true',
    ...(partition === undefined ? {} : { 'aws:RequestedRegion': region }),
  };
}

const ABSENT: readonly string[] = [
  'aws:principalservicename',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceorgid',
  'aws:username',
  'aws:multifactorauthpresent',
];
/** Of a request that goes through a VPC endpoint, as one of a function in a VPC may. */
const OF_ENDPOINTS: readonly string[] = ['aws:sourcevpc', 'aws:sourcevpce', 'aws:vpcsourceip'];

function denying(
  look: Look,
  reached: Reached,
  text: string,
  run: Run | undefined,
): { readonly index: number; readonly sid: string | undefined } | undefined {
  const name = roleName(reached.configuration?.roleArn);
  const role = parseArn(reached.configuration?.roleArn ?? '');
  if (name === undefined || !role) return undefined;
  const context = contextOf(reached);
  const known = new Set([
    ...Object.keys(context).map((key) => key.toLowerCase()),
    ...ABSENT,
    ...(reached.configuration?.subnetIds.length === 0 ? OF_ENDPOINTS : []),
  ]);
  const key = look.facts.question.key ?? run?.records.at(-1)?.key;
  const objects = objectsOf(look, reached);
  const resource = key === undefined ? (objects[0] ?? '') : `${bucketArnFor(look, reached.arn)}/${key}`;
  const document = parsePolicy(text);
  const statements = statementsOf(text);
  for (const [index, statement] of statements.entries()) {
    const alone = JSON.stringify({ Version: document?.version, Statement: [statement] });
    const decidable = withoutUnknown(alone, (one) => known.has(one));
    const parsed = decidable?.keys.length === 0 ? parsePolicy(alone) : undefined;
    const decision =
      parsed &&
      evaluatePolicy(parsed, {
        principal: {
          aws: `arn:${role.partition}:sts::${role.account}:assumed-role/${name}/${reached.node.name}`,
        },
        action: 's3:GetObject',
        resource,
        context,
      });
    if (decision?.effect === 'explicit-deny') return { index, sid: decision.sid };
  }
  return undefined;
}

type Json = Readonly<Record<string, unknown>>;

function statementsOf(text: string): readonly Json[] {
  if (!parsePolicy(text)) return [];
  const { Statement: written } = JSON.parse(text) as { readonly Statement: unknown };
  return (Array.isArray(written) ? written : [written]) as readonly Json[];
}

/** The Deny stays for everybody else. */
function fixFor(
  bucket: string,
  { configuration }: Reached,
  policy: string | undefined,
  index: number | undefined,
): Fix {
  const manual = "Exempt the function's role from the Deny statement of the bucket policy.";
  if (policy === undefined || index === undefined || configuration === undefined) return tell(manual);
  const statements = statementsOf(policy).map((statement, at) =>
    at === index ? exempting(statement, configuration.roleArn) : statement,
  );
  const document = { ...(JSON.parse(policy) as Json), Statement: statements };
  return {
    ...ask(call('s3', 'PutBucketPolicy', { Bucket: bucket, Policy: JSON.stringify(document) })),
    advice: 'Somebody wrote that Deny on purpose: ask whoever owns the policy before exempting the role.',
  };
}

function exempting(statement: Json, roleArn: string): Json {
  const condition = (statement['Condition'] ?? {}) as Readonly<Record<string, Json>>;
  const entry = Object.entries(condition['ArnNotEquals'] ?? {}).find(
    ([key]) => key.toLowerCase() === 'aws:principalarn',
  );
  const [key, values] = entry ?? ['aws:PrincipalArn', []];
  const arns = [...(Array.isArray(values) ? (values as readonly unknown[]) : [values]), roleArn];
  return {
    ...statement,
    Condition: { ...condition, ArnNotEquals: { ...condition['ArnNotEquals'], [key]: arns } },
  };
}
