/**
 * The event names that a bucket notification can be configured for, in AWS's own words
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html).
 */
export const EVENT_NAMES = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectRestore:*',
  's3:ObjectRestore:Post',
  's3:ObjectRestore:Completed',
  's3:ObjectRestore:Delete',
  's3:ReducedRedundancyLostObject',
  's3:Replication:*',
  's3:Replication:OperationFailedReplication',
  's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationReplicatedAfterThreshold',
  's3:Replication:OperationNotTracked',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
  's3:ObjectAnnotation:*',
  's3:ObjectAnnotation:Put',
  's3:ObjectAnnotation:Delete',
  's3:ObjectRetention:Put',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];

/** Intents that stand for families; `all` is every family, since AWS has no `s3:*`. */
export const EVENT_FAMILIES: Readonly<Record<string, readonly EventName[]>> = {
  create: ['s3:ObjectCreated:*'],
  remove: ['s3:ObjectRemoved:*'],
  restore: ['s3:ObjectRestore:*'],
  replication: ['s3:Replication:*'],
  lifecycle: ['s3:LifecycleExpiration:*', 's3:LifecycleTransition'],
  tagging: ['s3:ObjectTagging:*'],
  all: [
    's3:ObjectCreated:*',
    's3:ObjectRemoved:*',
    's3:ObjectRestore:*',
    's3:ReducedRedundancyLostObject',
    's3:Replication:*',
    's3:LifecycleExpiration:*',
    's3:LifecycleTransition',
    's3:IntelligentTiering',
    's3:ObjectTagging:*',
    's3:ObjectAcl:Put',
    's3:ObjectAnnotation:*',
    's3:ObjectRetention:Put',
  ],
};

const BY_LOWER_CASE = new Map<string, EventName>(EVENT_NAMES.map((name) => [name.toLowerCase(), name]));

/**
 * Reads an event as people write it: with or without `s3:`, in any case, or a family's intent (`create`).
 * Undefined when it is none of AWS's names.
 */
export function parseEventNames(text: string): readonly EventName[] | undefined {
  const lower = text.trim().toLowerCase();
  const family = Object.hasOwn(EVENT_FAMILIES, lower) ? EVENT_FAMILIES[lower] : undefined;
  if (family) return family;
  const name = BY_LOWER_CASE.get(lower.startsWith('s3:') ? lower : `s3:${lower}`);
  return name === undefined ? undefined : [name];
}

/** Record names have no `s3:`; configured names do. Both forms are accepted here and compared without it. */
function bare(name: string): string {
  return name.startsWith('s3:') ? name.slice(3) : name;
}

/** Whether a configured name (`s3:ObjectCreated:*`) covers the name of a record or of another configuration. */
export function eventCovers(configured: string, name: string): boolean {
  const pattern = bare(configured);
  const subject = bare(name);
  return pattern === subject || (pattern.endsWith(':*') && subject.startsWith(pattern.slice(0, -1)));
}

/** The names that two configured lists share: the narrower of each pair that covers the other. */
export function sharedEvents(a: readonly string[], b: readonly string[]): readonly string[] {
  const shared = new Set<string>();
  for (const x of a) {
    for (const y of b) {
      if (eventCovers(x, y)) shared.add(y);
      else if (eventCovers(y, x)) shared.add(x);
    }
  }
  return [...shared];
}
