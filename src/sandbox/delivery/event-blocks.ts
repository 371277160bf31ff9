import type { ObjectChange } from './object-event.ts';

/** What a change carries beside the object, in the terms of both forms of event. */
export interface ChangeDetails {
  /** Of ObjectCreated:Copy: whether the new object has annotations. */
  readonly hasAnnotation?: boolean;
  /** Of a restore: the class that the object is archived in. */
  readonly sourceStorageClass?: string;
  /** Of a finished restore: when the temporary copy expires, in milliseconds since the epoch. */
  readonly restoreExpires?: number;
  readonly destinationStorageClass?: string;
  readonly destinationAccessTier?: string;
  readonly annotation?: { readonly name: string; readonly size?: number; readonly eTag?: string };
  readonly retention?: {
    readonly mode: string;
    /** Milliseconds since the epoch. */
    readonly until: number;
    readonly eventHold: string | undefined;
    readonly eventHoldDuration: Readonly<Record<string, number>> | undefined;
  };
}

type Block = Readonly<Record<string, unknown>>;

/**
 * The block of a record that only its event has, behind `s3`
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html). Where `objectAnnotation`
 * stands is UNKNOWN: the documentation's words put it here.
 */
export function recordBlock(change: ObjectChange): Block {
  switch (change.eventName) {
    case 'ObjectRestore:Completed':
      return {
        glacierEventData: {
          restoreEventData: {
            ...(change.restoreExpires !== undefined && {
              lifecycleRestorationExpiryTime: new Date(change.restoreExpires).toISOString(),
            }),
            lifecycleRestoreStorageClass: change.sourceStorageClass,
          },
        },
      };
    case 'LifecycleTransition':
      return {
        lifecycleEventData: {
          transitionEventData: { destinationStorageClass: change.destinationStorageClass },
        },
      };
    case 'IntelligentTiering':
      return { intelligentTieringEventData: { destinationAccessTier: change.destinationAccessTier } };
    case 'ObjectAnnotation:Put':
    case 'ObjectAnnotation:Delete':
      return { objectAnnotation: [change.annotation] };
    case 'ObjectRetention:Put': {
      const { retention } = change;
      if (!retention) return {};
      return {
        objectRetentionEventData: {
          mode: retention.mode,
          retainUntilDate: new Date(retention.until).toISOString(),
          ...(retention.eventHold !== undefined && { eventHold: retention.eventHold }),
          ...(retention.eventHoldDuration && { eventHoldDuration: retention.eventHoldDuration }),
        },
      };
    }
    default:
      return {};
  }
}

/** The same of an event on the bus. `time` writes milliseconds since the epoch as EventBridge does. */
export function detailBlock(change: ObjectChange, time: (ms: number) => string): Block {
  switch (change.eventName) {
    case 'ObjectRestore:Post':
      return { 'source-storage-class': change.sourceStorageClass };
    case 'ObjectRestore:Completed':
      return {
        ...(change.restoreExpires !== undefined && { 'restore-expiry-time': time(change.restoreExpires) }),
        'source-storage-class': change.sourceStorageClass,
      };
    case 'LifecycleTransition':
      return { 'destination-storage-class': change.destinationStorageClass };
    case 'IntelligentTiering':
      return { 'destination-access-tier': change.destinationAccessTier };
    case 'ObjectAnnotation:Put':
    case 'ObjectAnnotation:Delete': {
      const { name, size, eTag } = change.annotation ?? {};
      return {
        'object-annotation': {
          name,
          ...(size !== undefined && { size }),
          ...(eTag !== undefined && { etag: eTag }),
        },
      };
    }
    case 'ObjectRetention:Put': {
      const { retention } = change;
      if (!retention) return {};
      return {
        'object-retention-event-data': {
          mode: retention.mode,
          'retain-until-date': time(retention.until),
          ...(retention.eventHold !== undefined && { 'event-hold': retention.eventHold }),
          ...(retention.eventHoldDuration && { 'event-hold-duration': retention.eventHoldDuration }),
        },
      };
    }
    default:
      return {};
  }
}
