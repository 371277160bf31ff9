/**
 * How a bucket is tapped, decided from its notification configuration alone. In this order: a rule of our own where EventBridge is
 * on; a subscription of our own where one topic gets all that is of interest; else EventBridge is turned on for the time being.
 */
import { parseArn } from './arn.ts';
import { sharedEvents } from './event-name.ts';
import { decodeEventKey, filtersOverlap, keyPasses } from './key-filter.ts';
import { hasEventBridge, rulesOf, type NotificationDocument, type Rule } from './notification.ts';
import type { ShownLine } from './progress.ts';
import type { TapSource } from './tap.ts';

/** What is to be seen; an empty list means all. */
export interface TapInterest {
  /** Configured names, `s3:` included. */
  readonly events: readonly string[];
  /** Globs of decoded keys, see `globMatches`. */
  readonly keys: readonly string[];
}

export interface TapPlan {
  readonly bucket: string;
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly source: TapSource;
  /** Whether the bucket's configuration is changed: that is nothing to do unasked. */
  readonly changesBucket: boolean;
  /** What will be created and changed. */
  readonly lines: readonly ShownLine[];
  /** Whole sentences: what to expect and what not to. */
  readonly notes: readonly string[];
}

export interface TapPlanInput {
  readonly bucket: string;
  readonly document: NotificationDocument;
  /** The bucket owner's. */
  readonly account: string;
  readonly partition: string;
  /** The bucket's. */
  readonly region: string;
}

const ALL: TapInterest = { events: [], keys: [] };

export function planTap(input: TapPlanInput, interest: TapInterest = ALL): TapPlan {
  const { bucket, account, partition, region } = input;
  const source = sourceOf(input, interest);
  return {
    bucket,
    account,
    partition,
    region,
    source,
    changesBucket: source.kind === 'enable-eventbridge',
    lines: linesOf(source, bucket),
    notes: notesOf(source, interest),
  };
}

function sourceOf({ bucket, document, account, region }: TapPlanInput, interest: TapInterest): TapSource {
  if (hasEventBridge(document)) return { kind: 'eventbridge' };
  const relevant = rulesOf(document).filter((rule) => concerns(rule, interest));
  const arns = new Set(relevant.map((rule) => rule.destination.arn));
  const [only] = relevant;
  if (only?.destination.kind === 'sns' && arns.size === 1) {
    const topic = parseArn(only.destination.arn);
    // A topic of another account would have to admit the subscription.
    if (topic?.account === account && topic.region === region) {
      return { kind: 'topic', topicArn: only.destination.arn };
    }
  }
  const after = { ...document, EventBridgeConfiguration: {} };
  return { kind: 'enable-eventbridge', bucket, before: document, after };
}

/** Whether the rule might take an event of interest. */
function concerns(rule: Rule, { events, keys }: TapInterest): boolean {
  if (events.length > 0 && sharedEvents(rule.events, events).length === 0) return false;
  if (keys.length === 0) return true;
  const filter = {
    prefix: decodeEventKey(rule.filter.prefix ?? ''),
    suffix: decodeEventKey(rule.filter.suffix ?? ''),
  };
  return keys.some((glob) => {
    const [prefix = '', ...rest] = glob.split(/[*?]/);
    if (rest.length === 0) return keyPasses(rule.filter, glob);
    return filtersOverlap(filter, { prefix, suffix: rest.at(-1) ?? '' });
  });
}

function linesOf(source: TapSource, bucket: string): readonly ShownLine[] {
  const queue: ShownLine = { mark: '+', text: 'a temporary queue s3evt-tap-…, which admits only this tap' };
  const rule: ShownLine = {
    mark: '+',
    text: `a rule s3evt-tap-… on the default event bus: events of ${bucket}, to that queue`,
  };
  switch (source.kind) {
    case 'eventbridge':
      return [queue, rule];
    case 'topic':
      return [queue, { mark: '+', text: `a subscription of that queue to ${source.topicArn}` }];
    case 'enable-eventbridge':
      return [queue, rule, { mark: '~', text: `EventBridge turned on in the configuration of ${bucket}` }];
  }
}

function notesOf(source: TapSource, interest: TapInterest): readonly string[] {
  if (source.kind === 'topic') return ['Shown is what the rules of the bucket send to the topic.'];
  const silent = interest.events.filter(neverOnBridge);
  const missing =
    silent.length > 0 ? [`S3 does not send ${silent.join(', ')} to EventBridge: not to be seen here.`] : [];
  if (source.kind === 'eventbridge') return missing;
  return [
    ...missing,
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    'EventBridge that was just turned on takes up to five minutes to act.',
    'It is turned off again at the end, unless a rule of the default event bus takes its events by then. After a kill -9 it stays on, and AWS may charge for its events, until the next "s3evt watch" on this machine.',
  ];
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html does not list them. */
function neverOnBridge(event: string): boolean {
  return event.startsWith('s3:Replication:') || event === 's3:ReducedRedundancyLostObject';
}
