/** Reads of the bucket itself, each by itself: callers read in parallel. */
import type {
  BucketNode,
  LifecycleRule,
  OpenUpload,
  ReplicationRule,
  Sample,
  VersionEntry,
} from '../../core/doctor/facts.ts';
import { denied, read, valueOf, type Reading } from '../../core/doctor/reading.ts';
import { didYouMean } from '../../core/did-you-mean.ts';
import { hasCode, S3evtError } from '../../core/errors.ts';
import { listBuckets } from '../list.ts';
import { getNotification } from '../read-facts.ts';
import type { Reader } from './reader.ts';

type Read<K extends keyof BucketNode> = Promise<Exclude<BucketNode[K], undefined>>;

const sdk = () => import('@aws-sdk/client-s3');

/** HeadBucket names the Region from any Region's endpoint. `onDate` gets the service's time, epoch ms, and this machine's. */
export async function readHead(
  { aws, ...reader }: Reader,
  Bucket: string,
  onDate: (serverTime: number, localTime: number) => void,
): Read<'head'> {
  const action = 's3:ListBucket';
  const what = { action, resource: Bucket };
  return reader.read(action, Bucket, async () => {
    const [s3, { HeadBucketCommand }] = await Promise.all([aws.s3(), sdk()]);
    try {
      const command = new HeadBucketCommand({ Bucket });
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
          const time = Date.parse(headers?.['date'] ?? '');
          if (!Number.isNaN(time)) onDate(time, Date.now());
          return result;
        },
        { step: 'deserialize', name: 'noteDate', priority: 'high' },
      );
      const head = await aws.call((options) => s3.send(command, options), what);
      return {
        region: head.BucketRegion ?? (await aws.target()).region.value,
        kind: head.BucketLocationType,
      };
    } catch (error) {
      const region = error instanceof S3evtError ? error.aws?.region : undefined;
      if (hasCode(error, 'WRONG_REGION') && region !== undefined) return { region };
      throw error;
    }
  });
}

/** The caller's bucket in this Region that was probably meant. Who may not list buckets is told of none. */
export async function readNearBucket(reader: Reader, bucket: string): Promise<string | undefined> {
  const listed = await reader.read('s3:ListAllMyBuckets', '*', () => listBuckets(reader.aws));
  return didYouMean(
    bucket,
    (valueOf(listed) ?? []).map(({ name }) => name),
  );
}

export function readDocument(reader: Reader, bucket: string): Read<'notification'> {
  return reader.read('s3:GetBucketNotification', bucket, () => getNotification(reader.aws, bucket));
}

/**
 * The account that owns the bucket, as far as that can be known: S3 does not tell, but refuses a call that expects another owner.
 * Called when the configuration could be read without that.
 */
export async function readOwner(reader: Reader, bucket: string, account: string): Read<'owner'> {
  const action = 's3:GetBucketNotification';
  const answer = await reader.read(action, bucket, () => getNotification(reader.aws, bucket, account));
  if (answer.state === 'known') return read(action, account);
  if (answer.state !== 'denied') return answer;
  return denied(action, bucket, `the bucket belongs to another account than ${account}`);
}

export function readVersioning({ aws, ...reader }: Reader, Bucket: string): Read<'versioning'> {
  const action = 's3:GetBucketVersioning';
  return reader.read(action, Bucket, async () => {
    const [s3, { GetBucketVersioningCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new GetBucketVersioningCommand({ Bucket });
    const { Status } = await aws.call((options) => s3.send(command, options), { action, resource: Bucket });
    return Status ?? 'Off';
  });
}

/** Versions and delete markers in the order of their keys: the first `most` with the prefix. */
export function readVersions(
  { aws, ...reader }: Reader,
  Bucket: string,
  { prefix, most }: { readonly prefix?: string; readonly most: number },
): Promise<Reading<Sample>> {
  const action = 's3:ListBucketVersions';
  return reader.read(action, Bucket, async () => {
    const [s3, { ListObjectVersionsCommand }] = await Promise.all([aws.s3(), sdk()]);
    const input = { Bucket, MaxKeys: most, ...(prefix === undefined ? {} : { Prefix: prefix }) };
    const command = new ListObjectVersionsCommand(input);
    const page = await aws.call((options) => s3.send(command, options), { action, resource: Bucket });
    const entries = [
      ...(page.Versions ?? []).map((one): VersionEntry => ({
        ...entryOf(one),
        deleteMarker: false,
        size: one.Size ?? 0,
        eTag: one.ETag?.replaceAll('"', ''),
        storageClass: one.StorageClass,
      })),
      ...(page.DeleteMarkers ?? []).map((one): VersionEntry => ({
        ...entryOf(one),
        deleteMarker: true,
        size: 0,
      })),
    ];
    return { entries, truncated: page.IsTruncated ?? false };
  });
}

function entryOf(one: {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly LastModified?: Date | undefined;
  readonly Owner?: { readonly ID?: string | undefined } | undefined;
}): Pick<VersionEntry, 'key' | 'versionId' | 'latest' | 'modified' | 'owner'> {
  return {
    key: one.Key ?? '',
    versionId: one.VersionId ?? 'null',
    latest: one.IsLatest ?? false,
    modified: one.LastModified?.getTime() ?? 0,
    owner: one.Owner?.ID,
  };
}

export function readUploads(
  { aws, ...reader }: Reader,
  Bucket: string,
  prefix: string | undefined,
): Promise<Reading<readonly OpenUpload[]>> {
  const action = 's3:ListBucketMultipartUploads';
  return reader.read(action, Bucket, async () => {
    const [s3, { ListMultipartUploadsCommand }] = await Promise.all([aws.s3(), sdk()]);
    const input = { Bucket, MaxUploads: 100, ...(prefix === undefined ? {} : { Prefix: prefix }) };
    const command = new ListMultipartUploadsCommand(input);
    const page = await aws.call((options) => s3.send(command, options), { action, resource: Bucket });
    return (page.Uploads ?? [])
      .filter(({ Key }) => prefix === undefined || Key === prefix)
      .map(({ Key = '', UploadId = '', Initiated }) => ({
        key: Key,
        uploadId: UploadId,
        initiated: Initiated?.getTime() ?? 0,
      }));
  });
}

export function readLifecycle(
  { aws, ...reader }: Reader,
  Bucket: string,
): Promise<Reading<readonly LifecycleRule[]>> {
  const action = 's3:GetLifecycleConfiguration';
  return reader.read(action, Bucket, async () => {
    const [s3, { GetBucketLifecycleConfigurationCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket });
    const page = await orAbsent('NoSuchLifecycleConfiguration', () =>
      aws.call((options) => s3.send(command, options), { action, resource: Bucket }),
    );
    return page?.Rules?.map((rule) => ({
      id: rule.ID ?? '',
      enabled: rule.Status === 'Enabled',
      prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? oldPrefix(rule),
      expires: rule.Expiration !== undefined || rule.NoncurrentVersionExpiration !== undefined,
      transitions: (rule.Transitions?.length ?? 0) + (rule.NoncurrentVersionTransitions?.length ?? 0) > 0,
    }));
  });
}

/** The old place of the prefix is the rule itself: configurations that were put so are answered so. */
function oldPrefix(rule: object): string {
  const prefix: unknown = Reflect.get(rule, 'Prefix');
  return typeof prefix === 'string' ? prefix : '';
}

export function readReplication(
  { aws, ...reader }: Reader,
  Bucket: string,
): Promise<Reading<readonly ReplicationRule[]>> {
  const action = 's3:GetReplicationConfiguration';
  return reader.read(action, Bucket, async () => {
    const [s3, { GetBucketReplicationCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new GetBucketReplicationCommand({ Bucket });
    const page = await orAbsent('ReplicationConfigurationNotFoundError', () =>
      aws.call((options) => s3.send(command, options), { action, resource: Bucket }),
    );
    return page?.ReplicationConfiguration?.Rules?.map(({ ID = '', Status, Destination }) => ({
      id: ID,
      enabled: Status === 'Enabled',
      destination: Destination?.Bucket ?? '',
      metrics: Destination?.Metrics?.Status === 'Enabled',
      timeControl: Destination?.ReplicationTime?.Status === 'Enabled',
    }));
  });
}

export function readBucketPolicy({ aws, ...reader }: Reader, Bucket: string): Promise<Reading<string>> {
  const action = 's3:GetBucketPolicy';
  return reader.read(action, Bucket, async () => {
    const [s3, { GetBucketPolicyCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new GetBucketPolicyCommand({ Bucket });
    const page = await orAbsent('NoSuchBucketPolicy', () =>
      aws.call((options) => s3.send(command, options), { action, resource: Bucket }),
    );
    return page?.Policy;
  });
}

export function readOwnership({ aws, ...reader }: Reader, Bucket: string): Promise<Reading<string>> {
  const action = 's3:GetBucketOwnershipControls';
  return reader.read(action, Bucket, async () => {
    const [s3, { GetBucketOwnershipControlsCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new GetBucketOwnershipControlsCommand({ Bucket });
    const page = await orAbsent('OwnershipControlsNotFoundError', () =>
      aws.call((options) => s3.send(command, options), { action, resource: Bucket }),
    );
    return page?.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
  });
}

/** A part of the bucket's settings that was never set is answered with an error of its own. */
async function orAbsent<T>(code: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof S3evtError && error.aws?.name === code) return undefined;
    throw error;
  }
}
