/**
 * Policies of queues, topics and keys are written as a whole. Two fixes of one resource, each made from the policy as it was read, would
 * undo each other: so each of them admits everybody who is shut out.
 */
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Look } from '../../doctor/check.ts';
import type { FixAction } from '../../doctor/finding.ts';
import { call, policyWith } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { parsePolicy } from '../../policy-document.ts';
import { DELIVERY_ACTIONS } from '../../s3-access.ts';
import { guardedHops } from './guarded-hops.ts';

type Place = Pick<Hop, 'kind' | 'arn'>;

/**
 * Admits every sender that the queue or topic shuts out, and a new one where a fix leads it there. Undefined for others, and when the
 * policy cannot be read.
 */
export function admitSenders(
  look: Pick<Look, 'facts' | 'hops'>,
  { kind, arn }: Place,
  newSender?: Sender,
): FixAction | undefined {
  const policy = policyOf(look, arn);
  if ((kind !== 'sqs' && kind !== 'sns') || (policy !== undefined && !parsePolicy(policy))) return undefined;
  const action = DELIVERY_ACTIONS[kind];
  const open = withSenders(look, policy, action, arn);
  return setPolicy(look, arn, newSender ? policyWith(open, action, arn, newSender) : open);
}

/**
 * Keeps every Deny that certainly hits a sender from the requests of AWS services, and admits the senders. Undefined where that cannot
 * be written. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
 */
export function exemptSenders(
  look: Pick<Look, 'facts' | 'hops'>,
  { kind, arn }: Place,
): FixAction | undefined {
  const policy = policyOf(look, arn);
  if ((kind !== 'sqs' && kind !== 'sns') || policy === undefined || !parsePolicy(policy)) return undefined;
  const action = DELIVERY_ACTIONS[kind];
  const exempted = withExemptions(look, policy, action, arn);
  return setPolicy(look, arn, withSenders(look, exempted, action, arn));
}

function policyOf({ facts }: Pick<Look, 'facts'>, arn: string): string | undefined {
  return (valueOf(facts.queues[arn]?.attributes) ?? valueOf(facts.topics[arn]?.attributes))?.policy;
}

/** The call that writes the policy of a queue or topic. */
export function setPolicy(
  { facts }: Pick<Look, 'facts'>,
  arn: string,
  policy: string | undefined,
): FixAction | undefined {
  if (policy === undefined) return undefined;
  const queue = valueOf(facts.queues[arn]?.attributes);
  if (queue)
    return call('sqs', 'SetQueueAttributes', { QueueUrl: queue.url, Attributes: { Policy: policy } });
  if (!valueOf(facts.topics[arn]?.attributes)) return undefined;
  return call('sns', 'SetTopicAttributes', {
    TopicArn: arn,
    AttributeName: 'Policy',
    AttributeValue: policy,
  });
}

function withSenders(
  look: Pick<Look, 'hops'>,
  policy: string | undefined,
  action: string,
  resource: string,
): string | undefined {
  return sendersTo(look, resource).reduce<string | undefined>((text, sender) => {
    const { kind } = admission(text, action, resource, sender);
    return kind === 'allowed' || kind === 'denied' ? text : policyWith(text, action, resource, sender);
  }, policy);
}

function sendersTo(look: Pick<Look, 'hops'>, resource: string): readonly Sender[] {
  return guardedHops(look)
    .filter(({ arn }) => arn === resource)
    .map(({ sender }) => sender);
}

type Json = Readonly<Record<string, unknown>>;

function withExemptions(look: Pick<Look, 'hops'>, policy: string, action: string, resource: string): string {
  const document = JSON.parse(policy) as Json;
  const written = document['Statement'];
  const statements = (Array.isArray(written) ? written : [written]) as readonly Json[];
  const everything = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
  const hits = (statement: Json): boolean => {
    const alone = JSON.stringify({ ...document, Statement: [everything, statement] });
    return sendersTo(look, resource).some(
      (sender) => admission(alone, action, resource, sender).kind === 'denied',
    );
  };
  return JSON.stringify({
    ...document,
    Statement: statements.map((statement) =>
      statement['Effect'] === 'Deny' && hits(statement)
        ? { ...statement, Condition: exempting(statement['Condition']) }
        : statement,
    ),
  });
}

function exempting(condition: unknown): Json {
  const conditions = (condition ?? {}) as Readonly<Record<string, Json>>;
  return {
    ...conditions,
    BoolIfExists: { ...conditions['BoolIfExists'], 'aws:PrincipalIsAWSService': 'false' },
  };
}
