import type { ListObjectVersionsOutput } from '@aws-sdk/client-s3';
import { S3evtError } from '../core/errors.ts';
import { parseArn } from '../core/arn.ts';
import { ifKnown, valueOf, type Fact } from '../core/facts.ts';
import type { BucketContents, MadeFact, Presence } from '../core/made-fact.ts';
import { eventRuleArn, takesEventsOf } from '../core/event-rule.ts';
import { isOurs, OBJECT_MARK } from '../core/names.ts';
import type { ObjectVersion } from '../core/plan.ts';
import { parsePolicy } from '../core/policy-document.ts';
import type { Aws } from './clients.ts';
import { callerIdentity } from './identity.ts';
import { readKey, readQueue, readTopic } from './read-destinations.ts';
import { readEventRule, readEventRules } from './read-eventbridge.ts';
import { readEventInvokeConfig } from './read-function-destination.ts';
import {
  expecting,
  readFunction,
  readFunctionPolicy,
  readLogGroup,
  readLogGroupTags,
  readRole,
  readVersioning,
} from './read-facts.ts';

/** A bucket with more versions than this is not looked through, hence not deleted. */
const MOST_OBJECTS = 1_000;
const HEADS_AT_ONCE = 8;

/** A resource as the ledger names it. */
export interface MadeName {
  readonly kind: MadeFact['kind'];
  readonly name: string;
  readonly function?: string | undefined;
  readonly bucket?: string | undefined;
}

/** Where it was made: its buckets have to be this account's, and ARNs that are known beforehand save a round trip. */
export interface MadePlace {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
}

/** What AWS says today of something that s3evt made. Throws S3evtError: what may not be looked at is not deleted. */
export async function readMade(aws: Aws, made: MadeName, place?: MadePlace): Promise<MadeFact> {
  const { kind, name } = made;
  const owner = place?.account;
  switch (kind) {
    case 'rule':
      return { kind, name, bucket: made.bucket ?? '', destination: made.function ?? '' };
    case 'function': {
      const fn = valueOf(await readFunction(aws, name));
      return { kind, name, now: fn === undefined ? 'gone' : presence(fn.tags) };
    }
    case 'role': {
      const role = valueOf(await readRole(aws, name));
      return {
        kind,
        name,
        now: role === undefined ? 'gone' : presence(role.tags),
        inlinePolicies: role?.inlinePolicies ?? [],
      };
    }
    case 'log-group':
      return { kind, name, now: await logGroupPresence(aws, name, place) };
    case 'queue': {
      const queue = valueOf(await readQueue(aws, name));
      return { kind, name, now: queue === undefined ? 'gone' : presence(queue.tags) };
    }
    case 'topic': {
      const topic = valueOf(await readTopic(aws, name));
      return { kind, name, now: topic === undefined ? 'gone' : presence(topic.tags) };
    }
    case 'event-rule': {
      const arn = place && eventRuleArn(place.partition, place.region, place.account, name);
      const rule = valueOf(await readEventRule(aws, name, arn));
      const now = rule === undefined ? 'gone' : presence(rule.tags);
      const targets = rule?.targets.map(({ id }) => id) ?? [];
      return { kind, name, bucket: made.bucket ?? '', now, targets };
    }
    case 'eventbridge':
      return { kind, name, takers: await readTakers(aws, name) };
    case 'versioning':
      return {
        kind,
        name,
        now: ifKnown(await readVersioning(aws, name, owner)) === 'Enabled' ? 'ours' : 'gone',
      };
    case 'redrive': {
      const deadLetter = made.function ?? '';
      const present = valueOf(await readQueue(aws, name))?.deadLetterArn;
      return { kind, name, deadLetter, now: present === deadLetter ? 'ours' : 'gone' };
    }
    case 'on-failure': {
      const deadLetter = made.function ?? '';
      const [functionName = '', qualifier] = name.split(':');
      const config = valueOf(await readEventInvokeConfig(aws, functionName, qualifier));
      const present = config?.DestinationConfig?.OnFailure?.Destination;
      return { kind, name, deadLetter, now: present === deadLetter ? 'ours' : 'gone' };
    }
    case 'statement':
      return readStatement(aws, name, made.function ?? '');
    case 'permission':
      return readPermission(aws, name, made.function ?? '');
    case 'bucket': {
      const listing = listVersions(aws, name, owner);
      // What is in it matters only when it is ours; the failure of this read is taken up then.
      listing.catch(() => undefined);
      const now = await bucketPresence(aws, name, owner);
      const objects = now === 'ours' ? await contentsOf(aws, name, await listing) : undefined;
      return { kind, name, now, objects };
    }
  }
}

function presence(tags: Readonly<Record<string, string>>): Presence {
  return isOurs(tags) ? 'ours' : 'foreign';
}

/** Rules of the default bus that may take the bucket's events; undefined when they may not be listed. */
async function readTakers(aws: Aws, bucket: string): Promise<readonly string[] | undefined> {
  const [rules, { partition }] = await Promise.all([readEventRules(aws), callerIdentity(aws)]);
  return ifKnown(rules)
    ?.filter(({ pattern }) => takesEventsOf(pattern, bucket, partition))
    .map(({ name }) => name);
}

async function logGroupPresence(aws: Aws, group: string, place: MadePlace | undefined): Promise<Presence> {
  const likelyArn =
    place && `arn:${place.partition}:logs:${place.region}:${place.account}:log-group:${group}`;
  const [read, early] = await Promise.all([
    readLogGroup(aws, group),
    likelyArn === undefined ? undefined : readLogGroupTags(aws, { group, arn: likelyArn }),
  ]);
  const found = valueOf(read);
  if (found === undefined) return 'gone';
  const isLikely = early !== undefined && found.arn === likelyArn;
  const tags = valueOf(isLikely ? early : await readLogGroupTags(aws, { group, arn: found.arn }));
  return tags === undefined ? 'gone' : presence(tags);
}

async function readPermission(aws: Aws, name: string, reference: string): Promise<MadeFact> {
  const [functionName = '', qualifier] = reference.split(':');
  const text = ifKnown(await readFunctionPolicy(aws, functionName, qualifier));
  const policy = text === undefined ? undefined : parsePolicy(text);
  const there = policy?.statements.some(({ sid }) => sid === name) ?? false;
  return { kind: 'permission', name, functionName, qualifier, now: there ? 'ours' : 'gone' };
}

async function readStatement(aws: Aws, name: string, target: string): Promise<MadeFact> {
  const service = parseArn(target)?.service;
  const fact: Fact<{ readonly policy: string | undefined }> =
    service === 'sqs'
      ? await readQueue(aws, target)
      : service === 'sns'
        ? await readTopic(aws, target)
        : await readKey(aws, target);
  const text = valueOf(fact)?.policy;
  const policy = text === undefined ? undefined : parsePolicy(text);
  const there = policy?.statements.some(({ sid }) => sid === name) ?? false;
  return { kind: 'statement', name, target, now: there ? 'ours' : 'gone' };
}

async function bucketPresence(aws: Aws, bucket: string, owner: string | undefined): Promise<Presence> {
  const [s3, { GetBucketTaggingCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  try {
    const command = new GetBucketTaggingCommand({ Bucket: bucket, ...expecting(owner) });
    const output = await aws.call((options) => s3.send(command, options), {
      action: 's3:GetBucketTagging',
      resource: bucket,
    });
    return presence(Object.fromEntries((output.TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])));
  } catch (error) {
    if (error instanceof S3evtError && error.aws?.name === 'NoSuchTagSet') return 'foreign';
    if (error instanceof S3evtError && error.code === 'NOT_FOUND') return 'gone';
    throw error;
  }
}

async function listVersions(aws: Aws, bucket: string, owner?: string): Promise<ListObjectVersionsOutput> {
  const [s3, { ListObjectVersionsCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    MaxKeys: MOST_OBJECTS,
    ...expecting(owner),
  });
  const what = { action: 's3:ListBucketVersions', resource: bucket };
  return aws.call((options) => s3.send(command, options), what);
}

/** Which versions `test-upload` wrote (by their metadata), and how many others there are. */
async function contentsOf(
  aws: Aws,
  bucket: string,
  listing: ListObjectVersionsOutput,
): Promise<BucketContents> {
  const version = (entry: { Key?: string | undefined; VersionId?: string | undefined }): ObjectVersion => ({
    key: entry.Key ?? '',
    // An object of an unversioned bucket is listed with the version "null", which names it in a deletion too. It has to be
    // named: once a bucket is versioned, a deletion without a version only puts a delete marker over it.
    versionId: entry.VersionId,
  });
  const versions = (listing.Versions ?? []).map(version);
  if (listing.IsTruncated === true) return { ours: [], others: Math.max(1, versions.length) };
  const marks: boolean[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < versions.length; index = next++) {
      const entry = versions[index];
      marks[index] = entry !== undefined && (await isTestUpload(aws, bucket, entry));
    }
  };
  await Promise.all(Array.from({ length: Math.min(HEADS_AT_ONCE, versions.length) }, worker));
  const ours = versions.filter((_, index) => marks[index] === true);
  // A delete marker holds no data; one is worth keeping only for what it hides, and that is counted above.
  const markers = (listing.DeleteMarkers ?? []).map(version);
  return { ours: [...ours, ...markers], others: versions.length - ours.length };
}

async function isTestUpload(aws: Aws, bucket: string, object: ObjectVersion): Promise<boolean> {
  const [s3, { HeadObjectCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const input = {
    Bucket: bucket,
    Key: object.key,
    ...(object.versionId === undefined ? {} : { VersionId: object.versionId }),
  };
  const head = await aws.call((options) => s3.send(new HeadObjectCommand(input), options), {
    action: 's3:GetObject',
    resource: `${bucket}/${object.key}`,
  });
  return head.Metadata?.[OBJECT_MARK.key] === OBJECT_MARK.value;
}
