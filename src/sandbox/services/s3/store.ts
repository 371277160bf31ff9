import type {
  BucketLocationConstraint,
  ChecksumAlgorithm,
  ChecksumType,
  EventHoldDuration,
  Grant,
  IntelligentTieringAccessTier,
  IntelligentTieringConfiguration,
  LifecycleRule,
  NotificationConfiguration,
  ObjectLockConfiguration,
  ObjectLockEventHold,
  ObjectLockLegalHoldStatus,
  ObjectLockRetentionMode,
  ObjectOwnership,
  PublicAccessBlockConfiguration,
  ServerSideEncryption,
  StorageClass,
  Tier,
  TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import type { NotificationRule } from '../../delivery/deliver.ts';
import { SortedKeys } from './sorted-keys.ts';

/** The id of the version that was written while versioning was off or suspended. */
export const NULL_VERSION = 'null';

/** A delete marker has no bytes: its record carries the MD5 of nothing. */
export const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** System metadata, in the names of the API's members. */
export interface ObjectHeaders {
  readonly ContentType?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly Expires?: Date | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
}

interface ObjectEncryption {
  readonly ServerSideEncryption: ServerSideEncryption;
  readonly SSEKMSKeyId?: string | undefined;
}

export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a composite checksum with `-<parts>`. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** All that a write says of an object beside its bytes. */
export interface ObjectAttributes {
  readonly headers: ObjectHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: StorageClass;
  readonly encryption: ObjectEncryption;
  readonly tags: readonly Tag[];
  readonly grants: readonly Grant[];
  /** What the request itself asks for; the bucket's default comes with the write. */
  readonly lock: ObjectLock | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
export interface ObjectLock {
  readonly retention: ObjectRetention | undefined;
  readonly legalHold: ObjectLockLegalHoldStatus | undefined;
}

export interface ObjectRetention {
  readonly mode: ObjectLockRetentionMode;
  readonly until: Date;
  readonly eventHold: ObjectLockEventHold | undefined;
  readonly eventHoldDuration: EventHoldDuration | undefined;
}

/** The temporary copy of an archived object: asked for, or there until `expires`. */
export interface Restore {
  readonly tier: Tier;
  /** Milliseconds since the epoch. */
  readonly completesAt: number;
  /** Days that the copy was asked for; undefined for INTELLIGENT_TIERING, where the object itself comes back. */
  readonly days: number | undefined;
  /** Milliseconds since the epoch; undefined while the retrieval runs. */
  expires: number | undefined;
}

export interface Annotation {
  readonly payload: Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: ObjectChecksum | undefined;
  readonly lastModified: Date;
}

export interface StoredPart {
  readonly number: number;
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly checksum: ObjectChecksum | undefined;
}

/** What remains of a part once its upload is complete. */
interface ObjectPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly checksum: ObjectChecksum | undefined;
}

export interface StoredObject extends Omit<ObjectAttributes, 'tags' | 'grants' | 'storageClass' | 'lock'> {
  readonly kind: 'object';
  readonly versionId: string;
  /** Whole seconds, as S3 keeps it. */
  readonly lastModified: Date;
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum: ObjectChecksum | undefined;
  /** Of a multipart upload, for reads by part number. */
  readonly parts: readonly ObjectPart[] | undefined;
  tags: readonly Tag[];
  grants: readonly Grant[];
  storageClass: StorageClass;
  lock: ObjectLock | undefined;
  /** The rest is absent from most objects, and so takes no memory there. */
  restore?: Restore;
  annotations?: Map<string, Annotation>;
  /** Of an INTELLIGENT_TIERING object that has been moved to one of the two archive tiers. */
  archiveTier?: IntelligentTieringAccessTier;
  /** Of an INTELLIGENT_TIERING object: milliseconds since the epoch of the last read. */
  lastRead?: number;
}

interface DeleteMarker {
  readonly kind: 'delete-marker';
  readonly versionId: string;
  readonly lastModified: Date;
}

export type ObjectVersion = StoredObject | DeleteMarker;

export interface MultipartUpload {
  readonly id: string;
  readonly key: string;
  readonly initiated: Date;
  readonly attributes: ObjectAttributes;
  /** Undefined when the client asked for none. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined;
  readonly parts: Map<number, StoredPart>;
  /** An object of this key was deleted since the upload began. */
  isKeyDeleted?: boolean;
}

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** As the request gave it (`EU` stays `EU`); undefined in us-east-1. */
  readonly locationConstraint: BucketLocationConstraint | undefined;
  /** Owner's account. */
  readonly account: string;
  readonly created: Date;
  readonly objects: ObjectTable;
  readonly uploads: Map<string, MultipartUpload>;
  /** Undefined: never enabled. */
  versioning: 'Enabled' | 'Suspended' | undefined;
  tags: readonly Tag[];
  policy: string | undefined;
  publicAccessBlock: PublicAccessBlockConfiguration | undefined;
  ownership: ObjectOwnership | undefined;
  notification: BucketNotification;
  lifecycle: BucketLifecycle | undefined;
  /** Undefined: the bucket has no Object Lock. Once enabled it stays. */
  objectLock: ObjectLockConfiguration | undefined;
  /** By Id. */
  readonly tiering: Map<string, IntelligentTieringConfiguration>;
}

export interface BucketLifecycle {
  readonly rules: readonly LifecycleRule[];
  readonly minimumSize: TransitionDefaultMinimumObjectSize;
}

export interface BucketNotification {
  /** As GET returns it. */
  readonly document: NotificationConfiguration;
  /** The same, ready for matching. */
  readonly rules: readonly NotificationRule[];
  /** Which one acts instead, and until when in milliseconds since the epoch. */
  readonly pending?: { readonly until: number; readonly former: BucketNotification };
}

/** The versions of every key of one bucket. */
export class ObjectTable {
  /** Oldest version first, so that a write is a push. */
  readonly #versions = new Map<string, ObjectVersion[]>();
  readonly #keys = new SortedKeys();

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  /** Every key that has at least one version or delete marker, in the order of listings. */
  sortedKeys(): readonly string[] {
    return this.#keys.list();
  }

  /** Newest version of the key, which may be a delete marker. */
  latest(key: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.at(-1);
  }

  find(key: string, versionId: string): ObjectVersion | undefined {
    return this.#versions.get(key)?.find((version) => version.versionId === versionId);
  }

  /** Oldest first. */
  versions(key: string): readonly ObjectVersion[] {
    return this.#versions.get(key) ?? [];
  }

  /** Makes `version` the newest; a key has at most one null version, so a new one takes the old one's place. */
  add(key: string, version: ObjectVersion): void {
    const versions = this.#versions.get(key);
    if (!versions) {
      this.#versions.set(key, [version]);
      this.#keys.add(key);
      return;
    }
    if (version.versionId === NULL_VERSION) {
      const old = versions.findIndex((other) => other.versionId === NULL_VERSION);
      if (old >= 0) versions.splice(old, 1);
    }
    versions.push(version);
  }

  /** Removes one version for good and returns it. */
  remove(key: string, versionId: string): ObjectVersion | undefined {
    const versions = this.#versions.get(key);
    const index = versions?.findIndex((version) => version.versionId === versionId) ?? -1;
    if (!versions || index < 0) return undefined;
    const [removed] = versions.splice(index, 1);
    if (versions.length === 0) {
      this.#versions.delete(key);
      this.#keys.remove(key);
    }
    return removed;
  }
}
