import { hasEventBridge, rulesOf } from '../core/notification.ts';
import { ruleReport, type RuleReport } from '../core/plan.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';

export interface LsInput {
  readonly bucket?: string | undefined;
}

export interface ListedRule extends RuleReport {
  /** `s3evt` when the project file says that s3evt made it. */
  readonly owner: 's3evt' | 'others';
}

export interface LsResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly rules: readonly ListedRule[];
  readonly eventBridge: boolean;
}

/** Every rule of the bucket, whoever wrote it. One call. Throws S3evtError. */
export async function runLs(input: LsInput, ctx: Context): Promise<LsResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const document = await bucketDocument(bucket, ctx);
  return {
    status: 'ok',
    bucket,
    rules: rulesOf(document).map((rule) => ({
      ...ruleReport(rule),
      owner: madeHere(ctx.project.settings, bucket, rule) ? 's3evt' : 'others',
    })),
    eventBridge: hasEventBridge(document),
  };
}

/** Whether the project file says that s3evt made this very rule: same id, same destination. */
export function madeHere(
  settings: ProjectSettings | undefined,
  bucket: string,
  rule: { readonly id: string; readonly destination: { readonly arn: string } },
): boolean {
  return (settings?.made ?? []).some(
    (made) =>
      made.kind === 'rule' &&
      made.name === rule.id &&
      made.bucket === bucket &&
      made.function === rule.destination.arn,
  );
}
