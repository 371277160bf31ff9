/** The sandbox's Lambda: control plane, resource policies, and functions that run in processes of this machine. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { Destination } from '../../delivery/destinations.ts';
import type { SandboxEnv } from '../../env.ts';
import { CodeStore } from '../../lambda/code-package.ts';
import type { FindPython } from '../../lambda/interpreter.ts';
import { startJanitor, type Janitor } from '../../lambda/janitor.ts';
import { createLauncher, type FunctionCredentials } from '../../lambda/launch.ts';
import type { LogSink } from '../../lambda/log-sink.ts';
import type { PoolHost } from '../../lambda/pool.ts';
import { serveRuntimeApi } from '../../lambda/runtime-api.ts';
import type { Handlers } from '../../wire/types.ts';
import type { SqsService } from '../sqs/service.ts';
import { aliasOperations } from './aliases.ts';
import type { AsyncTargets, RoleMay } from './async-targets.ts';
import type { ReadCodeObject } from './code-input.ts';
import { serviceInvoker, type InvokeAsync } from './destination.ts';
import { eventInvokeOperations } from './event-invoke-config.ts';
import { createEventSources } from './event-source-operations.ts';
import { settingsOperations } from './function-options.ts';
import { functionOperations, type ActivationCheck } from './functions.ts';
import { Invocations } from './invocations.ts';
import { invokeOperation } from './invoke.ts';
import { permissionOperations, policyText } from './permissions.ts';
import type { RoleCheck } from './settings.ts';
import { FunctionStore } from './store.ts';

export interface LambdaServiceDeps {
  readonly logSink: (region: string) => LogSink;
  /** Without it every well-formed role will do. */
  readonly roleExists?: RoleCheck;
  /** Without it `Code.S3Bucket`/`S3Key` finds nothing. */
  readonly readCodeObject?: ReadCodeObject;
  /** Without it the service has a janitor of its own for `env.stateDir`, and closes it. */
  readonly janitor?: Janitor;
  readonly findPython?: FindPython;
  /** Where dead letters and records of asynchronous invocations go. Without it they are lost. */
  readonly asyncTargets?: AsyncTargets;
  /** Without it every execution role may send to every target. */
  readonly roleMay?: RoleMay;
  /** Without it every creation and update succeeds. */
  readonly activationFailure?: ActivationCheck;
  /** Without it functions have credentials that are nobody's. */
  readonly credentials?: FunctionCredentials;
  /** Asked before each attempt at an event and each batch of a mapping: true throttles it. */
  readonly isThrottled?: (functionArn: string) => boolean;
  /** What event source mappings read. Without it no queue exists. */
  readonly queues?: Pick<SqsService, 'consume'>;
  readonly options?: LambdaServiceOptions;
}

export interface LambdaServiceOptions {
  /** Default 4. */
  readonly maxEnvironmentsPerFunction?: number;
  /** How long a new function stays Pending and an update InProgress, on `env.clock`; default 0. */
  readonly activationMs?: number;
  /** After how long an idle environment ends, in real time; default two minutes. */
  readonly idleReapMs?: number;
  /** Default 10 seconds, as on AWS; in real time. */
  readonly initTimeoutMs?: number;
}

export interface LambdaService {
  readonly handlers: Handlers<typeof LambdaSdk>;
  readonly destination: Destination;
  /** For other services (SNS, EventBridge): checked against the function's resource policy. */
  readonly invokeAsync: InvokeAsync;
  /** The resource policy of a function, version or alias, JSON text. */
  policyOf(functionArn: string): string | undefined;
  hasEnvironment(environmentId: string): boolean;
  /** For the raw route `/_sandbox/runtime/`. */
  runtimeApi(request: IncomingMessage, response: ServerResponse, rest: string): void;
  /** Removes all functions and stops all that runs. */
  reset(): Promise<void>;
  /** As reset; afterwards no child process and no extracted code is left. */
  close(): Promise<void>;
}

export function createLambdaService(env: SandboxEnv, deps: LambdaServiceDeps): LambdaService {
  const options = deps.options ?? {};
  const janitor = deps.janitor ?? startJanitor(env.stateDir);
  const code = new CodeStore(join(env.stateDir, 'functions'));
  const store = new FunctionStore(env.account);
  const host: PoolHost = {
    env,
    code,
    janitor,
    launch: createLauncher(env, code, deps.findPython, deps.credentials),
    logSink: deps.logSink,
    idleReapMs: options.idleReapMs ?? 120_000,
    initTimeoutMs: options.initTimeoutMs ?? 10_000,
    environments: new Map(),
    released: (environmentId) => deps.credentials?.release(environmentId),
  };
  const invocations = new Invocations(env, store, {
    targets: deps.asyncTargets,
    roleMay: deps.roleMay,
    isThrottled: deps.isThrottled,
  });
  const eventSources = createEventSources({
    env,
    store,
    invocations,
    queues: deps.queues,
    roleMay: deps.roleMay,
    transitionMs: () => options.activationMs ?? 0,
  });

  async function reset(): Promise<void> {
    eventSources.reset();
    invocations.abort();
    const functions = store.all();
    store.clear();
    const versions = functions.flatMap((record) => [record.latest, ...record.versions.values()]);
    await Promise.all(versions.map((version) => version.pool.close()));
    // Environments of functions that were deleted while they ran.
    await Promise.all([...host.environments.values()].map((environment) => environment.close()));
    await code.clear();
  }

  return {
    handlers: {
      ...functionOperations({
        env,
        store,
        host,
        maxEnvironments: options.maxEnvironmentsPerFunction ?? 4,
        // Asked at each change: a fault may set it while the sandbox runs.
        get activationMs() {
          return options.activationMs ?? 0;
        },
        roleExists: deps.roleExists,
        readCodeObject: deps.readCodeObject,
        roleMay: deps.roleMay,
        activationFailure: deps.activationFailure,
      }),
      ...aliasOperations(env, store),
      ...permissionOperations(env, store),
      ...settingsOperations(env, store),
      ...eventInvokeOperations({ env, store, targets: deps.asyncTargets, roleMay: deps.roleMay }),
      ...invokeOperation(env, store, invocations),
      ...eventSources.operations,
    },
    ...serviceInvoker(env, store, invocations),
    policyOf(functionArn) {
      const found = store.byArn(functionArn);
      return found && policyText(found.record, found.qualifier);
    },
    hasEnvironment: (environmentId) => host.environments.has(environmentId),
    runtimeApi(request, response, rest) {
      // Rejects when the runtime's connection breaks, which its process end tells as well.
      serveRuntimeApi(host.environments, request, response, rest).catch(() => response.destroy());
    },
    reset,
    async close() {
      await reset();
      if (!deps.janitor) await janitor.close();
    },
  };
}
