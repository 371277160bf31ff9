/**
 * What stands in the way of a notification configuration, before S3 is asked: S3 checks every destination of the document on each
 * write, and names what it refuses in one sentence for all
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html).
 */
import { parseArn } from './arn.ts';
import { readFunctionArn, shortName } from './destination-name.ts';
import type {
  DestinationStates,
  FunctionDestination,
  QueueDestination,
  TopicDestination,
} from './destination-state.ts';
import type { Destination, Rule } from './notification.ts';
import { fixesFor, type FixFlags } from './preflight-fixes.ts';
import {
  keyProblems,
  policyProblems,
  reasonOf,
  refused,
  unchecked,
  type Problem,
  type ProblemCode,
} from './preflight-problems.ts';
import { DELIVERY_ACTIONS, EVENT_MESSAGE_BYTES, isFifo, type SendingBucket } from './s3-access.ts';
import { s3Verdict } from './s3-verdict.ts';

export interface Finding extends Problem {
  readonly ruleId: string;
  readonly destination: Destination;
  /** Commands to copy, in order, that mend it; none where only a person can. */
  readonly fix: readonly string[];
}

export interface PreflightBucket extends SendingBucket {
  readonly name: string;
  readonly region: string;
  /** False when the Region is only the one of the call: then a destination elsewhere is a suspicion. */
  readonly regionKnown: boolean;
}

export interface PreflightInput {
  readonly rules: readonly Rule[];
  readonly bucket: PreflightBucket;
  readonly states: DestinationStates;
  readonly flags: FixFlags;
}

/** Pure. All findings, in the order of the rules; several rules of one destination get the same ones. */
export function preflight({ rules, bucket, states, flags }: PreflightInput): readonly Finding[] {
  return rules.flatMap((rule) => {
    const { destination } = rule;
    const problems = problemsOf(destination, bucket, states);
    return problems.map((problem): Finding => ({
      ...problem,
      ruleId: rule.id,
      destination,
      fix: fixesFor(problem, { rule, bucket, state: states.get(destination.arn), flags }),
    }));
  });
}

function problemsOf(
  destination: Destination,
  bucket: PreflightBucket,
  states: DestinationStates,
): readonly Problem[] {
  const name = shortName(destination);
  const region = parseArn(destination.arn)?.region;
  if (region !== undefined && region !== bucket.region) {
    const message = `${name} is in ${region}, the bucket in ${bucket.region}: S3 sends within one Region only`;
    return [{ code: 'OTHER_REGION', severity: bucket.regionKnown ? 'refused' : 'suspected', message }];
  }
  if (destination.kind !== 'lambda' && isFifo(destination.arn)) {
    return [refused('FIFO', `${name} is a FIFO one, to which S3 does not send`)];
  }
  const state = states.get(destination.arn);
  if (!state) return [unchecked(`${name} was not looked at`)];
  switch (state.kind) {
    case 'lambda':
      return functionProblems(destination, bucket, state);
    case 'sqs':
    case 'sns':
      return messagingProblems(destination, bucket, state);
  }
}

function functionProblems(
  destination: Destination,
  bucket: PreflightBucket,
  { function: fn, qualified, policy }: FunctionDestination,
): readonly Problem[] {
  const name = shortName(destination);
  const { name: plain, qualifier } = readFunctionArn(destination.arn);
  if (fn.state === 'absent')
    return [missing('MISSING', `function ${plain} does not exist`, destination, bucket)];
  if (qualified?.state === 'absent') {
    const message = `function ${plain} has no version or alias "${qualifier ?? ''}"`;
    return [missing('QUALIFIER_MISSING', message, destination, bucket)];
  }
  const current = qualified ?? fn;
  const problems: Problem[] = [];
  if (current.state === 'known') problems.push(...functionStateProblems(name, current.value));
  if (policy.state === 'denied' || policy.state === 'failed') {
    return [
      ...problems,
      unchecked(`whether the policy of ${name} admits S3 is unknown: ${reasonOf(policy)}`),
    ];
  }
  if (policy.state === 'absent' && !isOwn(destination, bucket)) {
    return [...problems, unchecked(`whether the policy of ${name} admits S3 is unknown: it may not be seen`)];
  }
  const text = policy.state === 'known' ? policy.value : undefined;
  // How S3 names `$LATEST` to the policy is UNKNOWN; Lambda gives it no policy of its own.
  const latest = destination.arn.endsWith(':$LATEST');
  const arn = latest ? destination.arn.replace(/:\$LATEST$/, '') : destination.arn;
  const verdict = s3Verdict(text, DELIVERY_ACTIONS.lambda, arn, bucket);
  const found = policyProblems(
    verdict,
    `the policy of ${plain}${qualifier === undefined ? '' : `:${qualifier}`}`,
    {
      refuses: 'does not let S3 invoke it for this bucket',
      denies: 'denies S3 to invoke it',
    },
  );
  return [
    ...problems,
    ...(latest ? found.map((one): Problem => ({ ...one, severity: 'suspected' })) : found),
  ];
}

function functionStateProblems(
  name: string,
  { state, stateReason }: { readonly state: string; readonly stateReason: string | undefined },
): readonly Problem[] {
  if (state === 'Active') return [];
  const message = `${name} is ${state}${stateReason === undefined ? '' : `: ${stateReason}`}`;
  return [
    { code: state === 'Failed' ? 'FUNCTION_FAILED' : 'FUNCTION_NOT_ACTIVE', severity: 'suspected', message },
  ];
}

function messagingProblems(
  destination: Destination,
  bucket: PreflightBucket,
  state: QueueDestination | TopicDestination,
): readonly Problem[] {
  const name = shortName(destination);
  const fact = state.kind === 'sqs' ? state.queue : state.topic;
  if (fact.state === 'absent') return [missing('MISSING', `${name} does not exist`, destination, bucket)];
  if (fact.state !== 'known') return [unchecked(`${name} could not be looked at: ${reasonOf(fact)}`)];
  const { policy, kmsKeyId } = fact.value;
  const verdict = s3Verdict(policy, DELIVERY_ACTIONS[destination.kind], destination.arn, bucket);
  const problems = [
    ...policyProblems(verdict, `the policy of ${name}`, {
      refuses: 'does not let S3 send there for this bucket',
      denies: 'denies S3 to send there',
    }),
  ];
  if (kmsKeyId !== undefined && kmsKeyId !== '') {
    problems.push(...keyProblems(name, kmsKeyId, state.key, bucket));
  }
  if (state.kind === 'sqs' && state.queue.state === 'known') {
    const { maximumMessageSize } = state.queue.value;
    if (maximumMessageSize < EVENT_MESSAGE_BYTES) {
      const message = `${name} takes messages of ${maximumMessageSize} bytes; an event may have ${EVENT_MESSAGE_BYTES}, and a larger one is lost`;
      problems.push({ code: 'QUEUE_TAKES_LESS', severity: 'suspected', message });
    }
  }
  return problems;
}

/** What belongs to another account may be there and only not be shown: AWS answers the same for both. */
function missing(code: ProblemCode, message: string, to: Destination, bucket: PreflightBucket): Problem {
  if (isOwn(to, bucket)) return refused(code, message);
  return unchecked(`${message}, or account ${parseArn(to.arn)?.account ?? ''} does not show it`);
}

function isOwn({ arn }: Destination, bucket: PreflightBucket): boolean {
  return parseArn(arn)?.account === bucket.account;
}
