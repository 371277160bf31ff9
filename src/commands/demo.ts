import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAws, type Aws } from '../aws/clients.ts';
import type { Target } from '../aws/target.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { PROJECT_FILE } from '../project/project-file.ts';
import { createSandbox, type Sandbox } from '../sandbox/index.ts';
import { findPython } from '../sandbox/lambda/interpreter.ts';
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
/** For machines without Python: Node.js is there, since it runs this program. */
const OTHER_RUNTIME = 'nodejs24.x';

/**
 * The whole story on a private local AWS: bucket, role, function, permission, rule, upload, invocation, log, and the event. Needs
 * no account, touches no project file, leaves nothing behind.
 */
export async function runDemo(input: DemoInput, ctx: Context<DemoItem>): Promise<DemoResult> {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-demo-'));
  try {
    const [sandbox, runtime] = await Promise.all([
      createSandbox({ clock: ctx.clock }),
      runtimeOf(input, ctx),
    ]);
    const aws = awsOf(sandbox, ctx);
    try {
      return await tellStory({ ...input, runtime }, contextIn(folder, aws, ctx), ctx.item);
    } finally {
      aws.destroy();
      await sandbox.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tellStory(
  input: DemoInput,
  ctx: Context,
  item: (item: DemoItem) => Promise<void>,
): Promise<DemoResult> {
  const init = await runInit(
    {
      bucket: BUCKET,
      destination: { kind: 'lambda', reference: FUNCTION },
      allowKey: false,
      events: ['s3:ObjectCreated:*'],
      runtime: input.runtime,
      dryRun: false,
      yes: true,
      save: false,
      examine: false,
    },
    ctx,
  );
  for (const { id, title } of init.steps) await item({ type: 'step', id, title });
  const {
    status,
    removed: _,
    doctor: ___,
    uploads: __,
    ...report
  } = await runTestUpload(
    {
      file: input.file,
      bucket: BUCKET,
      operation: 'put',
      announce: false,
      count: 1,
      timeoutMs: 60_000,
      keep: true,
      yes: false,
    },
    ctx,
  );
  await item({ type: 'event', ...report });
  return { status };
}

function awsOf(sandbox: Sandbox, { clock, signal }: Pick<Context, 'clock' | 'signal'>): Aws {
  const target: Target = {
    profile: undefined,
    region: { value: sandbox.region, source: 'sandbox', name: 'sandbox' },
    endpointUrl: { value: sandbox.url, source: 'sandbox', name: 'sandbox' },
    serviceEndpoints: {},
    sandbox: true,
  };
  return createAws({ target: () => Promise.resolve(target), env: {}, clock, signal });
}

/**
 * What init and test-upload may touch: no project file; backups and state go to the folder. Named one by one, since to copy all of
 * `outer` would read the project file of this folder, which is none of the demo's business.
 */
function contextIn(folder: string, aws: Aws, outer: Context<DemoItem>): Context {
  const { clock, signal, cwd, randomHex, ask, emit } = outer;
  const env = { ...outer.env, XDG_STATE_HOME: join(folder, 'state') };
  const nothing = () => undefined;
  const project = {
    settings: undefined,
    path: join(folder, PROJECT_FILE),
    root: folder,
    current: nothing,
    save: nothing,
    remove: nothing,
  };
  return {
    aws,
    clock,
    signal,
    cwd,
    env,
    randomHex,
    ask,
    emit,
    project,
    item: () => Promise.resolve(),
    items: () => Promise.resolve(),
  };
}

/** Undefined leaves it to `init`. */
async function runtimeOf(input: DemoInput, ctx: Pick<Context, 'emit'>): Promise<string | undefined> {
  if (input.runtime !== undefined) return input.runtime;
  try {
    await findPython();
    return undefined;
  } catch {
    ctx.emit({
      type: 'note',
      text: `There is no python3 on this machine: the function runs on ${OTHER_RUNTIME}.`,
    });
    return OTHER_RUNTIME;
  }
}
