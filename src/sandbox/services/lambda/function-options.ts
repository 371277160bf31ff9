/** Concurrency, recursive loops, tags and the account's figures. */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { Handlers, RequestContext as Ctx } from '../../wire/types.ts';
import type { SandboxEnv } from '../../env.ts';
import { functionNotFound, invalidParameter, updateInProgress, validation } from './errors.ts';
import { isUpdating, type FunctionRecord, type FunctionStore } from './store.ts';

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  | 'PutFunctionConcurrency'
  | 'GetFunctionConcurrency'
  | 'DeleteFunctionConcurrency'
  | 'PutFunctionRecursionConfig'
  | 'GetFunctionRecursionConfig'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTags'
  | 'GetAccountSettings'
>;

const ACCOUNT_CONCURRENCY = 1000;
const MIN_UNRESERVED = 100;

export function settingsOperations(env: SandboxEnv, store: FunctionStore): Operations {
  const reservedElsewhere = (region: string, except: FunctionRecord | undefined) =>
    [...store.functions(region).values()]
      .filter((record) => record !== except)
      .reduce((sum, record) => sum + (record.reservedConcurrency ?? 0), 0);

  function tagged(resource: string | undefined, ctx: Ctx): FunctionRecord {
    const { record, arn } = store.resolve(resource, undefined, ctx);
    if (!record) throw functionNotFound(arn);
    return record;
  }

  return {
    PutFunctionConcurrency(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const reserved = input.ReservedConcurrentExecutions ?? 0;
      if (ACCOUNT_CONCURRENCY - reservedElsewhere(ctx.region, record) - reserved < MIN_UNRESERVED) {
        throw invalidParameter(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED}].`,
        );
      }
      record.reservedConcurrency = reserved;
      return { ReservedConcurrentExecutions: reserved };
    },

    GetFunctionConcurrency(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      return { ReservedConcurrentExecutions: record.reservedConcurrency };
    },

    DeleteFunctionConcurrency(input, ctx) {
      store.require(input.FunctionName, undefined, ctx).record.reservedConcurrency = undefined;
    },

    PutFunctionRecursionConfig(input, ctx) {
      const { record } = store.require(input.FunctionName, undefined, ctx);
      const { RecursiveLoop: value } = input;
      if (value !== 'Allow' && value !== 'Terminate') {
        throw validation(String(value), 'recursiveLoop', 'satisfy enum value set: [Terminate, Allow]');
      }
      record.recursiveLoop = value;
      return { RecursiveLoop: value };
    },

    GetFunctionRecursionConfig(input, ctx) {
      return { RecursiveLoop: store.require(input.FunctionName, undefined, ctx).record.recursiveLoop };
    },

    TagResource(input, ctx) {
      const { tags, latest, arn } = tagged(input.Resource, ctx);
      if (isUpdating(latest, env.clock.now())) throw updateInProgress(arn);
      for (const [key, value] of Object.entries(input.Tags ?? {})) tags.set(key, value);
    },

    UntagResource(input, ctx) {
      const { tags } = tagged(input.Resource, ctx);
      for (const key of input.TagKeys ?? []) tags.delete(key);
    },

    ListTags(input, ctx) {
      return { Tags: Object.fromEntries(tagged(input.Resource, ctx).tags) };
    },

    GetAccountSettings(_input, ctx) {
      const records = [...store.functions(ctx.region).values()];
      const versions = records.flatMap((record) => [record.latest, ...record.versions.values()]);
      return {
        AccountLimit: {
          TotalCodeSize: 80_530_636_800,
          CodeSizeUnzipped: 262_144_000,
          CodeSizeZipped: 52_428_800,
          ConcurrentExecutions: ACCOUNT_CONCURRENCY,
          UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY - reservedElsewhere(ctx.region, undefined),
        },
        AccountUsage: {
          TotalCodeSize: versions.reduce((sum, version) => sum + version.code.zip.byteLength, 0),
          FunctionCount: records.length,
        },
      };
    },
  };
}
