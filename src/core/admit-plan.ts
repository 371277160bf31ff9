/** Permissions that rules need before they can be written: of rules that come back, whose permission went with them. */
import { parseFunctionReference } from './arn.ts';
import { statementIdFor } from './names.ts';
import type { Rule } from './notification.ts';
import type { Permission, Step } from './plan.ts';
import { parsePolicy } from './policy-document.ts';
import {
  DELIVERY_ACTIONS,
  deliveryStatement,
  s3Decision,
  S3_PRINCIPAL,
  type SendingBucket,
} from './s3-access.ts';

/**
 * A step for each destination whose policy does not admit S3. `policies` holds the texts by ARN; an ARN that it lacks is
 * not looked at: what may not be read is S3's to judge.
 */
export function admitSteps(
  rules: readonly Rule[],
  bucket: SendingBucket & { readonly name: string },
  policies: ReadonlyMap<string, string | undefined>,
): readonly { readonly arn: string; readonly step: Step }[] {
  const destinations = new Map(rules.map(({ destination }) => [destination.arn, destination]));
  return [...destinations.values()].flatMap((destination) => {
    const { arn } = destination;
    return stepsFor(destination, bucket, policies).map((step) => ({ arn, step }));
  });
}

function stepsFor(
  destination: Rule['destination'],
  bucket: SendingBucket & { readonly name: string },
  policies: ReadonlyMap<string, string | undefined>,
): readonly Step[] {
  const { arn, kind } = destination;
  if (!policies.has(arn)) return [];
  const text = policies.get(arn);
  const decision = s3Decision(text, DELIVERY_ACTIONS[kind], arn, bucket);
  // A Deny cannot be lifted from here, and a text that is no policy is not written over.
  if (decision?.effect !== 'implicit-deny') return [];
  const sid = statementIdFor(bucket.name);
  const base = {
    id: `permission-${arn}`,
    title: `Let s3.amazonaws.com send to ${arn} for ${bucket.name} again`,
    after: [],
  };
  if (kind !== 'lambda') {
    const statement = deliveryStatement(destination, bucket, sid);
    return [
      { ...base, change: 'create', action: { kind: 'put-statement', target: { kind, arn }, statement } },
    ];
  }
  const reference = parseFunctionReference(arn);
  if (!reference) return [];
  const taken = parsePolicy(text ?? '')?.statements.some((statement) => statement.sid === sid) ?? false;
  const permission: Permission = {
    functionName: reference.name,
    qualifier: reference.qualifier,
    statementId: sid,
    principal: S3_PRINCIPAL,
    sourceArn: bucket.arn,
    sourceAccount: bucket.account,
  };
  return [
    {
      ...base,
      change: taken ? 'update' : 'create',
      action: { kind: 'add-permission', permission, replaces: taken },
    },
  ];
}
