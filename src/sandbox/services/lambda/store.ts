/** The functions of the sandbox: per region, each with versions, aliases and policies. State only. */
import { functionArn, parseFunctionReference } from '../../../core/arn.ts';
import type { CodePackage, ExecutionSpec, LogSettings } from '../../lambda/execution.ts';
import type { EnvironmentPool } from '../../lambda/pool.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { aliasNotFound, functionNotFound, invalidParameter, notFound, validation } from './errors.ts';

/** What CreateFunction and UpdateFunctionConfiguration set. */
export interface FunctionSettings {
  readonly runtime: string;
  readonly role: string;
  readonly handler: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>> | undefined;
  readonly logging: LogSettings;
  readonly deadLetterArn: string | undefined;
  readonly tracingMode: 'Active' | 'PassThrough';
  readonly ephemeralStorageMb: number;
  readonly architectures: readonly string[];
  readonly layers: readonly string[];
  readonly kmsKeyArn: string | undefined;
  readonly vpc:
    { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] } | undefined;
  readonly snapStart: string;
}

/** Why a creation or an update did not succeed: `StateReasonCode` and its text. */
export interface ActivationFailure {
  readonly code: string;
  readonly reason: string;
}

export interface VersionRecord {
  readonly version: string;
  readonly pool: EnvironmentPool;
  settings: FunctionSettings;
  code: CodePackage;
  /** What runs now, or from `update.activeAt` on. */
  spec: ExecutionSpec;
  revisionId: string;
  /** Milliseconds. */
  lastModified: number;
  /** Until then the function is Pending. */
  readonly activeAt: number;
  /** Set: from `activeAt` on it is Failed instead of Active. */
  failure: ActivationFailure | undefined;
  /** The last update: until `activeAt` invocations still run `previous`. One that failed has changed nothing. */
  update:
    | {
        readonly activeAt: number;
        readonly previous: ExecutionSpec;
        readonly failure: ActivationFailure | undefined;
      }
    | undefined;
}

export interface AliasRecord {
  readonly name: string;
  version: string;
  description: string;
  /** Version -> share of the invocations, 0 to 1. */
  weights: Readonly<Record<string, number>> | undefined;
  revisionId: string;
}

export interface EventInvokeRecord {
  lastModified: number;
  maximumRetryAttempts: number | undefined;
  maximumEventAgeSeconds: number | undefined;
  onSuccess: string | undefined;
  onFailure: string | undefined;
}

export interface FunctionRecord {
  readonly name: string;
  readonly region: string;
  /** Without a qualifier. */
  readonly arn: string;
  readonly latest: VersionRecord;
  /** Published versions by number, oldest first. */
  readonly versions: Map<string, VersionRecord>;
  readonly aliases: Map<string, AliasRecord>;
  /** Statements by qualifier; '' is the function itself. */
  readonly policies: Map<string, readonly object[]>;
  /** By qualifier, `$LATEST` for the function itself. */
  readonly eventInvoke: Map<string, EventInvokeRecord>;
  readonly tags: Map<string, string>;
  reservedConcurrency: number | undefined;
  /** What happens to an event of a recursive loop. */
  recursiveLoop: 'Allow' | 'Terminate';
  publishedVersions: number;
  /** Synchronous and asynchronous invocations that have an environment or wait for one. */
  inFlight: number;
}

/** A function reference after the checks that every operation makes. */
export interface Target {
  readonly name: string;
  readonly region: string;
  readonly qualifier: string | undefined;
  readonly record: FunctionRecord | undefined;
  /** Without the qualifier. */
  readonly arn: string;
  /** With the qualifier, where one was given. */
  readonly qualifiedArn: string;
}

const NAME_PATTERN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?';

export class FunctionStore {
  readonly #account: string;
  readonly #regions = new Map<string, Map<string, FunctionRecord>>();

  constructor(account: string) {
    this.#account = account;
  }

  functions(region: string): Map<string, FunctionRecord> {
    let functions = this.#regions.get(region);
    if (!functions) {
      functions = new Map<string, FunctionRecord>();
      this.#regions.set(region, functions);
    }
    return functions;
  }

  all(): readonly FunctionRecord[] {
    return [...this.#regions.values()].flatMap((functions) => [...functions.values()]);
  }

  clear(): void {
    this.#regions.clear();
  }

  /** By ARN, without a request: what S3 and the asynchronous queue hold. Undefined when it is not ours. */
  byArn(arn: string): { record: FunctionRecord; qualifier: string | undefined } | undefined {
    const reference = parseFunctionReference(arn);
    if (reference?.region === undefined || reference.account !== this.#account) return undefined;
    const record = this.functions(reference.region).get(reference.name);
    return record && { record, qualifier: reference.qualifier };
  }

  /** Name, partial or full ARN, with the qualifier in it or beside it. The function may not exist. */
  resolve(functionName: string | undefined, qualifier: string | undefined, ctx: RequestContext): Target {
    const reference = parseFunctionReference(functionName ?? '');
    if (!reference) {
      throw validation(
        functionName ?? '',
        'functionName',
        `satisfy regular expression pattern: ${NAME_PATTERN}`,
      );
    }
    const { name, region = ctx.region, account = this.#account } = reference;
    if (region !== ctx.region) {
      throw notFound(`Functions from '${region}' are not reachable in this region ('${ctx.region}')`);
    }
    // AWS's message here is UNKNOWN; only the code and the status were recorded.
    if (account !== this.#account) throw new AwsError('AccessDeniedException', '', { status: 403 });
    if (qualifier !== undefined && reference.qualifier !== undefined && qualifier !== reference.qualifier) {
      throw invalidParameter(
        'The derived qualifier from the function name does not match the specified qualifier.',
      );
    }
    const asked = qualifier ?? reference.qualifier;
    const arn = functionArn('aws', region, this.#account, name);
    return {
      name,
      region,
      qualifier: asked,
      record: this.functions(region).get(name),
      arn,
      qualifiedArn: asked === undefined ? arn : `${arn}:${asked}`,
    };
  }

  /** As `resolve`, for operations on an existing function. */
  require(
    functionName: string | undefined,
    qualifier: string | undefined,
    ctx: RequestContext,
  ): Target & { record: FunctionRecord } {
    const target = this.resolve(functionName, qualifier, ctx);
    const { record } = target;
    if (!record) throw functionNotFound(target.qualifiedArn);
    return { ...target, record };
  }
}

/** The version behind a qualifier; `draw` (0 to 1) chooses between an alias's versions. */
export function versionOf(
  record: FunctionRecord,
  qualifier: string | undefined,
  draw?: () => number,
): VersionRecord | undefined {
  if (qualifier === undefined || qualifier === '$LATEST') return record.latest;
  const alias = record.aliases.get(qualifier);
  if (!alias) return record.versions.get(qualifier);
  let version = alias.version;
  if (alias.weights && draw) {
    let left = draw();
    for (const [other, weight] of Object.entries(alias.weights)) {
      if (left < weight) version = other;
      left -= weight;
      if (left < 0) break;
    }
  }
  return version === '$LATEST' ? record.latest : record.versions.get(version);
}

export function requireVersion(target: Target & { record: FunctionRecord }): VersionRecord {
  const version = versionOf(target.record, target.qualifier);
  if (!version) throw functionNotFound(target.qualifiedArn);
  return version;
}

export function requireAlias(record: FunctionRecord, name: string | undefined): AliasRecord {
  const alias = record.aliases.get(name ?? '');
  if (!alias) throw aliasNotFound(`${record.arn}:${name ?? ''}`);
  return alias;
}

export const isPending = (version: VersionRecord, now: number) => now < version.activeAt;

/** Why the version is in the state Failed; undefined when it is not. */
export const failureOf = (version: VersionRecord, now: number) =>
  isPending(version, now) ? undefined : version.failure;

export const isUpdating = (version: VersionRecord, now: number) =>
  version.update !== undefined && now < version.update.activeAt;

/** What an invocation runs at this moment: during an update still the former code. */
export function runnable(version: VersionRecord, now: number): ExecutionSpec {
  return version.update && now < version.update.activeAt ? version.update.previous : version.spec;
}
