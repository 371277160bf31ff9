import { callerIdentity } from '../aws/identity.ts';
import { lastRecords } from '../aws/last-records.ts';
import { eachOf } from '../aws/read-destination-state.ts';
import { parseArn } from '../core/arn.ts';
import { defaultLogGroup } from '../core/names.ts';
import { readFunctionArn } from '../core/destination-name.ts';
import type { DestinationState } from '../core/destination-state.ts';
import { formatInstant } from '../core/duration.ts';
import { hasCode } from '../core/errors.ts';
import { ifKnown } from '../core/facts.ts';
import { hasEventBridge, rulesOf, type Rule } from '../core/notification.ts';
import { ruleReport } from '../core/plan.ts';
import type { Finding } from '../core/preflight.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { destinationReport, ruleOwners, type ListedRule } from './ls.ts';
import { lookAtDestinations } from './preflight.ts';
import {
  readQueueReport,
  readReaders,
  readSubscriptions,
  type QueueReport,
  type TopicReport,
} from './status-destinations.ts';

export interface StatusInput {
  readonly bucket?: string | undefined;
}

export interface StatusRule extends ListedRule {
  /** Null for destinations that are not functions, and for what may not be read. */
  readonly function: {
    readonly state: string | null;
    readonly runtime: string | null;
    readonly logGroup: string;
  } | null;
  /** Null for destinations that are not queues, and for what may not be read. */
  readonly queue: QueueReport | null;
  readonly topic: TopicReport | null;
  /** Whether the policies of the destination let S3 send there for this bucket; `unknown` when they may not be read. */
  readonly permission: 'allowed' | 'missing' | 'unknown';
  /** Newest first. Null when they cannot be known. */
  readonly lastEvents: readonly StatusEvent[] | null;
}

export interface StatusEvent {
  /** ISO 8601: when it was logged. */
  readonly at: string;
  readonly eventName: string;
  readonly key: string;
}

export interface StatusResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly account: string;
  readonly region: string;
  readonly rules: readonly StatusRule[];
  readonly eventBridge: boolean;
}

const LOOK_BACK_MS = 24 * 3_600_000;
const EVENTS_SHOWN = 3;

/**
 * Rules, destinations, their state and the last deliveries. Two round trips; three for a queue with dead letters, a function with a log
 * group of its own or a key that encrypts something, one more for a key that is named by an alias. Throws S3evtError.
 */
export async function runStatus(input: StatusInput, ctx: Context): Promise<StatusResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const [identity, target, document] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    bucketDocument(bucket, ctx),
  ]);
  const rules = rulesOf(document);
  const looking = lookAtDestinations(rules, rules, { bucket, identity, target }, ctx);
  const [{ states, findings }, owners, besides] = await Promise.all([
    looking,
    ruleOwners(rules, bucket, ctx),
    eachOf(rules, (rule) => readBeside(rule, bucket, target.region.value, ctx)),
  ]);
  const found = await eachOf(
    rules.map((rule, index) => ({ rule, index })),
    async ({ rule, index }): Promise<StatusRule> => {
      const own = findings.filter(({ ruleId }) => ruleId === rule.id);
      const state = states.get(rule.destination.arn);
      const details = await detailsOf(rule, bucket, state, besides[index] ?? NOTHING_BESIDE, ctx);
      const report = destinationReport(own);
      return {
        ...ruleReport(rule),
        owner: owners[index] ?? 'others',
        ...report,
        problems: [...report.problems, ...unheard(details.topic, rule)],
        ...details,
        permission: permissionOf(own),
      };
    },
  );
  return {
    status: 'ok',
    bucket,
    account: identity.account,
    region: target.region.value,
    rules: found,
    eventBridge: hasEventBridge(document),
  };
}

/** What is read of a destination beside its state: its ARN alone names it. */
interface Beside {
  readonly lastEvents: StatusRule['lastEvents'];
  readonly readBy: QueueReport['readBy'];
  readonly subscriptions: TopicReport['subscriptions'];
}

const NOTHING_BESIDE: Beside = { lastEvents: null, readBy: null, subscriptions: null };

async function readBeside(rule: Rule, bucket: string, region: string, ctx: Context): Promise<Beside> {
  const { kind, arn } = rule.destination;
  if (kind === 'lambda') return { ...NOTHING_BESIDE, lastEvents: await eventsOf(rule, bucket, ctx) };
  // Of another Region nothing is looked at: S3 sends nothing there.
  if (parseArn(arn)?.region !== region) return NOTHING_BESIDE;
  return kind === 'sqs'
    ? { ...NOTHING_BESIDE, readBy: await readReaders(arn, ctx) }
    : { ...NOTHING_BESIDE, subscriptions: await readSubscriptions(arn, ctx) };
}

type Details = Pick<StatusRule, 'function' | 'queue' | 'topic' | 'lastEvents'>;

async function detailsOf(
  rule: Rule,
  bucket: string,
  state: DestinationState | undefined,
  { lastEvents, readBy, subscriptions }: Beside,
  ctx: Context,
): Promise<Details> {
  const nothing: Details = { function: null, queue: null, topic: null, lastEvents: null };
  switch (state?.kind) {
    case undefined:
      return { ...nothing, lastEvents };
    case 'lambda': {
      const fn = ifKnown(state.qualified ?? state.function);
      if (!fn) return { ...nothing, lastEvents };
      const { logGroup } = fn;
      const elsewhere = logGroup !== defaultLogGroup(fn.name);
      return {
        ...nothing,
        function: { state: fn.state, runtime: fn.runtime ?? null, logGroup },
        lastEvents: elsewhere ? await eventsOf(rule, bucket, ctx, logGroup) : lastEvents,
      };
    }
    case 'sqs': {
      const queue = ifKnown(state.queue);
      return { ...nothing, queue: queue ? await readQueueReport(queue, readBy, ctx) : null };
    }
    case 'sns': {
      const topic = ifKnown(state.topic);
      return { ...nothing, topic: topic ? { subscriptions } : null };
    }
  }
}

/** S3 sends to such a topic without an error, and nobody hears of it. */
function unheard(topic: TopicReport | null, { destination }: Rule): readonly string[] {
  if (!topic?.subscriptions || topic.subscriptions.some(({ confirmed }) => confirmed)) return [];
  return [
    `topic ${destination.arn.split(':').at(-1) ?? ''} has no confirmed subscription: nobody gets its events`,
  ];
}

const REFUSING = new Set(['MISSING', 'QUALIFIER_MISSING', 'NOT_PERMITTED', 'DENIED']);

function permissionOf(findings: readonly Finding[]): StatusRule['permission'] {
  const about = findings.filter(({ code }) => REFUSING.has(code) || code.startsWith('KEY_'));
  if (about.some(({ severity }) => severity === 'refused')) return 'missing';
  const unknown = findings.some(({ code }) => code === 'UNCHECKED' || code === 'MAYBE_PERMITTED');
  return unknown || about.length > 0 ? 'unknown' : 'allowed';
}

async function eventsOf(
  rule: Rule,
  bucket: string,
  ctx: Context,
  group?: string,
): Promise<StatusRule['lastEvents']> {
  if (rule.destination.kind !== 'lambda') return null;
  const logGroup = group ?? defaultLogGroup(readFunctionArn(rule.destination.arn).name);
  try {
    const since = ctx.clock.now() - LOOK_BACK_MS;
    const records = (await lastRecords(ctx.aws, logGroup, since, 50)) ?? [];
    return records
      .filter(({ record }) => record.bucket === bucket && (record.configurationId ?? rule.id) === rule.id)
      .slice(0, EVENTS_SHOWN)
      .map(({ at, record }) => ({ at: formatInstant(at), eventName: record.eventName, key: record.key }));
  } catch (error) {
    // Logs are nice to know here: without the right to read them the rest still stands.
    if (hasCode(error, 'ACCESS_DENIED', 'AWS_ERROR', 'THROTTLED', 'AWS_UNAVAILABLE')) return null;
    throw error;
  }
}
