/**
 * May S3 send this bucket's events there? What S3 presents with each delivery
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html), and one question for
 * functions, queues, topics and keys alike.
 */
import { parseArn } from './arn.ts';
import type { Destination } from './notification.ts';
import { parsePolicy } from './policy-document.ts';
import { evaluatePolicy, type PolicyDecision } from './policy.ts';

export interface SendingBucket {
  /** `arn:aws:s3:::name` */
  readonly arn: string;
  /** The bucket owner's: twelve digits. */
  readonly account: string;
}

export const S3_PRINCIPAL = 's3.amazonaws.com' as const;

/** The action that a delivery needs. */
export const DELIVERY_ACTIONS: Readonly<Record<Destination['kind'], string>> = {
  lambda: 'lambda:InvokeFunction',
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
};

/** Both are needed to send to an encrypted queue or topic. */
export const KEY_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'] as const;

/** The largest event message, in bytes. A queue that takes less loses it. */
export const EVENT_MESSAGE_BYTES = 65_536;

/** `undefined` for a text that is no policy. Without a policy nothing is allowed. */
export function s3Decision(
  policy: string | undefined,
  action: string,
  resource: string,
  bucket: SendingBucket,
): PolicyDecision | undefined {
  if (policy === undefined) return { effect: 'implicit-deny' };
  const document = parsePolicy(policy);
  if (!document) return undefined;
  return evaluatePolicy(document, {
    principal: { service: S3_PRINCIPAL },
    action,
    resource,
    context: {
      'aws:SourceArn': bucket.arn,
      'aws:SourceAccount': bucket.account,
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': S3_PRINCIPAL,
      'aws:SecureTransport': 'true',
    },
  });
}

/** The statement that lets S3 send this bucket's events: to a queue or a topic. */
export function deliveryStatement(
  destination: Destination,
  bucket: SendingBucket,
  sid: string,
): Readonly<Record<string, unknown>> {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: { Service: S3_PRINCIPAL },
    Action: DELIVERY_ACTIONS[destination.kind],
    Resource: destination.arn,
    Condition: sourceCondition(bucket),
  };
}

/** The statement that a customer managed key needs. In a key's policy `*` is the key itself. */
export function keyStatement(bucket: SendingBucket, sid: string): Readonly<Record<string, unknown>> {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: { Service: S3_PRINCIPAL },
    Action: KEY_ACTIONS,
    Resource: '*',
    // Whether S3 presents the bucket's ARN to KMS is UNKNOWN; the account it documents.
    Condition: { StringEquals: { 'aws:SourceAccount': bucket.account } },
  };
}

function sourceCondition(bucket: SendingBucket) {
  return {
    ArnLike: { 'aws:SourceArn': bucket.arn },
    StringEquals: { 'aws:SourceAccount': bucket.account },
  };
}

/**
 * The policy with the statement in it: appended, or in the place of the one with its Sid. All other statements stay as they were,
 * members that this code has never heard of included. Undefined when the text is no policy: then nothing may be written.
 */
export function withStatement(
  policy: string | undefined,
  statement: Readonly<Record<string, unknown>>,
): string | undefined {
  if (policy === undefined || policy.trim() === '') {
    return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  }
  if (!parsePolicy(policy)) return undefined;
  const document = JSON.parse(policy) as Record<string, unknown>;
  const written = document['Statement'];
  const statements: readonly unknown[] = Array.isArray(written) ? written : [written];
  const isOther = (one: unknown) => (one as { Sid?: unknown } | null)?.Sid !== statement['Sid'];
  return JSON.stringify({ ...document, Statement: [...statements.filter(isOther), statement] });
}

/** The policy without the statement of that Sid; undefined when no other statement is left, or the text is no policy. */
export function withoutStatement(policy: string, sid: string): string | undefined {
  if (!parsePolicy(policy)) return undefined;
  const document = JSON.parse(policy) as Record<string, unknown>;
  const written = document['Statement'];
  const statements: readonly unknown[] = Array.isArray(written) ? written : [written];
  const kept = statements.filter((one) => (one as { Sid?: unknown } | null)?.Sid !== sid);
  return kept.length === 0 ? undefined : JSON.stringify({ ...document, Statement: kept });
}

/** Names of queues and topics of the first-in-first-out kind end so; S3 does not send to them. */
export function isFifo(arn: string): boolean {
  return parseArn(arn)?.resource.endsWith('.fifo') ?? false;
}
