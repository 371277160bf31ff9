import type { CallerIdentity } from '../aws/identity.ts';
import { parseArn, parseFunctionReference, type FunctionReference } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { eventRuleNameFault } from '../core/event-rule.ts';
import type { Fact, FunctionFacts } from '../core/facts.ts';
import type { DesiredRules, InitFacts } from '../core/init-plan.ts';
import { MAX_FILTER_VALUE_BYTES } from '../core/key-filter.ts';
import { bucketNameFault, functionNameFault } from '../core/names.ts';
import type { WantedDestination } from './init.ts';

/** What `init` refuses before its first write: AWS would refuse it too, but only after half of the plan is done. */

export function functionReference(text: string): FunctionReference {
  const reference = parseFunctionReference(text);
  if (reference)
    return { ...reference, qualifier: reference.qualifier === '$LATEST' ? undefined : reference.qualifier };
  throw new S3evtError('INVALID_ARGUMENT', `"${text}" names no function`, {
    hint: 'Pass a name such as Demo-S3, with ":ALIAS" for a version or an alias, or a function ARN.',
  });
}

export function refuseBadNames(input: {
  readonly bucket?: string | undefined;
  readonly destination?: WantedDestination | undefined;
}): void {
  // The names of existing buckets may be older than today's rules; only what no bucket can be called is refused here.
  if (input.bucket !== undefined && !/^[A-Za-z0-9._-]{3,255}$/.test(input.bucket)) {
    throw new S3evtError(
      'INVALID_ARGUMENT',
      `"${input.bucket}" is no bucket name: ${bucketNameFault(input.bucket) ?? 'it has characters that no bucket has'}`,
    );
  }
  const { destination } = input;
  if (destination?.kind === 'lambda') functionReference(destination.reference);
  const fault = destination && destinationFault(destination);
  if (fault !== undefined) throw new S3evtError('INVALID_ARGUMENT', fault);
  const fifo = destination && fifoFault(destination);
  if (fifo !== undefined) {
    throw new S3evtError('INVALID_ARGUMENT', fifo, {
      hint: 'EventBridge reaches a FIFO queue: --destination eventbridge --event-rule NAME --target ARN, with the ARN of the queue. Or use a standard one.',
    });
  }
}

const NOUNS = { sqs: 'queue', sns: 'topic' } as const;

/** What is wrong with the name of a queue (80 characters), a topic (256) or an event rule (64). FIFO ones: `fifoFault`. */
export function destinationFault({ kind, reference }: WantedDestination): string | undefined {
  if (kind === 'lambda') return undefined;
  if (kind === 'eventbridge') return reference === '' ? undefined : eventRuleNameFault(reference);
  const arn = parseArn(reference);
  const most = kind === 'sqs' ? 80 : 256;
  const name = arn ? arn.resource : reference;
  const isName = /^[A-Za-z0-9_-]+(?:\.fifo)?$/.test(name) && name.length <= most;
  if (isName && (arn === undefined || arn.service === kind)) return undefined;
  return `"${reference}" names no ${NOUNS[kind]}: a name has 1 to ${most} letters, digits, hyphens and underscores; an ARN will do too`;
}

/** S3 sends to standard queues and topics only (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html). */
export function fifoFault({ kind, reference }: WantedDestination): string | undefined {
  if ((kind !== 'sqs' && kind !== 'sns') || !reference.endsWith('.fifo')) return undefined;
  return `S3 does not send to FIFO ${NOUNS[kind]}s: ${reference}`;
}

/** What is wrong with the target of an event rule, or undefined. */
export function eventTargetFault(arn: string): string | undefined {
  const service = parseArn(arn)?.service;
  // That EventBridge takes FIFO topics as targets is UNKNOWN.
  if (service === 'sns' && arn.endsWith('.fifo')) {
    return `EventBridge does not send to FIFO topics: ${arn}; name a standard topic, or a FIFO queue`;
  }
  if (service === 'sqs' || service === 'sns') return undefined;
  if (service === 'lambda' && parseFunctionReference(arn) !== undefined) return undefined;
  // CloudWatch Logs keeps one policy for all services and log groups, which only its owner should write.
  if (service === 'logs') {
    return `"${arn}" is a log group: s3evt gives no permission to one; make it a target with "aws events put-targets"`;
  }
  return `"${arn}" is no ARN of a function, a queue or a topic`;
}

/** S3's limits: ids of 255 characters, filter values of 1,024 bytes; an empty id would be replaced by one of S3's own. */
export function refuseBadRules(rules: DesiredRules['rules']): void {
  for (const { id, filter } of rules) {
    if (id === '' || id.length > 255) {
      throw new S3evtError(
        'INVALID_ARGUMENT',
        `--id: the id of a rule has 1 to 255 characters, "${id}" has ${id.length}`,
      );
    }
    for (const which of ['prefix', 'suffix'] as const) {
      const bytes = new TextEncoder().encode(filter[which] ?? '').length;
      if (bytes <= MAX_FILTER_VALUE_BYTES) continue;
      throw new S3evtError(
        'INVALID_ARGUMENT',
        `--${which}: at most ${MAX_FILTER_VALUE_BYTES} bytes, this one has ${bytes}`,
      );
    }
  }
}

/** To look at a bucket of somebody else is denied like any other look, though the name is what has to change then. */
export function refuseUnseenBucket(bucket: string, facts: Pick<InitFacts, 'bucket'>): void {
  if (facts.bucket.state !== 'denied') return;
  const { error } = facts.bucket;
  throw new S3evtError(error.code, error.message, {
    hint: `${error.hint ?? ''} AWS answers the same when ${bucket} belongs to another account: choose another name then.`.trim(),
    ...(error.aws === undefined ? {} : { aws: error.aws }),
    cause: error,
  });
}

/** A bucket that would have to be created, by a name that AWS does not give. */
export function refuseNewBucketName(bucket: string, facts: Pick<InitFacts, 'bucket'>, adds = false): void {
  if (adds && facts.bucket.state === 'absent') {
    throw new S3evtError('NOT_FOUND', `there is no bucket ${bucket}`, {
      hint: 'To have it created, use "s3evt init".',
    });
  }
  const fault = facts.bucket.state === 'absent' ? bucketNameFault(bucket) : undefined;
  if (fault !== undefined)
    throw new S3evtError(
      'INVALID_ARGUMENT',
      `bucket ${bucket} does not exist, and cannot be created: ${fault}`,
    );
}

/** Every version and alias has a policy of its own, so a missing one would be noticed only when the permission is granted. */
export function refuseMissingQualifier(
  reference: FunctionReference,
  qualified: Fact<FunctionFacts> | undefined,
  facts: Pick<InitFacts, 'function'>,
): void {
  if (qualified?.state !== 'absent' || facts.function.state !== 'known') return;
  throw new S3evtError(
    'DESTINATION_NOT_FOUND',
    `function ${reference.name} has no version or alias "${reference.qualifier ?? ''}"`,
    {
      hint: 'Name one that exists, or leave it out to send events to the unpublished code.',
      commands: [`aws lambda list-aliases --function-name ${reference.name}`],
    },
  );
}

export function refuseForeignFunction(
  reference: FunctionReference,
  identity: CallerIdentity,
  region: string,
): void {
  const fault = functionNameFault(reference.name);
  if (fault !== undefined) throw new S3evtError('INVALID_ARGUMENT', `"${reference.name}": ${fault}`);
  if (reference.region !== undefined && reference.region !== region) {
    throw new S3evtError(
      'WRONG_REGION',
      `the function is in ${reference.region}, this call is for ${region}`,
      {
        hint: `S3 sends events to functions of the bucket's own Region only: pass --region ${reference.region} if the bucket is there.`,
      },
    );
  }
  if (reference.account !== undefined && reference.account !== identity.account) {
    throw new S3evtError(
      'WRONG_ACCOUNT',
      `the function belongs to account ${reference.account}, the credentials to ${identity.account}`,
      {
        hint: 'A permission can be granted by the owner of the function only: run this with credentials of its account.',
      },
    );
  }
}
