/** Creating, reading, changing and deleting functions and their versions. */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { SandboxEnv } from '../../env.ts';
import type { CodePackage, ExecutionSpec } from '../../lambda/execution.ts';
import { EnvironmentPool, type PoolHost } from '../../lambda/pool.ts';
import type { Handlers } from '../../wire/types.ts';
import type { RoleMay } from './async-targets.ts';
import { readCode, type ReadCodeObject } from './code-input.ts';
import { configuration, listedConfiguration } from './configuration.ts';
import {
  conflict,
  functionNotFound,
  invalidParameter,
  requestTooLarge,
  revisionMismatch,
  updateInProgress,
} from './errors.ts';
import { page } from './paging.ts';
import { checkDeadLetterTarget, readSettings, type RoleCheck } from './settings.ts';
import {
  isPending,
  isUpdating,
  requireVersion,
  type ActivationFailure,
  type FunctionRecord,
  type FunctionSettings,
  type FunctionStore,
  type VersionRecord,
} from './store.ts';

export type { ReadCodeObject } from './code-input.ts';

/** Asked when a function is created or updated: why that will fail in the end; undefined when it succeeds. */
export type ActivationCheck = (
  functionArn: string,
  settings: FunctionSettings,
) => ActivationFailure | undefined;

export interface FunctionDeps {
  readonly env: SandboxEnv;
  readonly store: FunctionStore;
  readonly host: PoolHost;
  readonly maxEnvironments: number;
  readonly activationMs: number;
  readonly roleExists: RoleCheck | undefined;
  readonly readCodeObject: ReadCodeObject | undefined;
  readonly roleMay: RoleMay | undefined;
  readonly activationFailure: ActivationCheck | undefined;
}

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  | 'CreateFunction'
  | 'GetFunction'
  | 'GetFunctionConfiguration'
  | 'ListFunctions'
  | 'UpdateFunctionCode'
  | 'UpdateFunctionConfiguration'
  | 'DeleteFunction'
  | 'PublishVersion'
  | 'ListVersionsByFunction'
>;

function specOf(
  record: Pick<FunctionRecord, 'name' | 'region'>,
  version: string,
  settings: FunctionSettings,
  code: CodePackage,
): ExecutionSpec {
  const { runtime, role, handler, memoryMb, timeoutSeconds, variables = {}, logging } = settings;
  const { name: functionName, region } = record;
  return {
    region,
    functionName,
    role,
    version,
    runtime,
    handler,
    memoryMb,
    timeoutSeconds,
    variables,
    logging,
    code,
  };
}

/** Of CreateFunction as a whole, a package in base64 in it. */
const MAX_REQUEST_BYTES = 70_167_211;

/** What makes a version differ from the one before it: code and settings, without the description. */
const fingerprint = ({ code, settings }: VersionRecord) =>
  JSON.stringify([code.sha256, { ...settings, description: '' }]);

export function functionOperations(deps: FunctionDeps): Operations {
  const { env, store } = deps;
  const now = () => env.clock.now();

  function newVersion(
    record: Pick<FunctionRecord, 'name' | 'region'>,
    version: string,
    settings: FunctionSettings,
    code: CodePackage,
    limit: () => number,
  ): VersionRecord {
    return {
      version,
      settings,
      code,
      spec: specOf(record, version, settings, code),
      pool: new EnvironmentPool(deps.host, limit),
      revisionId: env.ids.uuid(),
      lastModified: now(),
      activeAt: now() + deps.activationMs,
      failure: undefined,
      update: undefined,
    };
  }

  const environmentLimit = (reserved: number | undefined) =>
    Math.min(deps.maxEnvironments, reserved ?? Infinity);

  /** Publishing unchanged code and settings again answers with the version that has them. */
  function publish(record: FunctionRecord, description: string | undefined): VersionRecord {
    const { latest } = record;
    const newest = [...record.versions.values()].at(-1);
    if (newest && fingerprint(newest) === fingerprint(latest)) return newest;
    const version = String(++record.publishedVersions);
    const settings = { ...latest.settings, description: description ?? latest.settings.description };
    // A package of its own: each version has its own folder, which goes when the version goes.
    const published = newVersion(record, version, settings, { ...latest.code }, () =>
      environmentLimit(record.reservedConcurrency),
    );
    published.failure = latest.failure;
    record.versions.set(version, published);
    return published;
  }

  function checkReady(record: FunctionRecord): void {
    if (isPending(record.latest, now())) {
      throw conflict(
        'The operation cannot be performed at this time. The function is currently in the following state: Pending',
      );
    }
    if (isUpdating(record.latest, now())) throw updateInProgress(record.arn);
  }

  function checkRevision(version: VersionRecord, revisionId: string | undefined): void {
    if (revisionId !== undefined && revisionId !== version.revisionId)
      throw revisionMismatch('GetFunction/GetAlias');
  }

  function applyUpdate(
    record: FunctionRecord,
    change: { settings?: FunctionSettings; code?: CodePackage },
  ): void {
    const { latest } = record;
    const previous = latest.spec;
    const settings = change.settings ?? latest.settings;
    const failure = deps.activationFailure?.(record.arn, settings);
    latest.update = { activeAt: now() + deps.activationMs, previous, failure };
    if (!failure) {
      latest.settings = settings;
      latest.code = change.code ?? latest.code;
      latest.spec = specOf(record, '$LATEST', latest.settings, latest.code);
      latest.failure = undefined;
    }
    latest.revisionId = env.ids.uuid();
    latest.lastModified = now();
  }

  return {
    async CreateFunction(input, ctx) {
      if (Number(ctx.headers['content-length']) > MAX_REQUEST_BYTES) {
        throw requestTooLarge('RequestEntityTooLargeException', MAX_REQUEST_BYTES, 'CreateFunction');
      }
      const { name, region, arn, record: existing } = store.resolve(input.FunctionName, undefined, ctx);
      const settings = readSettings(name, input, undefined, deps.roleExists);
      checkDeadLetterTarget(settings, deps.roleMay);
      if (existing) throw conflict(`Function already exist: ${name}`);
      const code = await readCode(deps.readCodeObject, region, input.Code ?? {});
      const record: FunctionRecord = {
        name,
        region,
        arn,
        latest: newVersion({ name, region }, '$LATEST', settings, code, () =>
          environmentLimit(record.reservedConcurrency),
        ),
        versions: new Map(),
        aliases: new Map(),
        policies: new Map(),
        eventInvoke: new Map(),
        tags: new Map(Object.entries(input.Tags ?? {})),
        reservedConcurrency: undefined,
        recursiveLoop: 'Terminate',
        publishedVersions: 0,
        inFlight: 0,
      };
      record.latest.failure = deps.activationFailure?.(arn, settings);
      // Reading the code may have waited: another call may have been faster.
      if (store.functions(region).has(name)) throw conflict(`Function already exist: ${name}`);
      store.functions(region).set(name, record);
      const version = input.Publish ? publish(record, undefined) : record.latest;
      return configuration(record, version, { now: now(), phase: 'created' });
    },

    GetFunction(input, ctx) {
      const target = store.require(input.FunctionName, input.Qualifier, ctx);
      const { record, qualifier } = target;
      const tags = Object.fromEntries(record.tags);
      return {
        Configuration: configuration(record, requireVersion(target), { now: now(), qualifier }),
        Code: { RepositoryType: 'S3' },
        ...(record.tags.size > 0 && { Tags: tags }),
        ...(record.reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: record.reservedConcurrency },
        }),
      };
    },

    GetFunctionConfiguration(input, ctx) {
      const target = store.require(input.FunctionName, input.Qualifier, ctx);
      return configuration(target.record, requireVersion(target), {
        now: now(),
        qualifier: target.qualifier,
      });
    },

    ListFunctions(input, ctx) {
      const records = [...store.functions(ctx.region).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      const all = records.flatMap((record) =>
        input.FunctionVersion === 'ALL'
          ? [
              listedConfiguration(record, record.latest, '$LATEST'),
              ...[...record.versions.values()].map((v) => listedConfiguration(record, v, v.version)),
            ]
          : [listedConfiguration(record, record.latest, undefined)],
      );
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { Functions: items, NextMarker: next };
    },

    async UpdateFunctionCode(input, ctx) {
      const { record, region } = store.require(input.FunctionName, undefined, ctx);
      checkRevision(record.latest, input.RevisionId);
      checkReady(record);
      const code = await readCode(deps.readCodeObject, region, input);
      const settings = input.Architectures && {
        ...record.latest.settings,
        architectures: input.Architectures,
      };
      if (!input.DryRun) applyUpdate(record, { code, ...(settings && { settings }) });
      const version = input.Publish && !input.DryRun ? publish(record, undefined) : record.latest;
      const qualifier = version === record.latest ? undefined : version.version;
      return configuration(record, version, { now: now(), qualifier, phase: 'updated' });
    },

    UpdateFunctionConfiguration(input, ctx) {
      const { record, name } = store.require(input.FunctionName, undefined, ctx);
      checkRevision(record.latest, input.RevisionId);
      checkReady(record);
      const settings = readSettings(name, input, record.latest.settings, deps.roleExists);
      checkDeadLetterTarget(settings, deps.roleMay);
      applyUpdate(record, { settings });
      return configuration(record, record.latest, { now: now(), phase: 'updated' });
    },

    DeleteFunction(input, ctx) {
      const { record, qualifier, qualifiedArn, region, name } = store.require(
        input.FunctionName,
        input.Qualifier,
        ctx,
      );
      if (qualifier === '$LATEST') {
        throw invalidParameter('$LATEST version cannot be deleted without deleting the function.');
      }
      if (qualifier !== undefined) {
        if (record.aliases.has(qualifier))
          throw invalidParameter('Deletion of aliases is not currently supported.');
        const users = [...record.aliases.values()].filter(
          (alias) => alias.version === qualifier || (alias.weights?.[qualifier] ?? 0) > 0,
        );
        if (users.length > 0) {
          const names = users.map((alias) => alias.name).join(', ');
          throw conflict(`Unable to delete version because the following aliases reference it: [${names}]`);
        }
        const version = record.versions.get(qualifier);
        if (!version) throw functionNotFound(qualifiedArn);
        version.pool.retire();
        record.versions.delete(qualifier);
        record.policies.delete(qualifier);
        return {};
      }
      store.functions(region).delete(name);
      for (const version of [record.latest, ...record.versions.values()]) version.pool.retire();
      return {};
    },

    PublishVersion(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      checkReady(record);
      const { latest } = record;
      if (input.CodeSha256 !== undefined && input.CodeSha256 !== latest.code.sha256) {
        throw invalidParameter(
          `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
        );
      }
      checkRevision(latest, input.RevisionId);
      const version = publish(record, input.Description);
      return configuration(record, version, { now: now(), qualifier: version.version });
    },

    ListVersionsByFunction(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const all = [record.latest, ...record.versions.values()].map((version) =>
        listedConfiguration(record, version, version.version),
      );
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { Versions: items, NextMarker: next };
    },
  };
}
