import type { NotificationConfiguration } from '@aws-sdk/client-s3';
import type { NotificationDocument } from '../core/notification.ts';

/** AWS's answer as a plain document: the JSON form that the AWS CLI prints, without the SDK's `$metadata`. */
export function documentOf(
  output: NotificationConfiguration & { $metadata?: unknown },
): NotificationDocument {
  const { $metadata: _metadata, ...document } = output;
  return JSON.parse(JSON.stringify(document)) as NotificationDocument;
}

/** The document as the SDK takes it. Event names are texts: newer ones than the SDK knows pass through. */
export function configurationOf(document: NotificationDocument): NotificationConfiguration {
  return structuredClone(document) as unknown as NotificationConfiguration;
}
