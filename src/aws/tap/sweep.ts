import type { Clock } from '../../core/clock.ts';
import { S3evtError } from '../../core/errors.ts';
import { isOurs } from '../../core/names.ts';
import {
  TAP_PREFIX,
  tapExpiry,
  tapQueueArn,
  tapRuleArn,
  type TapPlace,
  type TapSource,
} from '../../core/tap.ts';
import type { Aws } from '../clients.ts';
import { queueUrl } from '../read-destinations.ts';
import { TOPIC_TAG } from './remove.ts';

/** A tap that was found by its name: nothing else is known of it. */
export type FoundTap = TapPlace & { readonly source: TapSource };

/** Clocks differ between machines: a tap of another one is left alone for so long after its end. */
const GRACE_MS = 5 * 60_000;

/**
 * Taps that have expired, whoever opened them and wherever: by name and tag. What may not be listed is not found, and does no harm
 * any more either: an expired queue takes nothing.
 */
export async function expiredTaps(
  aws: Aws,
  place: Omit<TapPlace, 'name'>,
  clock: Clock,
): Promise<readonly FoundTap[]> {
  const expired = (name: string) => {
    const expiry = tapExpiry(name);
    return expiry !== undefined && expiry + GRACE_MS < clock.now();
  };
  const [queues, rules] = await Promise.all([
    ifAllowed(queueNames(aws), []).then((names) => names.filter(expired)),
    ifAllowed(ruleNames(aws), []).then((names) => names.filter(expired)),
  ]);
  const names = [...new Set([...queues, ...rules])];
  const found = await Promise.all(
    names.map(async (name): Promise<readonly FoundTap[]> => {
      const tap = { ...place, name };
      const tags = await (queues.includes(name) ? queueTags(aws, tap) : ruleTags(aws, tap));
      if (!isOurs(tags)) return [];
      const topicArn = tags[TOPIC_TAG];
      return [
        { ...tap, source: topicArn === undefined ? { kind: 'eventbridge' } : { kind: 'topic', topicArn } },
      ];
    }),
  );
  return found.flat();
}

async function ifAllowed<T>(read: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof S3evtError) return otherwise;
    throw error;
  }
}

async function queueNames(aws: Aws): Promise<readonly string[]> {
  const [sqs, { ListQueuesCommand }] = await Promise.all([aws.sqs(), import('@aws-sdk/client-sqs')]);
  const command = new ListQueuesCommand({ QueueNamePrefix: TAP_PREFIX });
  const { QueueUrls = [] } = await aws.call((options) => sqs.send(command, options), {
    action: 'sqs:ListQueues',
  });
  return QueueUrls.map((url) => url.slice(url.lastIndexOf('/') + 1));
}

async function ruleNames(aws: Aws): Promise<readonly string[]> {
  const [events, { ListRulesCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  const command = new ListRulesCommand({ NamePrefix: TAP_PREFIX });
  const { Rules = [] } = await aws.call((options) => events.send(command, options), {
    action: 'events:ListRules',
  });
  return Rules.map(({ Name = '' }) => Name);
}

async function queueTags(aws: Aws, tap: TapPlace): Promise<Readonly<Record<string, string>>> {
  const arn = tapQueueArn(tap);
  const [sqs, { ListQueueTagsCommand }, QueueUrl] = await Promise.all([
    aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(aws, arn),
  ]);
  const command = new ListQueueTagsCommand({ QueueUrl });
  const what = { action: 'sqs:ListQueueTags', resource: arn };
  return ifAllowed(
    aws.call((options) => sqs.send(command, options), what).then(({ Tags = {} }) => Tags),
    {},
  );
}

async function ruleTags(aws: Aws, tap: TapPlace): Promise<Readonly<Record<string, string>>> {
  const arn = tapRuleArn(tap);
  const [events, { ListTagsForResourceCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  const command = new ListTagsForResourceCommand({ ResourceARN: arn });
  const what = { action: 'events:ListTagsForResource', resource: arn };
  return ifAllowed(
    aws
      .call((options) => events.send(command, options), what)
      .then(({ Tags = [] }) => Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))),
    {},
  );
}
