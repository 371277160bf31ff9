/**
 * Names of EventBridge's S3 events in the words of S3's own notifications, so that both can be filtered alike.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html
 */
const CREATED_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['PutObject', 'Put'],
  ['CopyObject', 'Copy'],
  ['CompleteMultipartUpload', 'CompleteMultipartUpload'],
  // The documentation writes `POST Object`; what AWS sends is UNKNOWN, and others send `PostObject`.
  ['POST Object', 'Post'],
  ['PostObject', 'Post'],
]);

/** Detail types that stand for one event each. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['Object Restore Initiated', 'ObjectRestore:Post'],
  ['Object Restore Completed', 'ObjectRestore:Completed'],
  ['Object Restore Expired', 'ObjectRestore:Delete'],
  ['Object Storage Class Changed', 'LifecycleTransition'],
  ['Object Access Tier Changed', 'IntelligentTiering'],
  ['Object ACL Updated', 'ObjectAcl:Put'],
  ['Object Tags Added', 'ObjectTagging:Put'],
  ['Object Tags Deleted', 'ObjectTagging:Delete'],
  ['Object Annotation Created', 'ObjectAnnotation:Put'],
  ['Object Annotation Removed', 'ObjectAnnotation:Delete'],
  ['Object Retention Updated', 'ObjectRetention:Put'],
]);

/**
 * The record name for a `detail-type` with its `reason` and `deletion-type`. A reason that AWS added since keeps its family
 * (`ObjectCreated:RenameObject`); a detail type that it added since is returned as it is.
 */
export function eventBridgeName(detailType: string, reason: unknown, deletionType: unknown): string {
  if (detailType === 'Object Created') {
    return `ObjectCreated:${CREATED_REASONS.get(reason) ?? (typeof reason === 'string' ? reason : '*')}`;
  }
  if (detailType === 'Object Deleted') {
    const family = reason === 'Lifecycle Expiration' ? 'LifecycleExpiration' : 'ObjectRemoved';
    return `${family}:${deletionType === 'Delete Marker Created' ? 'DeleteMarkerCreated' : 'Delete'}`;
  }
  return NAMES.get(detailType) ?? detailType;
}

/** What S3 sends for an event, in EventBridge's words; undefined for events that it does not send there. */
export function eventBridgeTypeOf(
  eventName: string,
): { readonly detailType: string; readonly reason?: string; readonly deletionType?: string } | undefined {
  const [family = '', kind = ''] = eventName.replace(/^s3:/, '').split(':');
  if (family === 'ObjectCreated') {
    const reason = [...CREATED_REASONS].findLast(([, name]) => name === kind || kind === '*')?.[0];
    return {
      detailType: 'Object Created',
      reason: kind === '*' ? 'PutObject' : typeof reason === 'string' ? reason : kind,
    };
  }
  if (family === 'ObjectRemoved' || family === 'LifecycleExpiration') {
    return {
      detailType: 'Object Deleted',
      reason: family === 'ObjectRemoved' ? 'DeleteObject' : 'Lifecycle Expiration',
      deletionType: kind === 'DeleteMarkerCreated' ? 'Delete Marker Created' : 'Permanently Deleted',
    };
  }
  const detailType = [...NAMES].find(([, name]) => name === `${family}:${kind}` || name === family)?.[0];
  return detailType === undefined ? undefined : { detailType };
}
