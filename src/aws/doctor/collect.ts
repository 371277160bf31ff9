/**
 * All that `doctor` and `trace` have to know, in as few serial round trips as the way of an event has steps: the bucket, then what its
 * rules name, then what that needs (role, key, log), then what is behind it.
 */
import { bucketArn, parseArn, partitionOf } from '../../core/arn.ts';
import type {
  BucketNode,
  DoctorFacts,
  EventRuleNode,
  ObjectNode,
  Question,
  TargetFacts,
} from '../../core/doctor/facts.ts';
import { absent, denied, isAbsent, read, valueOf, type Reading } from '../../core/doctor/reading.ts';
import { kindOf, rulesInQuestion } from '../../core/doctor/routes.ts';
import { S3evtError } from '../../core/errors.ts';
import { takesEventsOf } from '../../core/event-rule.ts';
import { hasEventBridge, rulesOf } from '../../core/notification.ts';
import type { Aws } from '../clients.ts';
import { callerIdentity } from '../identity.ts';
import { followUp } from './follow-up.ts';
import { createMeasurer } from './measure.ts';
import {
  readDocument,
  readHead,
  readLifecycle,
  readNearBucket,
  readOwner,
  readOwnership,
  readReplication,
  readUploads,
  readVersioning,
  readVersions,
} from './read-bucket.ts';
import { readEventRules, readTargets } from './read-event-rules.ts';
import { readObject } from './read-object.ts';
import { createReader, type Reader } from './reader.ts';
import { createWalk } from './walk.ts';

const SAMPLE = 1_000;

export interface CollectOptions {
  readonly question: Question;
  /** What is expected was a name alone: its Region is the bucket's, where all of its destinations have to be. */
  readonly expectedByName: boolean;
  readonly target: TargetFacts;
  /** Epoch ms. */
  readonly now: number;
  /** From when on logs and metrics are looked at, where the object tells it; in place of the question's `since`. */
  readonly sinceOf?: ((object: ObjectNode) => number) | undefined;
}

/** Rejects only when the run is aborted and where nothing can be read at all: without credentials or a network. */
export async function collectFacts(
  aws: Aws,
  { question: asking, expectedByName, target, now, sinceOf }: CollectOptions,
): Promise<DoctorFacts> {
  const first = createReader(aws);
  const { bucket: name, key } = asking;
  let clockAheadMs: number | undefined;
  const noteDate = (serverTime: number, localTime: number): void => {
    clockAheadMs = localTime - serverTime;
  };
  const begun = Promise.all([
    first.read('sts:GetCallerIdentity', 'identity', () => callerIdentity(aws)),
    readHead(first, name, noteDate),
    readBucketParts(first, asking),
    key === undefined ? undefined : readObject(first, name, key, asking.versionId),
  ]);
  warmUp(aws);
  const [identity, head, early, object] = await begun;
  if (identity.state === 'failed' && head.state === 'failed' && early.notification.state === 'failed') {
    throw new S3evtError('NETWORK', identity.message, {
      hint: 'Nothing could be read: check the endpoint and the network.',
    });
  }
  const asked = object && sinceOf ? { ...asking, since: sinceOf(object) } : asking;
  const region = valueOf(head)?.region ?? target.region;
  const isElsewhere = region !== target.region;
  const question =
    expectedByName && isElsewhere ? { ...asked, expected: inRegion(asked.expected, region) } : asked;
  const reader = isElsewhere ? first.inRegion(region) : first;
  const parts = isElsewhere ? await readBucketParts(reader, question) : early;
  const { events, ...bucketParts } = parts;
  const account = valueOf(identity)?.account;
  const base: DoctorFacts = {
    schemaVersion: 1,
    at: now,
    question,
    target: { ...target, clockAheadMs },
    identity:
      identity.state === 'known'
        ? read(identity.call, { account: identity.value.account, arn: identity.value.arn })
        : identity,
    bucket: { name, head, owner: absent('s3:GetBucketNotification'), ...bucketParts },
    object,
    functions: {},
    queues: {},
    topics: {},
    keys: {},
    roles: {},
    notes: [],
  };
  if (isAbsent(head) || (isAbsent(parts.notification) && head.state !== 'known')) {
    return { ...base, bucket: { ...base.bucket, near: await readNearBucket(reader, name) } };
  }

  const partition = partitionOf(valueOf(identity)?.arn ?? '');
  const measurer = createMeasurer(reader, { since: question.since, now });
  const document = valueOf(parts.notification);
  const rules = document ? rulesOf(document) : [];
  const inFocus = new Set(
    isNarrow(question) ? rulesInQuestion(base).map(({ destination }) => destination.arn) : [],
  );
  const walk = createWalk({
    reader,
    measurer,
    since: question.since,
    object: {
      arn: `${bucketArn(partition, name)}/${key ?? '*'}`,
      kmsKeyId: () => {
        const id = valueOf(object?.head)?.kmsKeyId;
        return id?.startsWith('arn:') === true ? id : undefined;
      },
    },
    isInFocus: (arn) => arn === question.expected || inFocus.has(arn),
  });
  const live = new Set(rules.map(({ destination }) => destination.arn));
  const others = question.remembered
    .map(({ destination }) => destination.arn)
    .filter((arn) => !live.has(arn));
  const wanted = [...live, ...others, ...(question.expected === undefined ? [] : [question.expected])];
  walk.expectFunctions(new Set(wanted.filter((arn) => kindOf(arn) === 'lambda')).size);

  const kmsKeyId = valueOf(object?.head)?.kmsKeyId;
  const [owner, extras, eventRules] = await Promise.all([
    readOwnerOf(reader, base.bucket, account),
    readExtras(reader, base),
    withTargets(reader, events.rules, { name, partition }, (rule) => {
      void measurer.want({ namespace: 'AWS/Events', of: rule });
    }).then(async (rulesWithTargets) => {
      const targets = (valueOf(rulesWithTargets) ?? [])
        .filter(
          ({ pattern }) =>
            document !== undefined && hasEventBridge(document) && takesEventsOf(pattern, name, partition),
        )
        .flatMap((rule) => (valueOf(rule.targets) ?? []).map(({ arn }) => arn));
      await Promise.all(targets.map((arn) => walk.visit(arn, 1)));
      return rulesWithTargets;
    }),
    kmsKeyId === undefined ? undefined : walk.key(kmsKeyId, region),
    ...wanted.map((arn) => walk.visit(arn)),
  ]);
  const walked: DoctorFacts = {
    ...base,
    bucket: { ...base.bucket, ...extras, owner },
    eventRules,
    eventBuses: events.buses,
    ...walk.nodes(),
    metrics: await measurer.all(),
    notes: walk.notes(),
  };
  return followUp(reader, walked);
}

function inRegion(arn: string | undefined, region: string): string | undefined {
  const parsed = parseArn(arn ?? '');
  return (
    parsed && ['arn', parsed.partition, parsed.service, region, parsed.account, parsed.resource].join(':')
  );
}

/** The clients that the next step needs are loaded while the first answers are on their way. */
function warmUp(aws: Aws): void {
  setImmediate(() => {
    void Promise.allSettled([aws.lambda(), aws.cloudwatch(), aws.iam()]);
  });
}

function isNarrow({ ruleId, expected, key }: Question): boolean {
  return ruleId !== undefined || expected !== undefined || key !== undefined;
}

async function readBucketParts(reader: Reader, { bucket, key }: Question) {
  const [notification, versioning, sample, uploads, events] = await Promise.all([
    readDocument(reader, bucket),
    readVersioning(reader, bucket),
    readVersions(reader, bucket, { most: SAMPLE }),
    readUploads(reader, bucket, key),
    readEventRules(reader, bucket),
  ]);
  return { notification, versioning, sample, uploads, events };
}

/** Nobody is asked when there is nobody to ask for. */
async function readOwnerOf(
  reader: Reader,
  { name, notification }: BucketNode,
  account: string | undefined,
): Promise<BucketNode['owner']> {
  if (account === undefined) return denied('sts:GetCallerIdentity', name, 'the caller is not known');
  if (notification.state === 'denied' || notification.state === 'failed') return notification;
  return readOwner(reader, name, account);
}

/** Settings that only some rules, or objects, depend on. */
async function readExtras(reader: Reader, { bucket, object }: DoctorFacts): Promise<Partial<BucketNode>> {
  const document = valueOf(bucket.notification);
  const events = document ? rulesOf(document).flatMap((rule) => rule.events) : [];
  const has = (family: string) => events.some((event) => event.startsWith(`s3:${family}`));
  const isReplica = valueOf(object?.head)?.replicationStatus !== undefined;
  const [lifecycle, replication, ownership] = await Promise.all([
    has('ObjectRemoved') ? readLifecycle(reader, bucket.name) : undefined,
    has('Replication') || isReplica ? readReplication(reader, bucket.name) : undefined,
    object ? readOwnership(reader, bucket.name) : undefined,
  ]);
  return { lifecycle, replication, ownership };
}

async function withTargets(
  reader: Reader,
  rules: Reading<readonly Omit<EventRuleNode, 'targets'>[]>,
  bucket: { readonly name: string; readonly partition: string },
  onRule: (name: string) => void,
): Promise<Reading<readonly EventRuleNode[]>> {
  if (rules.state !== 'known') return rules;
  const found = await Promise.all(
    rules.value.map(async (rule): Promise<EventRuleNode> => {
      const isOurs =
        takesEventsOf(rule.pattern, bucket.name, bucket.partition) ||
        rule.pattern?.includes(JSON.stringify(bucket.name)) === true;
      // Metrics of rules on other buses have one more dimension.
      if (isOurs && rule.bus === 'default') onRule(rule.name);
      return {
        ...rule,
        targets: isOurs ? await readTargets(reader, rule) : absent('events:ListTargetsByRule'),
      };
    }),
  );
  return read(rules.call, found);
}
