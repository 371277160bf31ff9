import { formatInstant } from '../core/duration.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { saveBackup } from '../project/backups.ts';
import type { Context } from './context.ts';

/** Where a write leaves the document it replaces: `.s3evt/backups` beside the project file. */
export function backupSink(
  ctx: Pick<Context, 'project' | 'clock'>,
  change: { readonly account: string; readonly region: string; readonly command: string },
): (bucket: string, before: NotificationDocument, after: NotificationDocument) => void {
  return (bucket, before, after) => {
    const record = { ...change, bucket, at: formatInstant(ctx.clock.now()) };
    saveBackup(ctx.project.root, record, { before, after });
  };
}
