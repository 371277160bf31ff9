import type { LifecycleCounts, SandboxLifecycleResult } from '../../commands/sandbox-lifecycle.ts';
import { sanitize } from '../sanitize.ts';

const DONE: Readonly<Record<keyof LifecycleCounts, string>> = {
  expired: 'versions and delete markers removed for good',
  markersCreated: 'delete markers created',
  transitioned: 'objects moved to another storage class',
  tiered: 'objects moved to an archive tier',
  uploadsAborted: 'multipart uploads aborted',
  restoresCompleted: 'restores completed',
  restoresExpired: 'restored copies expired',
};

export function viewSandboxLifecycle({ bucket, afterDays, done }: SandboxLifecycleResult): readonly string[] {
  const where = bucket === null ? 'all buckets' : sanitize(bucket);
  const when = afterDays === 0 ? 'now' : `as if ${afterDays} ${afterDays === 1 ? 'day' : 'days'} had passed`;
  const counts = Object.entries(DONE).flatMap(([name, what]) => {
    const count = done[name as keyof LifecycleCounts];
    return count > 0 ? [`  ${count} ${what}`] : [];
  });
  const head = `Lifecycle of ${where}, ${when}:`;
  return counts.length === 0 ? [`${head} nothing was due.`] : [head, ...counts];
}
