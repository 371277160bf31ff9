/** Finds the functions and queues behind a queue, a topic and the default event bus. */
import type { S3evtError } from '../../core/errors.ts';
import type { Destination } from '../../core/notification.ts';
import {
  behind,
  readersOf,
  subscribersOf,
  targetsOf,
  together,
  type BusRuleFacts,
  type Consumer,
  type Consumers,
  type MappingFacts,
  type SubscriptionFacts,
} from '../../core/trace-destination.ts';
import type { Aws } from '../clients.ts';
import { optional, pages } from '../pages.ts';
import { fact } from '../read-facts.ts';

/** Who gets what is sent there. A function is its own consumer; what may not be read is a note. Never throws for that. */
export async function readConsumers(aws: Aws, { kind, arn }: Destination): Promise<Consumers> {
  switch (kind) {
    case 'lambda':
      return { found: [{ kind, arn, through: [] }], notes: [] };
    case 'sqs':
      return queueConsumers(aws, { kind, arn, through: [] });
    case 'sns':
      return topicConsumers(aws, arn);
  }
}

/** The functions that read the queue, else the queue itself. */
async function queueConsumers(aws: Aws, queue: Consumer & { readonly kind: 'sqs' }): Promise<Consumers> {
  const mappings = await fact('lambda:ListEventSourceMappings', () => listMappings(aws, queue.arn));
  if (mappings.state !== 'known') return { found: [queue], notes: noteOf(mappings, queue.arn) };
  const readers = behind(queue, readersOf(queue.arn, mappings.value));
  return readers.found.length > 0 ? readers : { found: [queue], notes: readers.notes };
}

async function topicConsumers(aws: Aws, topicArn: string): Promise<Consumers> {
  const subscriptions = await fact('sns:ListSubscriptionsByTopic', () => listSubscriptions(aws, topicArn));
  if (subscriptions.state !== 'known') return { found: [], notes: noteOf(subscriptions, topicArn) };
  const { found, notes } = subscribersOf(topicArn, subscriptions.value);
  return together([{ found: [], notes }, ...(await Promise.all(found.map((one) => furtherOf(aws, one))))]);
}

async function furtherOf(aws: Aws, consumer: Consumer): Promise<Consumers> {
  if (consumer.kind === 'lambda') return { found: [consumer], notes: [] };
  return queueConsumers(aws, { ...consumer, kind: 'sqs' });
}

/** The consumers behind one rule of the default bus. */
export async function readTargets(aws: Aws, rule: BusRuleFacts): Promise<Consumers> {
  const targets = await fact('events:ListTargetsByRule', () => listTargets(aws, rule.name));
  if (targets.state !== 'known') return { found: [], notes: noteOf(targets, rule.name) };
  const { consumers, topics } = targetsOf(rule, targets.value);
  const further = consumers.found.map((one) => furtherOf(aws, one));
  const throughTopics = topics.map(async (topic) => behind([rule.arn], await topicConsumers(aws, topic)));
  return together([
    { found: [], notes: consumers.notes },
    ...(await Promise.all([...further, ...throughTopics])),
  ]);
}

/** The rules of the default bus; a note instead when they may not be listed. */
export async function readBusRules(
  aws: Aws,
): Promise<{ readonly rules: readonly BusRuleFacts[]; readonly notes: readonly string[] }> {
  const rules = await fact('events:ListRules', () => listRules(aws));
  if (rules.state === 'known') return { rules: rules.value, notes: [] };
  return { rules: [], notes: noteOf(rules, 'the default event bus') };
}

function noteOf(
  read: { readonly state: 'absent' } | { readonly state: 'denied' | 'failed'; readonly error: S3evtError },
  what: string,
): readonly string[] {
  return [
    `what is behind ${what} is unknown: ${read.state === 'absent' ? 'it does not exist' : read.error.message}`,
  ];
}

/** All pages. Throws S3evtError. */
export async function listMappings(aws: Aws, queueArn: string): Promise<readonly MappingFacts[]> {
  const [lambda, { ListEventSourceMappingsCommand }] = await Promise.all([
    aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  return pages(async (Marker) => {
    const command = new ListEventSourceMappingsCommand({ EventSourceArn: queueArn, ...optional({ Marker }) });
    const what = { action: 'lambda:ListEventSourceMappings', resource: queueArn };
    const page = await aws.call((options) => lambda.send(command, options), what);
    const items = (page.EventSourceMappings ?? []).flatMap(({ FunctionArn, State = '' }) =>
      FunctionArn === undefined ? [] : [{ functionArn: FunctionArn, state: State }],
    );
    return { items, next: page.NextMarker };
  });
}

/** All pages. Throws S3evtError. */
export async function listSubscriptions(aws: Aws, topicArn: string): Promise<readonly SubscriptionFacts[]> {
  const [sns, { ListSubscriptionsByTopicCommand }] = await Promise.all([
    aws.sns(),
    import('@aws-sdk/client-sns'),
  ]);
  return pages(async (NextToken) => {
    const command = new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, ...optional({ NextToken }) });
    const what = { action: 'sns:ListSubscriptionsByTopic', resource: topicArn };
    const page = await aws.call((options) => sns.send(command, options), what);
    const items = (page.Subscriptions ?? []).map(
      ({ Protocol = '', Endpoint = '', SubscriptionArn = '' }) => ({
        protocol: Protocol,
        endpoint: Endpoint,
        // `PendingConfirmation` stands in the place of the ARN.
        confirmed: SubscriptionArn.startsWith('arn:'),
      }),
    );
    return { items, next: page.NextToken };
  });
}

async function listRules(aws: Aws): Promise<readonly BusRuleFacts[]> {
  const [events, { ListRulesCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  return pages(async (NextToken) => {
    const command = new ListRulesCommand(optional({ NextToken }));
    const page = await aws.call((options) => events.send(command, options), { action: 'events:ListRules' });
    const items = (page.Rules ?? []).map(({ Name = '', Arn = '', EventPattern, State }) => ({
      name: Name,
      arn: Arn,
      pattern: EventPattern,
      enabled: State !== 'DISABLED',
    }));
    return { items, next: page.NextToken };
  });
}

async function listTargets(aws: Aws, rule: string): Promise<readonly string[]> {
  const [events, { ListTargetsByRuleCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  return pages(async (NextToken) => {
    const command = new ListTargetsByRuleCommand({ Rule: rule, ...optional({ NextToken }) });
    const what = { action: 'events:ListTargetsByRule', resource: rule };
    const page = await aws.call((options) => events.send(command, options), what);
    return {
      items: (page.Targets ?? []).flatMap(({ Arn }) => (Arn === undefined ? [] : [Arn])),
      next: page.NextToken,
    };
  });
}
