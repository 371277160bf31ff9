import type { WriteTurn } from '../aws/apply-plan.ts';
import { formatInstant } from '../core/duration.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { saveBackup } from '../project/backups.ts';
import { takeWriteTurn } from '../project/write-turn.ts';
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

/** The turn to write to a bucket, among the processes of this machine. */
export function turnTaker(
  ctx: Pick<Context, 'env' | 'clock' | 'signal' | 'aws'>,
  account: string,
): (bucket: string) => Promise<WriteTurn> {
  return async (bucket) => {
    const { endpointUrl } = await ctx.aws.target();
    return takeWriteTurn([endpointUrl?.value ?? '', account, bucket].join(' '), ctx);
  };
}
