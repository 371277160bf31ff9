import type { Event, NotificationConfiguration, NotificationConfigurationFilter } from '@aws-sdk/client-s3';
import { parseArn } from '../../../core/arn.ts';
import { EVENT_NAMES, eventCovers } from '../../../core/event-name.ts';
import { filtersOverlap, isEmptyFilter, MAX_FILTER_VALUE_BYTES } from '../../../core/key-filter.ts';
import type { DestinationService, NotificationRule } from '../../delivery/deliver.ts';
import { AwsError } from '../../wire/types.ts';
import { invalidArgument, invalidRequest, malformedXml } from './errors.ts';
import type { BucketNotification } from './store.ts';

/** https://docs.aws.amazon.com/general/latest/gr/s3.html, "Event notifications" of a bucket, all kinds together. */
const MAX_CONFIGURATIONS = 100;
const MAX_ID_LENGTH = 255;

/** One configuration of any kind, as submitted. */
interface Submitted {
  readonly Id?: string | undefined;
  readonly Events: readonly Event[] | undefined;
  readonly Filter?: NotificationConfigurationFilter | undefined;
}

interface Kind {
  readonly service: DestinationService;
  /** Name of the ARN's element in the document, which errors call the argument. */
  readonly element: 'Topic' | 'Queue' | 'CloudFunction';
  /** What the ARN's resource part looks like. */
  readonly resource: RegExp;
}

const TOPIC: Kind = { service: 'sns', element: 'Topic', resource: /^[^:]+$/ };
const QUEUE: Kind = { service: 'sqs', element: 'Queue', resource: /^[^:]+$/ };
const FUNCTION: Kind = { service: 'lambda', element: 'CloudFunction', resource: /^function:[^:]+(:[^:]+)?$/ };

interface Entry {
  readonly kind: Kind;
  readonly arn: string;
  readonly submitted: Submitted;
}

/**
 * Everything that S3 checks of a notification document before it asks the destinations: schema, then syntax (the first
 * offender alone is named), then the configurations against each other and the bucket. The order of the last group is
 * UNKNOWN; all of it before the destinations agrees with every report.
 * Returns the document as GET gives it back: ids assigned, rule names capitalised, orders kept. Throws AwsError (400).
 */
export function validateNotification(
  config: NotificationConfiguration,
  bucket: { readonly region: string; readonly newId: () => string },
): BucketNotification {
  const entries: readonly Entry[] = [
    ...(config.TopicConfigurations ?? []).map((c) => entry(TOPIC, c.TopicArn, c)),
    ...(config.QueueConfigurations ?? []).map((c) => entry(QUEUE, c.QueueArn, c)),
    ...(config.LambdaFunctionConfigurations ?? []).map((c) => entry(FUNCTION, c.LambdaFunctionArn, c)),
  ];
  entries.forEach(checkSyntax);
  if (entries.length > MAX_CONFIGURATIONS) {
    // Code and text are second-hand.
    throw invalidRequest(
      `Too many configurations submitted. The maximum number of configurations is ${MAX_CONFIGURATIONS}`,
    );
  }
  checkIds(entries);
  for (const { kind, arn } of entries) checkPlace(kind, arn, bucket.region);
  const rules = entries.map(({ kind, arn, submitted }): NotificationRule => ({
    id: submitted.Id ?? '',
    service: kind.service,
    arn,
    events: submitted.Events ?? [],
    filter: keyFilter(submitted),
  }));
  checkOverlaps(rules);
  return accepted(config, rules, bucket.newId);
}

function entry(kind: Kind, arn: string | undefined, submitted: Submitted): Entry {
  if (arn === undefined || arn === '' || (submitted.Events ?? []).length === 0) throw malformedXml();
  for (const rule of filterRules(submitted)) {
    if (rule.Name === undefined || rule.Value === undefined) throw malformedXml();
  }
  return { kind, arn, submitted };
}

function checkSyntax({ kind, arn, submitted }: Entry): void {
  const parsed = parseArn(arn);
  const wellFormed =
    parsed !== undefined &&
    parsed.service === kind.service &&
    parsed.region !== '' &&
    parsed.account !== '' &&
    kind.resource.test(parsed.resource);
  if (!wellFormed) throw invalidArgument('The ARN could not be parsed', kind.element, arn);
  for (const event of submitted.Events ?? []) {
    if (!(EVENT_NAMES as readonly string[]).includes(event)) {
      // AWS's own text is UNKNOWN; this one is what its imitations agree on.
      throw invalidArgument('The event is not supported for notifications', 'Event', event);
    }
  }
  const seen = new Set<string>();
  for (const { Name = '', Value = '' } of filterRules(submitted)) {
    const name = Name.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') {
      throw invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', Name);
    }
    if (seen.has(name)) throw invalidArgument(`Cannot specify more than one ${name} rule in a filter.`);
    seen.add(name);
    if (Buffer.byteLength(Value) > MAX_FILTER_VALUE_BYTES) {
      throw invalidArgument(
        `Size of filter rule value cannot exceed ${MAX_FILTER_VALUE_BYTES} bytes in UTF-8 representation`,
      );
    }
  }
}

function checkIds(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { Id } of entries.map(({ submitted }) => submitted)) {
    if (!Id) continue;
    if (Id.length > MAX_ID_LENGTH) {
      throw invalidArgument(`ID length exceeded allowed limit of ${MAX_ID_LENGTH}`);
    }
    if (seen.has(Id)) {
      throw invalidArgument('Same ID used for multiple configurations. IDs must be unique.');
    }
    seen.add(Id);
  }
}

function checkPlace(kind: Kind, arn: string, bucketRegion: string): void {
  const parsed = parseArn(arn);
  if (parsed?.region !== bucketRegion) {
    throw invalidArgument(
      'The notification destination service region is not valid for the bucket location constraint',
    );
  }
  if (!parsed.resource.endsWith('.fifo')) return;
  if (kind.service === 'sqs') throw invalidArgument('FIFO SQS queues are not supported.');
  // The text for a topic is UNKNOWN.
  if (kind.service === 'sns') throw unableToValidate([]);
}

function checkOverlaps(rules: readonly NotificationRule[]): void {
  // Only between configurations: one that lists a wildcard and its member is taken as it is (AWS's answer is UNKNOWN).
  rules.forEach((a, index) => {
    for (const b of rules.slice(index + 1)) {
      const shared = sharedPair(a.events, b.events);
      if (!shared || !filtersOverlap(a.filter, b.filter)) continue;
      if (isEmptyFilter(a.filter) && isEmptyFilter(b.filter)) {
        throw invalidArgument(
          'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
          'Event',
          shared.join(', '),
        );
      }
      throw invalidArgument(
        'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.',
      );
    }
  });
}

function sharedPair(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  for (const x of a) {
    const y = b.find((other) => eventCovers(x, other) || eventCovers(other, x));
    if (y !== undefined) return [x, y];
  }
  return undefined;
}

/** The error for destinations that refuse, one numbered pair each. */
export function unableToValidate(
  problems: readonly { readonly name: string; readonly value: string }[],
): AwsError {
  const members = problems.flatMap(({ name, value }, index) => [
    [`ArgumentName${index + 1}`, name] as const,
    [`ArgumentValue${index + 1}`, value] as const,
  ]);
  return new AwsError('InvalidArgument', 'Unable to validate the following destination configurations', {
    status: 400,
    members: Object.fromEntries(members),
  });
}

function accepted(
  config: NotificationConfiguration,
  rules: readonly NotificationRule[],
  newId: () => string,
): BucketNotification {
  const named = rules.map((rule) => ({ ...rule, id: rule.id || newId() }));
  // Rules are in document order: topics, queues, functions.
  const rest = named.values();
  const finish = (submitted: Submitted) => ({
    Id: rest.next().value?.id,
    Events: submitted.Events && [...submitted.Events],
    ...(submitted.Filter && { Filter: { Key: { FilterRules: capitalised(submitted) } } }),
  });
  const topics = config.TopicConfigurations?.map((c) => ({ TopicArn: c.TopicArn, ...finish(c) })) ?? [];
  const queues = config.QueueConfigurations?.map((c) => ({ QueueArn: c.QueueArn, ...finish(c) })) ?? [];
  const functions =
    config.LambdaFunctionConfigurations?.map((c) => ({
      LambdaFunctionArn: c.LambdaFunctionArn,
      ...finish(c),
    })) ?? [];
  return {
    document: {
      ...(topics.length > 0 && { TopicConfigurations: topics }),
      ...(queues.length > 0 && { QueueConfigurations: queues }),
      ...(functions.length > 0 && { LambdaFunctionConfigurations: functions }),
      ...(config.EventBridgeConfiguration && { EventBridgeConfiguration: {} }),
    },
    rules: named,
  };
}

function filterRules(submitted: Submitted) {
  return submitted.Filter?.Key?.FilterRules ?? [];
}

function capitalised(submitted: Submitted) {
  return filterRules(submitted).map(({ Name = '', Value }) => ({
    Name: (Name.toLowerCase() === 'prefix' ? 'Prefix' : 'Suffix') as 'prefix' | 'suffix',
    Value,
  }));
}

function keyFilter(submitted: Submitted): NotificationRule['filter'] {
  return Object.fromEntries(
    filterRules(submitted).map(({ Name = '', Value = '' }) => [Name.toLowerCase(), Value]),
  );
}
