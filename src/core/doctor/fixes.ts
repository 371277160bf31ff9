/** Parts of fixes that several checks share. Inputs are those of the SDK's commands. */
import { parseFunctionReference, unqualifiedFunctionArn } from '../arn.ts';
import { freeStatementId } from './statement-id.ts';
import { parsePolicy } from '../policy-document.ts';
import { withStatement, KEY_ACTIONS } from '../s3-access.ts';
import type { Sender } from './admission.ts';
import type { FunctionNode, KeyNode } from './facts.ts';
import type { Fix, FixAction, FixService, NotificationEdit } from './finding.ts';
import { valueOf } from './reading.ts';

export function call(
  service: FixService,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): FixAction {
  return { kind: 'call', service, operation, input };
}

export function edit(...edits: readonly NotificationEdit[]): FixAction {
  return { kind: 'edit-notification', edits };
}

export function safe(...actions: readonly FixAction[]): Fix {
  return { mode: 'safe', actions };
}

export function ask(...actions: readonly FixAction[]): Fix {
  return { mode: 'ask', actions };
}

export function tell(advice: string, ...looks: readonly (readonly string[])[]): Fix {
  return { mode: 'tell', actions: [], advice, ...(looks.length === 0 ? {} : { looks }) };
}

/** Name and qualifier as the Lambda API wants them; the whole ARN for a function of another account. */
export function functionInput(
  node: Pick<FunctionNode, 'arn'>,
  account: string | undefined,
): Readonly<Record<string, string>> {
  const reference = parseFunctionReference(node.arn);
  const own = reference?.account === undefined || reference.account === account;
  const name = own ? (reference?.name ?? node.arn) : unqualifiedFunctionArn(node.arn);
  const qualifier = reference?.qualifier;
  return {
    FunctionName: name,
    ...(qualifier === undefined || qualifier === '$LATEST' ? {} : { Qualifier: qualifier }),
  };
}

/** One statement more in the function's resource-based policy; the ones that are there stay. */
export function addPermission(
  node: Pick<FunctionNode, 'arn' | 'policy'>,
  sender: Sender,
  account: string | undefined,
): FixAction {
  const taken = sidsOf(valueOf(node.policy));
  return call('lambda', 'AddPermission', {
    ...functionInput(node, account),
    StatementId: freeStatementId(sender, taken),
    Action: 'lambda:InvokeFunction',
    Principal: sender.service,
    SourceArn: sender.sourceArn,
    ...(sender.sourceAccount === undefined ? {} : { SourceAccount: sender.sourceAccount }),
  });
}

export function admitToKey(node: KeyNode, sender: Sender): FixAction | undefined {
  const key = valueOf(node.key);
  const written = valueOf(node.policy);
  if (!key || written === undefined) return undefined;
  const statement = {
    Sid: freeStatementId(sender, sidsOf(written)),
    Effect: 'Allow',
    Principal: { Service: sender.service },
    Action: KEY_ACTIONS,
    Resource: '*',
    // Which source a service presents to KMS is UNKNOWN but for the account of a bucket.
    ...(sender.service === 's3.amazonaws.com' && sender.sourceAccount !== undefined
      ? { Condition: { StringEquals: { 'aws:SourceAccount': sender.sourceAccount } } }
      : {}),
  };
  const policy = withStatement(written, statement);
  return policy === undefined
    ? undefined
    : call('kms', 'PutKeyPolicy', { KeyId: key.arn, PolicyName: 'default', Policy: policy });
}

export function policyWith(
  policy: string | undefined,
  action: string,
  resource: string,
  sender: Sender,
): string | undefined {
  return withStatement(policy, {
    Sid: freeStatementId(sender, sidsOf(policy)),
    Effect: 'Allow',
    Principal: { Service: sender.service },
    Action: action,
    Resource: resource,
    Condition: {
      ArnLike: { 'aws:SourceArn': sender.sourceArn },
      ...(sender.sourceAccount === undefined
        ? {}
        : { StringEquals: { 'aws:SourceAccount': sender.sourceAccount } }),
    },
  });
}

function sidsOf(policy: string | undefined): ReadonlySet<string> {
  return new Set((parsePolicy(policy ?? '')?.statements ?? []).flatMap(({ sid }) => sid ?? []));
}
