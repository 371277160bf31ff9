/** The plan of `rm`: rules, and the permission that no other rule of the bucket needs any more. */
import { parseFunctionReference } from './arn.ts';
import { statementIdFor } from './names.ts';
import { rulesOf, withoutRule, type NotificationDocument, type Rule } from './notification.ts';
import type { Plan, Step } from './plan.ts';
import { parsePolicy } from './policy-document.ts';

export interface RemovalFacts {
  readonly bucket: string;
  readonly document: NotificationDocument;
  /** Text of the resource-based policies, by the destination's ARN; absent where there is none or it may not be read. */
  readonly policies: ReadonlyMap<string, string | undefined>;
}

/** Pure. Only the statement that s3evt gives for the bucket is taken away, and only with the last rule that lives by it. */
export function planRemoval(ids: readonly string[], facts: RemovalFacts): Plan {
  const { bucket, document } = facts;
  const after = ids.reduce<NotificationDocument>(withoutRule, document);
  const removed = rulesOf(document).filter(({ id }) => ids.includes(id));
  const steps: Step[] = [
    {
      id: 'notification',
      title: `Remove ${removed.length === 1 ? 'rule' : 'rules'} ${removed.map(({ id }) => id).join(', ')} from ${bucket}`,
      change: 'delete',
      after: [],
      action: { kind: 'put-notification', bucket, before: document, after },
    },
  ];
  const left = new Set(rulesOf(after).map(({ destination }) => destination.arn));
  const unneeded = new Map(removed.map((rule) => [rule.destination.arn, rule]));
  for (const [arn, rule] of unneeded) {
    if (!left.has(arn)) steps.push(...permissionStep(rule, facts));
  }
  return { steps };
}

function permissionStep({ destination }: Rule, { bucket, policies }: RemovalFacts): readonly Step[] {
  const sid = statementIdFor(bucket);
  const policy = parsePolicy(policies.get(destination.arn) ?? '');
  if (!(policy?.statements.some((statement) => statement.sid === sid) ?? false)) return [];
  const { kind, arn } = destination;
  const base = { id: `permission-${arn}`, change: 'delete', after: ['notification'] } as const;
  if (kind !== 'lambda') {
    return [
      {
        ...base,
        title: `Remove statement ${sid} from the policy of ${arn}; other statements stay`,
        action: { kind: 'remove-statement', target: { kind, arn }, sid },
      },
    ];
  }
  const reference = parseFunctionReference(arn);
  if (!reference) return [];
  const { name, qualifier } = reference;
  return [
    {
      ...base,
      title: `Remove the permission ${sid} from function ${qualifier === undefined ? name : `${name}:${qualifier}`}`,
      action: { kind: 'remove-permission', permission: { functionName: name, qualifier, statementId: sid } },
    },
  ];
}
