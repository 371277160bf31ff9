/** The execution role: what IAM says that it may, and how to allow more. */
import { parseArn } from '../../arn.ts';
import type { Look } from '../../doctor/check.ts';
import type { RoleNode, Simulation } from '../../doctor/facts.ts';
import type { FixAction } from '../../doctor/finding.ts';
import { call } from '../../doctor/fixes.ts';
import { globMatches } from '../../glob.ts';
import { decodeEventKey } from '../../key-filter.ts';
import type { Reached } from './runs.ts';

export function roleOf(look: Look, { configuration }: Reached): RoleNode | undefined {
  return configuration && look.facts.roles[configuration.roleArn];
}

/** What IAM decided about the action on the resource; the simulation of a pattern counts for what it covers. */
export function decisionOn(
  simulated: readonly Simulation[] | undefined,
  action: string,
  resource: string,
): Simulation | undefined {
  const same = (simulated ?? []).filter((one) => one.action.toLowerCase() === action.toLowerCase());
  return (
    same.find((one) => one.resource === resource) ?? same.find((one) => globMatches(one.resource, resource))
  );
}

/** One inline policy more; the role's others stay. Undefined when the role's name is not known. */
export function allowRole(
  roleArn: string | undefined,
  policyName: string,
  actions: readonly string[],
  resources: readonly string[],
): FixAction | undefined {
  const name = roleName(roleArn);
  if (name === undefined) return undefined;
  return call('iam', 'PutRolePolicy', {
    RoleName: name,
    PolicyName: policyName,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
    }),
  });
}

/** Without its path. */
export function roleName(roleArn: string | undefined): string | undefined {
  const resource = roleArn === undefined ? undefined : parseArn(roleArn)?.resource;
  return resource?.startsWith('role/') ? resource.split('/').at(-1) : undefined;
}

/** `arn:aws:s3:::photos/in/*` for each rule that leads there; the whole bucket where EventBridge does. */
export function objectsOf(look: Look, { arn, ruleIds, hops }: Reached): readonly string[] {
  const bucket = bucketArnFor(look, arn);
  const bridged = ruleIds.length === 0 || hops.some((hop) => hop.ruleIds.length === 0);
  const prefixes = look.rules
    .filter(({ id }) => ruleIds.includes(id))
    .map(({ filter }) => filter.prefix ?? '');
  if (bridged || prefixes.length === 0 || prefixes.includes('')) return [`${bucket}/*`];
  return [...new Set(prefixes.map((prefix) => `${bucket}/${decodeEventKey(prefix)}*`))];
}

/** In the partition of the function: a bucket sends to no other. */
export function bucketArnFor(look: Look, functionArn: string): string {
  return `arn:${parseArn(functionArn)?.partition ?? 'aws'}:s3:::${look.facts.bucket.name}`;
}
