import { parseArn, unqualifiedFunctionArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding, FixAction } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { withoutUnknown } from '../../policy-unknowns.ts';
import { parsePolicy } from '../../policy-document.ts';
import { evaluatePolicy } from '../../policy.ts';
import { withStatement } from '../../s3-access.ts';
import { about, configurationOf, functionsOf, type FunctionHop } from './about.ts';

const LAMBDA = 'lambda.amazonaws.com';
const ASSUME_ROLE = 'sts:AssumeRole';

const TRUST = {
  Sid: 's3evt-lambda',
  Effect: 'Allow',
  Principal: { Service: LAMBDA },
  Action: ASSUME_ROLE,
} as const;

/** Lambda cannot become the execution role: it is gone, or does not trust Lambda. Events are accepted, and no invocation starts. */
export const roleUnusable: Check = {
  id: 'role-unusable',
  reads: ['functions.configuration', 'functions.qualified', 'functions.log', 'roles.role', 'identity'],
  judge(look) {
    return functionsOf(look).flatMap((one) => goneFinding(look, one) ?? trustFinding(look, one) ?? []);
  },
};

function goneFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const reading = configurationOf(node);
  const roleArn = look.value(reading)?.roleArn;
  const role = roleArn === undefined ? undefined : look.facts.roles[roleArn]?.role;
  if (roleArn === undefined || !role || !isAbsent(role)) return undefined;
  const account = valueOf(look.facts.identity)?.account;
  const owner = parseArn(roleArn)?.account;
  // IAM answers about roles of the caller's account only.
  if (account !== undefined && owner !== account) return undefined;
  const { name, path } = roleNameOf(roleArn);
  const partition = parseArn(roleArn)?.partition ?? 'aws';
  const actions: FixAction[] = [
    call('iam', 'CreateRole', {
      RoleName: name,
      ...(path === '/' ? {} : { Path: path }),
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [TRUST] }),
    }),
    call('iam', 'AttachRolePolicy', {
      RoleName: name,
      PolicyArn: `arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`,
    }),
  ];
  if (valueOf(node.configuration)?.roleArn === roleArn) {
    actions.push(call('lambda', 'UpdateFunctionConfiguration', { FunctionName: node.name, Role: roleArn }));
  }
  return {
    id: 'role-unusable',
    verdict: account === undefined ? 'suspected' : 'broken',
    severity: 'BREAK',
    ...about(hop),
    message: `the execution role ${name} of ${called(hop.arn)} does not exist, so no invocation can start`,
    evidence: [evidence(reading, 'Role', roleArn), evidence(role, 'answer', 'NoSuchEntity')],
    fix: {
      ...ask(...actions),
      advice: 'The new role may only write logs: give it what the code needs besides, such as s3:GetObject.',
    },
  };
}

function trustFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const reading = configurationOf(node);
  const roleArn = look.value(reading)?.roleArn;
  const role = roleArn === undefined ? undefined : look.facts.roles[roleArn]?.role;
  const trust = look.value(role)?.trust;
  if (roleArn === undefined || trust === undefined) return undefined;
  const judged = trustOf(trust, roleArn, hop.arn);
  if (!judged) return undefined;
  const { kind, detail } = judged;
  const worked = (valueOf(node.log?.seen)?.invocations ?? []).some(({ report }) => report?.status === 'ok');
  if (kind === 'condition' && worked) return undefined;
  const { name } = roleNameOf(roleArn);
  const trusting = kind === 'denied' ? undefined : withStatement(trust, TRUST);
  return {
    id: 'role-unusable',
    verdict: kind === 'condition' ? 'suspected' : 'broken',
    severity: 'BREAK',
    ...about(hop),
    message:
      kind === 'condition'
        ? `the execution role ${name} of ${called(hop.arn)} trusts Lambda under a condition that does not seem to hold`
        : `the execution role ${name} of ${called(hop.arn)} does not trust Lambda, so no invocation can start`,
    evidence: [
      evidence(reading, 'Role', roleArn),
      evidence(role, 'AssumeRolePolicyDocument', cut(detail ?? trust)),
    ],
    fix:
      trusting === undefined
        ? tell('Take the statement that denies sts:AssumeRole out of the trust policy of the role.')
        : ask(call('iam', 'UpdateAssumeRolePolicy', { RoleName: name, PolicyDocument: trusting })),
  };
}

interface Distrust {
  readonly kind: 'denied' | 'refused' | 'condition';
  readonly detail: string | undefined;
}

/** Why the trust policy does not admit Lambda for the function; undefined when it does, or may. */
function trustOf(trust: string, roleArn: string, functionArn: string): Distrust | undefined {
  const sourceArn = unqualifiedFunctionArn(functionArn);
  const context = {
    'aws:SourceArn': sourceArn,
    'aws:SourceAccount': parseArn(functionArn)?.account ?? '',
    'aws:PrincipalIsAWSService': 'true',
    'aws:PrincipalServiceName': LAMBDA,
    'aws:SecureTransport': 'true',
  };
  const decide = (text: string) => {
    const document = parsePolicy(text);
    const request = { principal: { service: LAMBDA }, action: ASSUME_ROLE, resource: roleArn, context };
    return document && evaluatePolicy(document, request);
  };
  const decision = decide(trust);
  if (!decision || decision.effect === 'allow') return undefined;
  const presented = new Set(Object.keys(context).map((key) => key.toLowerCase()));
  const kindest = (isDecidable: (key: string) => boolean) => {
    const relaxed = withoutUnknown(trust, isDecidable);
    return relaxed && decide(relaxed.policy)?.effect;
  };
  // It hangs on keys of which it is not known what Lambda presents.
  if (kindest((key) => presented.has(key)) === 'allow') return undefined;
  const detail = decision.nearMiss?.detail;
  if (kindest(() => false) === 'allow') return { kind: 'condition', detail };
  return decision.effect === 'explicit-deny'
    ? {
        kind: 'denied',
        detail: decision.sid === undefined ? undefined : `the statement ${decision.sid} denies it`,
      }
    : { kind: 'refused', detail };
}

/** `arn:aws:iam::1:role/team/name` is the role `name` in the path `/team/`. */
function roleNameOf(arn: string): { readonly name: string; readonly path: string } {
  const parts = (parseArn(arn)?.resource ?? arn).split('/').slice(1);
  const name = parts.at(-1) ?? arn;
  return { name, path: ['', ...parts.slice(0, -1), ''].join('/') };
}
