/** The one write of the key that the question is about, and which of the events that were seen are its own. */
import { recordsOfKey } from '../checks/object/seen.ts';
import type { DoctorFacts, SeenRecord, VersionEntry } from '../doctor/facts.ts';
import { isAbsent, valueOf } from '../doctor/reading.ts';
import { formatInstant } from '../duration.ts';
import { parseIsoInstant } from '../iso-time.ts';
import { compareSequencers } from '../tap-order.ts';
import type { OtherWrite, TraceObject } from './model.ts';

export interface Write {
  readonly object: TraceObject;
  /** Events of this write that any log shows, in the order in which they were logged. */
  readonly records: readonly SeenRecord[];
  readonly others: readonly OtherWrite[];
  /** When it was written, epoch ms. */
  readonly at: number | undefined;
}

/** The event that a record is of: the same one may arrive several times. Tags and ACLs have no sequencer. */
export function eventIdOf({ eventName, sequencer, requestId, eventTime }: SeenRecord): string {
  return `${eventName} ${sequencer?.toLowerCase().replace(/^0+/, '') ?? requestId ?? eventTime ?? ''}`;
}

/** The newest write, or that of `question.versionId`. */
export function writeOf(facts: DoctorFacts, key: string): Write {
  const seen = recordsOfKey(facts, key);
  const asked = facts.question.versionId;
  const entries = valueOf(facts.object?.versions) ?? [];
  const entry = entries.find((one) => (asked === undefined ? one.latest : one.versionId === asked));
  const known = knownOf(facts, entry);
  const belongs = belongingTo(asked ?? known?.versionId, known);
  const candidates = seen.filter(belongs);
  const main = mainOf(candidates, known?.deleteMarker === false);
  const records = candidates.filter((record) => isOfWrite(record, main));
  const object = objectOf(facts, { known, asked, main });
  return {
    object,
    records,
    others: otherWrites(
      seen.filter((record) => !records.includes(record)),
      entries,
      object,
    ),
    at: known?.modified ?? (main ? timeOf(main) : undefined),
  };
}

type Known = Omit<VersionEntry, 'versionId' | 'key' | 'latest' | 'owner'> & {
  readonly versionId: string | undefined;
  readonly replica: boolean;
};

/** What S3 says of the version. HEAD answers neither for delete markers nor to everybody: then the list of versions does. */
function knownOf({ object }: DoctorFacts, entry: VersionEntry | undefined): Known | undefined {
  const head = valueOf(object?.head);
  if (head && entry?.deleteMarker !== true) {
    return {
      ...head,
      versionId: realId(head.versionId),
      deleteMarker: false,
      replica: head.replicationStatus === 'REPLICA',
    };
  }
  if (!entry || (isAbsent(object?.head) && !entry.deleteMarker)) return undefined;
  return { ...entry, versionId: realId(entry.versionId), replica: false };
}

/** Objects of unversioned buckets have the id `null` in lists, and none in events. */
function realId(versionId: string | undefined): string | undefined {
  return versionId === 'null' ? undefined : versionId;
}

/** EventBridge's times, and S3's own of objects, are whole seconds. */
const TOLERANCE = 1_000;

function belongingTo(
  versionId: string | undefined,
  known: Known | undefined,
): (record: SeenRecord) => boolean {
  return (record) => {
    if (versionId !== undefined && record.versionId !== undefined) return record.versionId === versionId;
    if (!known) return versionId === undefined;
    const isSame = known.eTag === undefined || record.eTag === undefined || record.eTag === known.eTag;
    return isSame && timeOf(record) >= known.modified - TOLERANCE;
  };
}

/** The event of the write itself: the newest one with a place in the order. */
function mainOf(records: readonly SeenRecord[], isThere: boolean): SeenRecord | undefined {
  const created = records.filter(({ eventName }) => eventName.startsWith('ObjectCreated:'));
  const from = isThere && created.length > 0 ? created : records;
  return from.reduce<SeenRecord | undefined>(
    (newest, one) => (newest && !isLater(one, newest) ? newest : one),
    undefined,
  );
}

function isLater(a: SeenRecord, b: SeenRecord): boolean {
  if (a.sequencer !== undefined && b.sequencer !== undefined)
    return compareSequencers(a.sequencer, b.sequencer) > 0;
  if (a.sequencer !== undefined || b.sequencer !== undefined) return b.sequencer === undefined;
  return timeOf(a) > timeOf(b);
}

/** Later events of the same object (tags, a restore) are its own too; writes and deletions with another sequencer are others. */
function isOfWrite(record: SeenRecord, main: SeenRecord | undefined): boolean {
  if (!main) return true;
  const isWrite = /^(?:ObjectCreated|ObjectRemoved|LifecycleExpiration):/.test(record.eventName);
  return isWrite ? eventIdOf(record) === eventIdOf(main) : timeOf(record) >= timeOf(main) - TOLERANCE;
}

/** When it happened; when it was logged, where the event does not say. */
export function timeOf({ eventTime, time }: SeenRecord): number {
  return (eventTime === undefined ? undefined : parseIsoInstant(eventTime)) ?? time;
}

function objectOf(
  facts: DoctorFacts,
  {
    known,
    asked,
    main,
  }: {
    readonly known: Known | undefined;
    readonly asked: string | undefined;
    readonly main: SeenRecord | undefined;
  },
): TraceObject {
  const { object, bucket } = facts;
  const uploads = (valueOf(bucket.uploads) ?? []).filter(({ key }) => key === object?.key);
  const isGone = isAbsent(object?.head) && (object?.versions.state === 'known' || asked !== undefined);
  const state = known
    ? known.deleteMarker
      ? 'deleted'
      : 'there'
    : main
      ? 'gone'
      : !isGone
        ? 'unknown'
        : uploads.length > 0
          ? 'unfinished'
          : 'missing';
  const parts = /-(\d+)$/.exec(known?.eTag ?? '')?.[1];
  return {
    state,
    versionId: known?.versionId ?? asked ?? main?.versionId ?? null,
    size: known && !known.deleteMarker ? known.size : null,
    eTag: known?.eTag ?? main?.eTag ?? null,
    storageClass: known?.storageClass ?? null,
    time: known ? formatInstant(known.modified) : main ? formatInstant(timeOf(main)) : null,
    parts: parts === undefined ? null : Number(parts),
    replica: known?.replica ?? false,
    events: main ? [`s3:${main.eventName}`] : eventsOf(facts, known),
    requestId: main?.requestId ?? null,
    sequencer: main?.sequencer ?? null,
    openUploads: uploads.map(({ uploadId, initiated }) => ({
      uploadId,
      initiated: formatInstant(initiated),
    })),
    near: known || main ? [] : (valueOf(object?.near) ?? []),
  };
}

const IN_ONE = ['s3:ObjectCreated:Put', 's3:ObjectCreated:Post', 's3:ObjectCreated:Copy'];
const IN_PARTS = 's3:ObjectCreated:CompleteMultipartUpload';

/** What the object itself tells of how it was written. */
function eventsOf({ bucket, object }: DoctorFacts, known: Known | undefined): readonly string[] {
  if (!known) return [...IN_ONE, IN_PARTS];
  if (known.deleteMarker) {
    const expires = (valueOf(bucket.lifecycle) ?? []).some(
      ({ enabled, expires: does, prefix }) => enabled && does && object?.key.startsWith(prefix) === true,
    );
    return [
      's3:ObjectRemoved:DeleteMarkerCreated',
      ...(expires ? ['s3:LifecycleExpiration:DeleteMarkerCreated'] : []),
    ];
  }
  // Which event a replica makes is not documented.
  if (known.replica) return ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'];
  if (known.eTag === undefined) return [...IN_ONE, IN_PARTS];
  return /-\d+$/.test(known.eTag) ? [IN_PARTS] : IN_ONE;
}

const MOST_OTHERS = 20;

function otherWrites(
  seen: readonly SeenRecord[],
  entries: readonly VersionEntry[],
  object: TraceObject,
): readonly OtherWrite[] {
  const byEvent = new Map(seen.map((record) => [eventIdOf(record), record]));
  const ofEvents = [...byEvent.values()].map((record): OtherWrite => ({
    time: formatInstant(timeOf(record)),
    event: `s3:${record.eventName}`,
    versionId: record.versionId ?? null,
    sequencer: record.sequencer ?? null,
    requestId: record.requestId ?? null,
  }));
  const told = new Set([object.versionId, ...ofEvents.map(({ versionId }) => versionId)]);
  const unseen = entries
    .filter(({ versionId }) => versionId !== 'null' && !told.has(versionId))
    .map(({ modified, deleteMarker, versionId }): OtherWrite => ({
      time: formatInstant(modified),
      event: deleteMarker ? 's3:ObjectRemoved:DeleteMarkerCreated' : null,
      versionId,
      sequencer: null,
      requestId: null,
    }));
  return [...ofEvents, ...unseen]
    .sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))
    .slice(0, MOST_OTHERS);
}
