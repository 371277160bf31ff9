import type { Check } from '../../doctor/check.ts';
import { crossAccountDestination } from './cross-account-destination.ts';
import { ebTargetPermission } from './eb-target-permission.ts';
import { explicitDenyOrRcp } from './explicit-deny-or-rcp.ts';
import { lambdaPermissionCondition } from './lambda-permission-condition.ts';
import { lambdaPermissionMissing } from './lambda-permission-missing.ts';
import { lambdaPermissionWrongAccount } from './lambda-permission-wrong-account.ts';
import { lambdaPermissionWrongPrincipal } from './lambda-permission-wrong-principal.ts';
import { lambdaPermissionWrongQualifier } from './lambda-permission-wrong-qualifier.ts';
import { lambdaPermissionWrongSourceArn } from './lambda-permission-wrong-source-arn.ts';
import { snsDownstreamPermission } from './sns-downstream-permission.ts';
import { snsPolicy } from './sns-policy.ts';
import { sqsPolicy } from './sqs-policy.ts';

export const PERMISSION_CHECKS: readonly Check[] = [
  lambdaPermissionMissing,
  lambdaPermissionWrongSourceArn,
  lambdaPermissionWrongAccount,
  lambdaPermissionWrongQualifier,
  lambdaPermissionWrongPrincipal,
  lambdaPermissionCondition,
  explicitDenyOrRcp,
  sqsPolicy,
  snsPolicy,
  snsDownstreamPermission,
  ebTargetPermission,
  crossAccountDestination,
];
