/** What stands of taps in a sandbox, and how a running `watch` is talked to. */
import {
  DescribeRuleCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { ListSubscriptionsCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueuesCommand, ListQueueTagsCommand } from '@aws-sdk/client-sqs';
import type { WatchItem } from '../../src/commands/watch.ts';
import type { CliRun } from './run-cli.ts';
import type { TestClients } from './test-clients.ts';

/** Names of all queues, rules and subscribed queues. */
export async function remains({ sqs, sns, events }: TestClients): Promise<{
  readonly queues: readonly string[];
  readonly rules: readonly string[];
  readonly subscriptions: readonly string[];
}> {
  const [{ QueueUrls = [] }, { Rules = [] }, { Subscriptions = [] }] = await Promise.all([
    sqs.send(new ListQueuesCommand()),
    events.send(new ListRulesCommand()),
    sns.send(new ListSubscriptionsCommand()),
  ]);
  return {
    queues: QueueUrls.map((url) => url.split('/').at(-1) ?? ''),
    rules: Rules.map(({ Name = '' }) => Name),
    subscriptions: Subscriptions.map(({ Endpoint = '' }) => Endpoint.split(':').at(-1) ?? ''),
  };
}

export const NOTHING = { queues: [], rules: [], subscriptions: [] };

/** The one tap of the sandbox as AWS has it. */
export async function tapMade({ sqs, events }: TestClients, name: string) {
  const QueueUrl = (await sqs.send(new ListQueuesCommand({ QueueNamePrefix: name }))).QueueUrls?.[0];
  const [{ Attributes = {} }, { Tags: queueTags }, rule, { Targets = [] }] = await Promise.all([
    sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })),
    sqs.send(new ListQueueTagsCommand({ QueueUrl })),
    events.send(new DescribeRuleCommand({ Name: name })),
    events.send(new ListTargetsByRuleCommand({ Rule: name })),
  ]);
  const { Tags: ruleTags } = await events.send(new ListTagsForResourceCommand({ ResourceARN: rule.Arn }));
  return { attributes: Attributes, queueTags, rule, targets: Targets, ruleTags };
}

export function itemsOf(stdout: string): readonly WatchItem[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as WatchItem);
}

export const eventsOf = (stdout: string) =>
  itemsOf(stdout).flatMap((item) => (item.type === 'event' ? [item] : []));

/** Resolves once a run with --json watches. Fails when it ends before. */
export async function watching(run: CliRun): Promise<void> {
  const early = run.code.then((code) => {
    throw new Error(`watch ended with ${code}: ${run.stdout.text} ${run.stderr.text}`);
  });
  early.catch(() => undefined);
  await Promise.race([run.stdout.until(({ text }) => text.includes('"state":"watching"')), early]);
}
