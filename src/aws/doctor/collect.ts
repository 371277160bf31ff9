/**
 * All that `doctor` and `trace` have to know, in as few serial round trips as the way of an event has steps: the bucket, then what its
 * rules name, then what that needs (role, key, log), then what is behind it.
 */
import { bucketArn, parseArn, partitionOf } from '../../core/arn.ts';
import { admission } from '../../core/doctor/admission.ts';
import type {
  BucketNode,
  DoctorFacts,
  EventRuleNode,
  FunctionNode,
  Question,
  TargetFacts,
} from '../../core/doctor/facts.ts';
import { sumOf } from '../../core/doctor/metrics.ts';
import { absent, denied, isAbsent, read, valueOf, type Reading } from '../../core/doctor/reading.ts';
import { hopsOf, kindOf, rulesInQuestion } from '../../core/doctor/routes.ts';
import { S3evtError } from '../../core/errors.ts';
import { takesEventsOf } from '../../core/event-rule.ts';
import { hasEventBridge, rulesOf } from '../../core/notification.ts';
import type { Aws } from '../clients.ts';
import { callerIdentity } from '../identity.ts';
import { createMeasurer } from './measure.ts';
import {
  readBucketPolicy,
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
import { readAccountConcurrency, readOtherPolicies, readRecursion } from './read-function.ts';
import { readObject, readObjectOwner } from './read-object.ts';
import { readTrail } from './read-trail.ts';
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
}

/** Rejects only when the run is aborted and where nothing can be read at all: without credentials or a network. */
export async function collectFacts(
  aws: Aws,
  { question: asked, expectedByName, target, now }: CollectOptions,
): Promise<DoctorFacts> {
  const first = createReader(aws);
  const { bucket: name, key } = asked;
  let clockAheadMs: number | undefined;
  const noteDate = (serverTime: number, localTime: number): void => {
    clockAheadMs = localTime - serverTime;
  };
  const begun = Promise.all([
    first.read('sts:GetCallerIdentity', 'identity', () => callerIdentity(aws)),
    readHead(first, name, noteDate),
    readBucketParts(first, asked),
    key === undefined ? undefined : readObject(first, name, key, asked.versionId),
  ]);
  warmUp(aws);
  const [identity, head, early, object] = await begun;
  if (identity.state === 'failed' && head.state === 'failed' && early.notification.state === 'failed') {
    throw new S3evtError('NETWORK', identity.message, {
      hint: 'Nothing could be read: check the endpoint and the network.',
    });
  }
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

/** What only a trouble makes worth a read: one round trip more, and none for a healthy bucket. */
async function followUp(reader: Reader, facts: DoctorFacts): Promise<DoctorFacts> {
  const { bucket, object } = facts;
  const series = valueOf(facts.metrics) ?? [];
  const hops = hopsOf(facts, rulesInQuestion(facts));
  const refusedPolicy = new Set(
    hops.flatMap(({ arn, kind, sender }) => {
      const node = facts.functions[arn];
      if (kind !== 'lambda' || !sender || !node) return [];
      const isRefused =
        (node.policy.state === 'known' || node.policy.state === 'absent') &&
        valueOf(node.configuration) !== undefined &&
        admission(valueOf(node.policy), 'lambda:InvokeFunction', arn, sender).kind !== 'allowed';
      return isRefused ? [arn] : [];
    }),
  );
  const sum = (metric: string, { name }: FunctionNode) => sumOf(series, 'AWS/Lambda', metric, name);
  const nodes = Object.values(facts.functions);
  const isLooping = (node: FunctionNode) =>
    sum('RecursiveInvocationsDropped', node) > 0 || causedItself(node, bucket.name);
  const isRefusedObject = nodes.some(({ log }) =>
    (valueOf(log?.seen)?.errors ?? []).some(({ message }) => /AccessDenied|not authorized|403/.test(message)),
  );
  const isForeign =
    object !== undefined && valueOf(bucket.ownership) === 'ObjectWriter' && object.head.state === 'known';
  const [accountConcurrency, policy, ownership, owner, functions] = await Promise.all([
    nodes.some((node) => sum('Throttles', node) > 0) ? readAccountConcurrency(reader) : undefined,
    isRefusedObject ? readBucketPolicy(reader, bucket.name) : undefined,
    isRefusedObject && bucket.ownership === undefined ? readOwnership(reader, bucket.name) : bucket.ownership,
    isForeign ? readObjectOwner(reader, bucket.name, object.key) : undefined,
    Promise.all(
      nodes.map(async (node): Promise<FunctionNode> => {
        const [otherPolicies, recursion] = await Promise.all([
          refusedPolicy.has(node.arn) ? readOtherPolicies(reader, node) : undefined,
          isLooping(node) ? readRecursion(reader, node.arn) : undefined,
        ]);
        return { ...node, otherPolicies, recursion };
      }),
    ),
  ]);
  return {
    ...facts,
    bucket: { ...bucket, policy, ownership },
    object: object && { ...object, owner },
    functions: Object.fromEntries(functions.map((node) => [node.arn, node])),
    accountConcurrency,
  };
}

/** Whether some record's request was made by a session of the function's name: its role's. */
function causedItself({ name, log }: FunctionNode, bucket: string): boolean {
  return (valueOf(log?.seen)?.records ?? []).some(
    (record) => record.bucket === bucket && record.principalId?.endsWith(`:${name}`) === true,
  );
}

/** The facts with what CloudTrail knows of the bucket and of what its events go to. */
export async function withTrail(aws: Aws, facts: DoctorFacts): Promise<DoctorFacts> {
  const region = valueOf(facts.bucket.head)?.region;
  const reader = createReader(region === undefined ? aws : aws.inRegion(region));
  const hops = hopsOf(facts, rulesInQuestion(facts));
  const direct = hops.filter(({ depth }) => depth === 0).map(({ arn }) => facts.functions[arn]?.name ?? arn);
  const { expected } = facts.question;
  const asked = expected === undefined ? [] : [facts.functions[expected]?.name ?? expected];
  const names = [...new Set([facts.bucket.name, ...asked, ...direct])].slice(0, 4);
  return { ...facts, trail: await readTrail(reader, names) };
}
