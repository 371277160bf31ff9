import type { Clock } from '../../core/clock.ts';
import { hasCode, S3evtError } from '../../core/errors.ts';
import { tapQueueArn, tapRuleArn, type TapPlace, type TapSource } from '../../core/tap.ts';
import type { Aws } from '../clients.ts';
import { queueUrl } from '../read-destinations.ts';
import { isAbort } from '../errors.ts';
import { withSignal } from './with-signal.ts';
import { turnOff, type ConfigurationWrites } from './switch-eventbridge.ts';

/** Id of the queue among the targets of a tap's rule. */
export const TARGET_ID = 'queue';
/** Tag of a tap's queue: the topic that it is subscribed to. */
export const TOPIC_TAG = 's3evt-topic';

/** What became of a removal. */
export interface Removal {
  /** False when something has to be tried again. */
  readonly isComplete: boolean;
  /** What was left and why, one sentence without a full stop each. */
  readonly left: readonly string[];
}

export interface RemovalEnvironment {
  readonly clock: Clock;
  readonly writes: ConfigurationWrites;
}

/** All of it has to be over within the five seconds that a Ctrl-C has. */
const CLEAN_UP_MS = 3_500;

/** Removes queue, rule and subscription at once, and turns EventBridge off again. What is gone already is removed. Never throws. */
export async function removeTap(
  runAws: Aws,
  tap: TapPlace & { readonly source: TapSource },
  { clock, writes }: RemovalEnvironment,
): Promise<Removal> {
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  const aws = withSignal(runAws, signal);
  const { source } = tap;
  const steps = [attempt(`the queue ${tap.name}`, deleteQueue(aws, tap))];
  if (source.kind === 'topic') {
    const what = `the subscription of ${tap.name} to ${source.topicArn}`;
    steps.push(attempt(what, unsubscribe(aws, tap, source.topicArn)));
  } else {
    steps.push(attempt(`the rule ${tap.name}`, deleteRule(aws, tap)));
  }
  if (source.kind === 'enable-eventbridge') {
    steps.push(
      turnOff(aws, tap, source, { clock, signal, writes }).catch((error: unknown) =>
        failed(`EventBridge of ${source.bucket}, which was turned on`, error),
      ),
    );
  }
  const removals = await Promise.all(steps);
  return {
    isComplete: removals.every(({ isComplete }) => isComplete),
    left: removals.flatMap(({ left }) => left),
  };
}

async function attempt(what: string, removal: Promise<void>): Promise<Removal> {
  try {
    await removal;
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) return failed(what, error);
  }
  return { isComplete: true, left: [] };
}

function failed(what: string, error: unknown): Removal {
  const why = isTimeout(error) ? 'no answer in time' : error instanceof Error ? error.message : String(error);
  return { isComplete: false, left: [`${what} is left: ${why}`] };
}

function isTimeout(error: unknown): boolean {
  return isAbort(error) || (error instanceof Error && error.name === 'TimeoutError');
}

async function deleteQueue(aws: Aws, tap: TapPlace): Promise<void> {
  const resource = tapQueueArn(tap);
  const [sqs, { DeleteQueueCommand }, QueueUrl] = await Promise.all([
    aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(aws, resource),
  ]);
  const command = new DeleteQueueCommand({ QueueUrl });
  await aws.call((options) => sqs.send(command, options), { action: 'sqs:DeleteQueue', resource });
}

/** A rule with targets cannot be deleted. */
async function deleteRule(aws: Aws, tap: TapPlace): Promise<void> {
  const [events, { RemoveTargetsCommand, DeleteRuleCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  const resource = tapRuleArn(tap);
  const targets = new RemoveTargetsCommand({ Rule: tap.name, Ids: [TARGET_ID] });
  const action = 'events:RemoveTargets';
  const { FailedEntries } = await aws.call((options) => events.send(targets, options), {
    action,
    resource,
  });
  const [refused] = FailedEntries ?? [];
  if (refused) throw new S3evtError('AWS_ERROR', refused.ErrorMessage ?? `${action} was refused`);
  const rule = new DeleteRuleCommand({ Name: tap.name });
  await aws.call((options) => events.send(rule, options), { action: 'events:DeleteRule', resource });
}

/** The subscription is looked for: who was killed may not have learnt its ARN. */
async function unsubscribe(aws: Aws, tap: TapPlace, topicArn: string): Promise<void> {
  const [sns, { ListSubscriptionsByTopicCommand, UnsubscribeCommand }] = await Promise.all([
    aws.sns(),
    import('@aws-sdk/client-sns'),
  ]);
  let NextToken: string | undefined;
  do {
    const list = new ListSubscriptionsByTopicCommand({
      TopicArn: topicArn,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    const action = 'sns:ListSubscriptionsByTopic';
    const page = await aws.call((options) => sns.send(list, options), { action, resource: topicArn });
    const ours = (page.Subscriptions ?? []).find(({ Endpoint }) => Endpoint === tapQueueArn(tap));
    if (ours?.SubscriptionArn !== undefined) {
      const command = new UnsubscribeCommand({ SubscriptionArn: ours.SubscriptionArn });
      const what = { action: 'sns:Unsubscribe', resource: ours.SubscriptionArn };
      await aws.call((options) => sns.send(command, options), what);
      return;
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
}
