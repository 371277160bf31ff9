/** What `test-upload` can do to an object, and the event that comes of it. */
export const OPERATIONS = {
  put: 's3:ObjectCreated:Put',
  post: 's3:ObjectCreated:Post',
  copy: 's3:ObjectCreated:Copy',
  multipart: 's3:ObjectCreated:CompleteMultipartUpload',
  /** Where there are versions: `s3:ObjectRemoved:DeleteMarkerCreated`. */
  delete: 's3:ObjectRemoved:Delete',
  'delete-marker': 's3:ObjectRemoved:DeleteMarkerCreated',
  tag: 's3:ObjectTagging:Put',
  untag: 's3:ObjectTagging:Delete',
  acl: 's3:ObjectAcl:Put',
  annotate: 's3:ObjectAnnotation:Put',
  restore: 's3:ObjectRestore:Post',
} as const;

export type Operation = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly Operation[];

/** The event of the operation in a bucket where a deletion makes a delete marker, or does not. */
export function eventOf(operation: Operation, makesDeleteMarkers: boolean): string {
  return OPERATIONS[operation === 'delete' && makesDeleteMarkers ? 'delete-marker' : operation];
}
