/** Reads of execution roles: who may assume them, and what their policies would allow. */
import type { RoleNode, Simulation } from '../../core/doctor/facts.ts';
import { read, type Reading } from '../../core/doctor/reading.ts';
import type { Reader } from './reader.ts';

/** Actions that make sense on the resources: each is one call, since IAM tries every action on every resource of a call. */
export interface SimulatedCall {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** One round trip: the role and all simulations at once. */
export async function readRoleNode(
  reader: Reader,
  arn: string,
  calls: readonly SimulatedCall[],
): Promise<RoleNode> {
  const [role, ...simulated] = await Promise.all([
    readRole(reader, arn),
    ...calls.map((call) => simulate(reader, arn, call)),
  ]);
  if (calls.length === 0) return { arn, role };
  const found: Simulation[] = [];
  for (const one of simulated) {
    if (one.state === 'denied' || one.state === 'failed') return { arn, role, simulated: one };
    if (one.state === 'known') found.push(...one.value);
  }
  return { arn, role, simulated: read('iam:SimulatePrincipalPolicy', found) };
}

function readRole(reader: Reader, arn: string): Promise<RoleNode['role']> {
  const action = 'iam:GetRole';
  // The path is no part of the name.
  const RoleName = arn.split('/').at(-1) ?? arn;
  return reader.read(action, RoleName, async () => {
    const [iam, { GetRoleCommand }] = await Promise.all([reader.aws.iam(), import('@aws-sdk/client-iam')]);
    const what = { action, resource: RoleName };
    const { Role } = await reader.aws.call(
      (options) => iam.send(new GetRoleCommand({ RoleName }), options),
      what,
    );
    return (
      Role && {
        // Documents come percent-encoded (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html).
        trust: decoded(Role.AssumeRolePolicyDocument ?? ''),
        createdAt: Role.CreateDate?.getTime(),
        boundary: Role.PermissionsBoundary?.PermissionsBoundaryArn,
      }
    );
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function simulate(
  reader: Reader,
  PolicySourceArn: string,
  { actions, resources }: SimulatedCall,
): Promise<Reading<readonly Simulation[]>> {
  const action = 'iam:SimulatePrincipalPolicy';
  return reader.read(action, PolicySourceArn, async () => {
    const [iam, { SimulatePrincipalPolicyCommand }] = await Promise.all([
      reader.aws.iam(),
      import('@aws-sdk/client-iam'),
    ]);
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn,
      ActionNames: [...actions],
      ResourceArns: [...resources],
    });
    const { EvaluationResults = [] } = await reader.aws.call((options) => iam.send(command, options), {
      action,
      resource: PolicySourceArn,
    });
    return EvaluationResults.map((one): Simulation => ({
      action: one.EvalActionName ?? '',
      resource: one.EvalResourceName ?? '',
      decision: one.EvalDecision ?? 'implicitDeny',
      deniedBy:
        one.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false
          ? 'boundary'
          : one.OrganizationsDecisionDetail?.AllowedByOrganizations === false
            ? 'organization'
            : undefined,
    }));
  });
}
