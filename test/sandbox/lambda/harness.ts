import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-lambda';
import { onTestFinished } from 'vitest';
import { zipSync } from 'fflate';
import type { Clock } from '../../../src/core/clock.ts';
import { systemClock } from '../../../src/sandbox/clock.ts';
import { createIds } from '../../../src/sandbox/ids.ts';
import { Journal } from '../../../src/sandbox/journal.ts';
import { createLambdaService, type LambdaServiceDeps } from '../../../src/sandbox/services/lambda/index.ts';
import { createMetricStore } from '../../../src/sandbox/services/monitoring/store.ts';
import { createWorkTracker } from '../../../src/sandbox/work.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { createWireServer } from '../../../src/sandbox/wire/server.ts';

export const ACCOUNT = '111122223333';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/fn`;
export const arnOf = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`;

export interface LogLine {
  readonly group: string;
  readonly stream: string;
  readonly timestamp: number;
  readonly message: string;
}

export const zipOf = (files: Readonly<Record<string, string>>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));

/** Lambda alone on a real port, with an SDK client and its log lines in memory; closed at the end of the test. */
export async function startLambda(options: { clock?: Clock; deps?: Partial<LambdaServiceDeps> } = {}) {
  // The SDK announces the end of Node 20 in every process otherwise.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const lines: LogLine[] = [];
  const faults: unknown[] = [];
  const stateDir = mkdtempSync(join(tmpdir(), 's3evt-lambda-test-'));
  let port = 0;
  const clock = options.clock ?? systemClock;
  const env = {
    clock,
    account: ACCOUNT,
    region: 'us-east-1',
    ids: createIds(7),
    journal: new Journal(),
    address: () => `127.0.0.1:${port}`,
    stateDir,
    work: createWorkTracker(),
    metrics: createMetricStore(() => clock.now()),
  };
  const service = createLambdaService(env, {
    logSink: () => ({
      append: (group, stream, added) => void lines.push(...added.map((line) => ({ group, stream, ...line }))),
    }),
    ...options.deps,
  });
  const wire = createWireServer({ ...env, onError: (error) => void faults.push(error) });
  wire.mount(defineService(SERVICE_SPECS.lambda, sdk), service.handlers);
  wire.route('/_sandbox/runtime/', (request, response, rest) => service.runtimeApi(request, response, rest));
  port = await wire.listen(0);
  const clientIn = (region: string) =>
    new sdk.LambdaClient({
      endpoint: `http://127.0.0.1:${port}`,
      region,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
  const client = clientIn('us-east-1');
  onTestFinished(async () => {
    await service.close();
    client.destroy();
    await wire.close();
    const left = existsSync(join(stateDir, 'functions'));
    await rm(stateDir, { recursive: true, force: true });
    if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('; '));
    if (left) throw new Error('extracted code was left behind');
  });

  async function create(
    name: string,
    files: Readonly<Record<string, string>>,
    input: Partial<sdk.CreateFunctionCommandInput> = {},
  ) {
    return client.send(
      new sdk.CreateFunctionCommand({
        FunctionName: name,
        Role: ROLE,
        Runtime: Object.keys(files)[0]!.endsWith('.py') ? 'python3.13' : 'nodejs22.x',
        Handler: 'app.handler',
        Code: { ZipFile: zipOf(files) },
        ...input,
      }),
    );
  }

  async function invoke(name: string, payload: unknown = {}, input: Partial<sdk.InvokeCommandInput> = {}) {
    const output = await client.send(
      new sdk.InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)), ...input }),
    );
    const text = Buffer.from(output.Payload ?? []).toString();
    return {
      status: output.StatusCode,
      error: output.FunctionError,
      version: output.ExecutedVersion,
      requestId: output.$metadata.requestId ?? '',
      tail: Buffer.from(output.LogResult ?? '', 'base64').toString(),
      text,
      value: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
    };
  }

  const messages = (group?: string) =>
    lines.filter((line) => group === undefined || line.group === group).map((line) => line.message);
  return { env, port, service, client, clientIn, create, invoke, lines, messages, stateDir };
}

/** Code, HTTP status and message of the error that a call fails with. */
export async function failure(
  call: Promise<unknown>,
): Promise<{ code: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as sdk.LambdaServiceException;
    // `Message` of ResourceNotFoundException is a member of its own in the SDK.
    return {
      code: name,
      status: $metadata.httpStatusCode,
      message: message || ((error as { Message?: string }).Message ?? ''),
    };
  }
  throw new Error('the call succeeded');
}
