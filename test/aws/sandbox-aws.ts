import { onTestFinished } from 'vitest';
import { applyPlan, type Applied, type ApplyEnvironment } from '../../src/aws/apply-plan.ts';
import { createAws, type Aws } from '../../src/aws/clients.ts';
import {
  readBucket,
  readFunction,
  readFunctionPolicy,
  readLogGroup,
  readNotification,
  readRole,
} from '../../src/aws/read-facts.ts';
import type { Target } from '../../src/aws/target.ts';
import type { Clock } from '../../src/core/clock.ts';
import { planInit, type Desired, type InitFacts, type InitPlan } from '../../src/core/init-plan.ts';
import type { Progress } from '../../src/core/progress.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import type { JournalEntry } from '../../src/sandbox/journal.ts';
import type { TestSandbox } from '../support/sandbox.ts';

export const ACCOUNT = '000000000000';
export const BUCKET = 'demo-01-events-lambda';
export const NAME = 'Demo-S3';

export function targetOf(url: string, region = 'us-east-1'): Target {
  return {
    profile: undefined,
    region: { value: region, source: 'sandbox', name: 'sandbox' },
    endpointUrl: { value: url, source: 'sandbox', name: 'sandbox' },
    serviceEndpoints: {},
    sandbox: true,
  };
}

export interface SandboxAwsOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly region?: string;
}

/** The clients as commands have them, for a sandbox: one try for each request. Destroyed when the test ends. */
export function sandboxAws({ url }: Pick<TestSandbox, 'url'>, options: SandboxAwsOptions = {}): Aws {
  const aws = createAws({
    target: async () => targetOf(url, options.region),
    env: { AWS_MAX_ATTEMPTS: '1' },
    clock: options.clock ?? systemClock,
    signal: options.signal ?? new AbortController().signal,
  });
  onTestFinished(() => {
    aws.destroy();
  });
  return aws;
}

type Middleware = (
  next: (args: { input: unknown }) => Promise<unknown>,
  context: { commandName?: string },
) => (args: { input: unknown }) => Promise<unknown>;

/** Stands between the caller and every client: sees inputs, may delay or lose answers. */
export async function intercept(aws: Aws, middleware: Middleware): Promise<void> {
  const clients = await Promise.all([aws.s3(), aws.lambda(), aws.logs(), aws.iam(), aws.sts()]);
  for (const client of clients) {
    const add = client.middlewareStack.add.bind(client.middlewareStack) as (
      middleware: Middleware,
      options: object,
    ) => void;
    add(middleware, { step: 'initialize', name: 'intercept' });
  }
}

export function desired(changed: Partial<Desired> = {}): Desired {
  return {
    account: ACCOUNT,
    partition: 'aws',
    region: 'us-east-1',
    bucket: BUCKET,
    functionName: NAME,
    qualifier: undefined,
    runtime: 'python3.13',
    runtimeGiven: false,
    roleArn: undefined,
    ours: new Set<string>(),
    rules: [{ id: 'new-objects', events: ['s3:ObjectCreated:*'], filter: {} }],
    ...changed,
  };
}

export async function readInitFacts(aws: Aws): Promise<InitFacts> {
  const [bucket, notification, fn, policy, role, logGroup] = await Promise.all([
    readBucket(aws, BUCKET),
    readNotification(aws, BUCKET),
    readFunction(aws, NAME),
    readFunctionPolicy(aws, NAME),
    readRole(aws, `s3evt-${NAME}`),
    readLogGroup(aws, `/aws/lambda/${NAME}`),
  ]);
  return { bucket, notification, function: fn, policy, role, logGroup };
}

export interface Run extends Applied {
  readonly plan: InitPlan;
  readonly progress: readonly Progress[];
}

export function environment(
  aws: Aws,
  changed: Partial<ApplyEnvironment> = {},
): ApplyEnvironment & { readonly progress: Progress[] } {
  const progress: Progress[] = [];
  return {
    aws,
    clock: systemClock,
    signal: new AbortController().signal,
    emit: (item) => void progress.push(item),
    account: ACCOUNT,
    saveBackup: () => undefined,
    progress,
    ...changed,
  };
}

/** As `init` does it: reads, plans, applies. */
export async function initialise(
  aws: Aws,
  changed: Partial<ApplyEnvironment> = {},
  wanted = desired(),
): Promise<Run> {
  const plan = planInit(wanted, await readInitFacts(aws));
  const env = environment(aws, changed);
  return { ...(await applyPlan(plan, env)), plan, progress: env.progress };
}

export function requests(sandbox: TestSandbox): readonly Extract<JournalEntry, { type: 'request' }>[] {
  return sandbox.journal.entries().filter((entry) => entry.type === 'request');
}

export function countOf(sandbox: TestSandbox, operation: string): number {
  return requests(sandbox).filter((entry) => entry.operation === operation).length;
}
