/**
 * What an event rule needs to reach its target
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
 */
import { parseFunctionReference, parseArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import { EVENTS_PRINCIPAL, ruleStatementIdFor } from './event-rule.ts';
import {
  ifKnown,
  valueOf,
  type Fact,
  type FunctionFacts,
  type KeyFacts,
  type QueueFacts,
  type TopicFacts,
} from './facts.ts';
import type { Permission, PolicyTarget, Step } from './plan.ts';
import { parsePolicy } from './policy-document.ts';
import { evaluatePolicy, type PolicyDecision } from './policy.ts';
import type { Warning } from './progress.ts';
import { DELIVERY_ACTIONS, isFifo, KEY_ACTIONS } from './s3-access.ts';

export type EventTargetFacts =
  | {
      readonly kind: 'lambda';
      readonly arn: string;
      /** Of the version or alias that the ARN names. */
      readonly function: Fact<FunctionFacts>;
      /** Text of the resource-based policy of that version or alias. */
      readonly policy: Fact<string>;
    }
  | {
      readonly kind: 'sqs' | 'sns';
      readonly arn: string;
      readonly resource: Fact<QueueFacts | TopicFacts>;
      /** The key that encrypts it; undefined without one. */
      readonly key: Fact<KeyFacts> | undefined;
    };

interface SendingRule {
  readonly name: string;
  readonly arn: string;
  readonly account: string;
}

const NOUNS = { lambda: 'function', sqs: 'queue', sns: 'topic' } as const;

/** The steps that let the rule reach the target. Throws S3evtError when nothing would. */
export function admitRule(
  rule: SendingRule,
  target: EventTargetFacts,
  allowKey: boolean,
  warnings: Warning[],
): readonly Step[] {
  const resource: unknown = valueOf<unknown>(target.kind === 'lambda' ? target.function : target.resource);
  if (resource === undefined) {
    throw new S3evtError('DESTINATION_NOT_FOUND', `${NOUNS[target.kind]} ${target.arn} does not exist`, {
      hint: 'The target of an event rule has to exist: name another one with --target ARN.',
    });
  }
  if (target.kind === 'lambda') return [functionPermission(rule, target)];
  const existing = valueOf(target.resource);
  return existing ? messagingSteps(rule, { ...target, existing }, allowKey, warnings) : [];
}

function decision(
  policy: string | undefined,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>>,
): PolicyDecision {
  const document = policy === undefined ? undefined : parsePolicy(policy);
  if (!document) return { effect: 'implicit-deny' };
  return evaluatePolicy(document, {
    principal: { service: EVENTS_PRINCIPAL },
    action,
    resource,
    context: {
      ...context,
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': EVENTS_PRINCIPAL,
      'aws:SecureTransport': 'true',
    },
  });
}

function asked(
  rule: SendingRule,
  target: Pick<EventTargetFacts, 'kind' | 'arn'>,
  policy: string | undefined,
): PolicyDecision {
  const context = { 'aws:SourceArn': rule.arn, 'aws:SourceAccount': rule.account };
  const answer = decision(policy, DELIVERY_ACTIONS[target.kind], target.arn, context);
  if (answer.effect !== 'explicit-deny') return answer;
  const where = answer.sid === undefined ? '' : ` (statement "${answer.sid}")`;
  throw new S3evtError(
    'DESTINATION_REFUSED',
    `the policy of ${NOUNS[target.kind]} ${target.arn} denies EventBridge to send there${where}`,
    { hint: 'No further statement can lift a Deny: its owner has to change it.' },
  );
}

function functionPermission(rule: SendingRule, target: Extract<EventTargetFacts, { kind: 'lambda' }>): Step {
  const { name = '', qualifier } = parseFunctionReference(target.arn) ?? {};
  const permission: Permission = {
    functionName: name,
    qualifier,
    statementId: ruleStatementIdFor(rule.name),
    principal: EVENTS_PRINCIPAL,
    sourceArn: rule.arn,
    sourceAccount: undefined,
  };
  const text = valueOf(target.policy);
  const admits = asked(rule, target, text).effect === 'allow';
  const statements = (text === undefined ? undefined : parsePolicy(text))?.statements ?? [];
  const taken = statements.some(({ sid }) => sid === permission.statementId);
  const where = qualifier === undefined ? name : `${name}:${qualifier}`;
  return {
    id: 'permission',
    title: admits
      ? `Keep the permission of event rule ${rule.name} to invoke ${where}`
      : `Let ${EVENTS_PRINCIPAL} invoke ${where} for event rule ${rule.name}`,
    change: admits ? 'none' : taken ? 'update' : 'create',
    after: ['event-rule'],
    action: { kind: 'add-permission', permission, replaces: taken && !admits },
  };
}

type MessagingTarget = Extract<EventTargetFacts, { kind: 'sqs' | 'sns' }> & {
  readonly existing: QueueFacts | TopicFacts;
};

function messagingSteps(
  rule: SendingRule,
  target: MessagingTarget,
  allowKey: boolean,
  warnings: Warning[],
): readonly Step[] {
  const { kind, arn, existing } = target;
  if (isFifo(arn)) {
    warnings.push({
      code: 'FIFO_TARGET',
      message: `EventBridge gives a FIFO queue no deduplication ids: ${arn} takes its events only with ContentBasedDeduplication`,
    });
  }
  const admits = asked(rule, target, existing.policy).effect === 'allow';
  const noun = NOUNS[kind];
  const statement = {
    Sid: ruleStatementIdFor(rule.name),
    Effect: 'Allow',
    Principal: { Service: EVENTS_PRINCIPAL },
    Action: DELIVERY_ACTIONS[kind],
    Resource: arn,
    Condition: { ArnEquals: { 'aws:SourceArn': rule.arn } },
  };
  const name = parseArn(arn)?.resource ?? arn;
  const policy: Step = {
    id: 'policy',
    title: admits
      ? `Keep the policy of ${noun} ${name}: it admits event rule ${rule.name}`
      : `Let ${EVENTS_PRINCIPAL} send to ${noun} ${name} for event rule ${rule.name}; other statements stay`,
    change: admits ? 'none' : existing.policy === undefined ? 'create' : 'update',
    after: ['event-rule'],
    action: { kind: 'put-statement', target: { kind, arn }, statement },
  };
  const key = existing.kmsKeyId === undefined ? undefined : keyStep(rule, target, allowKey, warnings);
  return key ? [policy, key] : [policy];
}

/** What the key that encrypts the target needs, if anything. */
function keyStep(
  rule: SendingRule,
  { kind, arn, existing, key: fact }: MessagingTarget,
  allowKey: boolean,
  warnings: Warning[],
): Step | undefined {
  const id = existing.kmsKeyId ?? '';
  const key = fact && ifKnown(fact);
  const subject = `${NOUNS[kind]} ${arn}`;
  if (id.startsWith('alias/aws/') || key?.manager === 'AWS') {
    throw new S3evtError(
      'DESTINATION_REFUSED',
      `${subject} is encrypted with ${id}, a key that AWS manages: its policy shuts EventBridge out and cannot be changed`,
      { hint: 'Use a customer managed key, or none.' },
    );
  }
  if (key?.policy === undefined) {
    warnings.push({
      code: 'KEY_UNKNOWN',
      message: `${subject} is encrypted with ${id}, whose policy may not be read: whether EventBridge may use it is unknown`,
    });
    return undefined;
  }
  const { policy } = key;
  const admits = KEY_ACTIONS.every((action) => decision(policy, action, key.arn, {}).effect === 'allow');
  // Without a condition: EventBridge presents neither rule nor account to KMS
  // (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
  const statement = {
    Sid: ruleStatementIdFor(rule.name),
    Effect: 'Allow',
    Principal: { Service: EVENTS_PRINCIPAL },
    Action: KEY_ACTIONS,
    Resource: '*',
  };
  if (!admits && !allowKey) {
    throw new S3evtError(
      'DESTINATION_REFUSED',
      `the key ${key.arn} of ${subject} does not let ${EVENTS_PRINCIPAL} use it, so EventBridge cannot send there`,
      { hint: `Its policy needs this statement, which --allow-key adds: ${JSON.stringify(statement)}` },
    );
  }
  const keyTarget: PolicyTarget = { kind: 'kms', arn: key.arn };
  return {
    id: 'key-policy',
    title: admits
      ? `Keep the policy of key ${key.arn}: EventBridge may use it`
      : `Let ${EVENTS_PRINCIPAL} use key ${key.arn}; other statements stay`,
    change: admits ? 'none' : 'update',
    after: ['event-rule'],
    action: { kind: 'put-statement', target: keyTarget, statement },
  };
}
