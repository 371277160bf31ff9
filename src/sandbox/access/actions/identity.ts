/** IAM and STS. */
import { firstText, text, type Input, type Permission, type Permissions } from '../permission.ts';
import type { Place } from '../permission.ts';

/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html. `rolePath` is
 * the path of an existing role: it is part of the ARN, and requests name roles without it. Errors say `role NAME`.
 */
export function iamPermissions(rolePath: (place: Place, name: string) => string): Permissions {
  return (operation, input, place) => {
    const action = `iam:${operation}`;
    const prefix = `arn:aws:iam::${place.account}:`;
    const role = text(input, 'RoleName');
    if (role !== undefined) {
      const path = operation === 'CreateRole' ? (text(input, 'Path') ?? '/') : rolePath(place, role);
      const resource = `${prefix}role${path}${role}`;
      return [{ action, resource, shown: operation === 'CreateRole' ? resource : `role ${role}` }];
    }
    const simulated = text(input, 'PolicySourceArn');
    if (simulated !== undefined) return [{ action, resource: simulated }];
    const policy = firstText(input, ['PolicyArn']);
    if (policy !== undefined) return [{ action, resource: policy, shown: `policy ${policy}` }];
    return [other(operation, action, prefix, input)];
  };
}

function other(operation: string, action: string, prefix: string, input: Input): Permission {
  switch (operation) {
    case 'CreatePolicy': {
      const path = `${text(input, 'Path') ?? '/'}${text(input, 'PolicyName') ?? ''}`;
      return {
        action,
        resource: `${prefix}policy${path}`,
        shown: `policy ${text(input, 'PolicyName') ?? ''}`,
      };
    }
    case 'ListRoles':
      return { action, resource: `${prefix}role/` };
    case 'ListPolicies':
      return { action, resource: `${prefix}policy/` };
    case 'GetUser':
      return { action, resource: `${prefix}user/${text(input, 'UserName') ?? ''}` };
    default:
      return { action, resource: '*' };
  }
}

/**
 * https://docs.aws.amazon.com/STS/latest/APIReference: GetCallerIdentity and GetSessionToken need no permission. AssumeRole is
 * decided where the role's trust policy is read.
 */
export const stsPermissions: Permissions = (operation) =>
  operation === 'GetAccessKeyInfo' ? [{ action: 'sts:GetAccessKeyInfo', resource: '*' }] : [];
