/** What somebody says was done to the object, and what S3 sends for that. */
import { eventOf, OPERATION_NAMES } from '../../operation.ts';
import type { Look } from '../../doctor/check.ts';

type Claim =
  | { readonly event: string; readonly operation: string }
  /** S3 sends nothing at all for it. */
  | { readonly event: undefined; readonly operation: string };

/** Of what `test-upload` does not do. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html */
const OTHERS: Readonly<Record<string, string>> = {
  unannotate: 's3:ObjectAnnotation:Delete',
  retention: 's3:ObjectRetention:Put',
  transition: 's3:LifecycleTransition',
  tiering: 's3:IntelligentTiering',
};

const SILENT = new Set([
  'get',
  'read',
  'download',
  'head',
  'list',
  'legal-hold',
  'upload-part',
  'abort-multipart',
]);

/** Whether the question may be about the object's creation: nobody says anything else. */
export function isOfCreation(look: Look): boolean {
  const { operation } = look.facts.question;
  return operation === undefined || claimOf(look)?.event?.startsWith('s3:ObjectCreated:') === true;
}

/** Undefined when nothing is claimed, or nothing that is known here. Reads the versioning for deletions only. */
export function claimOf(look: Look): Claim | undefined {
  const { bucket, question } = look.facts;
  const operation = question.operation;
  if (operation === undefined) return undefined;
  if (SILENT.has(operation)) return { event: undefined, operation };
  const known = OPERATION_NAMES.find((name) => name === operation);
  if (known === undefined) {
    const event = Object.hasOwn(OTHERS, operation) ? OTHERS[operation] : undefined;
    return event === undefined ? undefined : { event, operation };
  }
  if (known !== 'delete') return { event: eventOf(known, false), operation };
  // Whoever names a version deletes it for good.
  if (question.versionId !== undefined) return { event: eventOf(known, false), operation };
  const versioning = look.value(bucket.versioning);
  return versioning === undefined ? undefined : { event: eventOf(known, versioning !== 'Off'), operation };
}
