import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAws } from '../aws/clients.ts';
import type { Target } from '../aws/target.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { openProject } from '../project/project-file.ts';
import { createSandbox } from '../sandbox/index.ts';
import type { Context } from './context.ts';
import { runInit } from './init.ts';
import { runTestUpload, type UploadReport } from './test-upload.ts';

export interface DemoInput {
  /** Uploaded instead of the picture that comes with the package. */
  readonly file: string;
  readonly runtime?: string | undefined;
}

export type DemoItem =
  | { readonly type: 'step'; readonly id: string; readonly title: string }
  | ({ readonly type: 'event' } & UploadReport);

export interface DemoResult {
  readonly status: 'ok' | 'negative';
}

const BUCKET = 'demo-01-events-lambda';
const FUNCTION = 'Demo-S3';

/**
 * The whole story on a private local AWS: bucket, role, function, permission, rule, upload, invocation, log, and the event. Needs
 * no account, touches no project file, leaves nothing behind.
 */
export async function runDemo(input: DemoInput, ctx: Context<DemoItem>): Promise<DemoResult> {
  const sandbox = await createSandbox({ clock: ctx.clock });
  const folder = mkdtempSync(join(tmpdir(), 's3evt-demo-'));
  const target: Target = {
    profile: undefined,
    region: { value: sandbox.region, source: 'sandbox', name: 'sandbox' },
    endpointUrl: { value: sandbox.url, source: 'sandbox', name: 'sandbox' },
    serviceEndpoints: {},
    sandbox: true,
  };
  const aws = createAws({
    target: () => Promise.resolve(target),
    env: {},
    clock: ctx.clock,
    signal: ctx.signal,
  });
  const inner: Context = { ...ctx, aws, project: openProject(folder), item: () => Promise.resolve() };
  try {
    const init = await runInit(
      {
        bucket: BUCKET,
        function: FUNCTION,
        events: ['s3:ObjectCreated:*'],
        runtime: input.runtime,
        dryRun: false,
        yes: true,
        save: false,
      },
      inner,
    );
    for (const step of init.steps) await ctx.item({ type: 'step', id: step.id, title: step.title });
    const {
      status,
      removed: _,
      uploads: __,
      ...report
    } = await runTestUpload(
      {
        file: input.file,
        bucket: BUCKET,
        operation: 'put',
        count: 1,
        timeoutMs: 60_000,
        keep: true,
        yes: false,
      },
      inner,
    );
    await ctx.item({ type: 'event', ...report });
    return { status };
  } finally {
    aws.destroy();
    rmSync(folder, { recursive: true, force: true });
    await sandbox.close();
  }
}
