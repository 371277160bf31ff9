/** Concurrency, asynchronous-invocation settings, tags and the account's figures. */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers, RequestContext as Ctx } from '../../wire/types.ts';
import { functionNotFound, invalidParameter, notFound, validation } from './errors.ts';
import { page } from './paging.ts';
import { versionOf, type EventInvokeRecord, type FunctionRecord, type FunctionStore } from './store.ts';

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  | 'PutFunctionConcurrency'
  | 'GetFunctionConcurrency'
  | 'DeleteFunctionConcurrency'
  | 'PutFunctionEventInvokeConfig'
  | 'UpdateFunctionEventInvokeConfig'
  | 'GetFunctionEventInvokeConfig'
  | 'DeleteFunctionEventInvokeConfig'
  | 'ListFunctionEventInvokeConfigs'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTags'
  | 'GetAccountSettings'
>;

const ACCOUNT_CONCURRENCY = 1000;
const MIN_UNRESERVED = 100;

type EventInvokeInput = Pick<
  LambdaSdk.PutFunctionEventInvokeConfigRequest,
  'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | 'DestinationConfig'
>;

function eventInvokeAnswer(
  record: FunctionRecord,
  qualifier: string,
  config: EventInvokeRecord,
): LambdaSdk.FunctionEventInvokeConfig {
  const target = (arn: string | undefined) => (arn === undefined ? {} : { Destination: arn });
  return {
    LastModified: new Date(config.lastModified),
    FunctionArn: `${record.arn}:${qualifier}`,
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeSeconds,
    DestinationConfig: { OnSuccess: target(config.onSuccess), OnFailure: target(config.onFailure) },
  };
}

function checkEventInvoke(record: FunctionRecord, input: EventInvokeInput): void {
  const {
    MaximumRetryAttempts: attempts,
    MaximumEventAgeInSeconds: age,
    DestinationConfig: destinations,
  } = input;
  if (attempts === undefined && age === undefined && destinations === undefined) {
    throw invalidParameter('You must specify at least one of error handling or destination setting.');
  }
  if (attempts !== undefined && attempts > 2) {
    throw validation(attempts, 'maximumRetryAttempts', 'have value less than or equal to 2');
  }
  if (age !== undefined && age < 60) {
    throw validation(age, 'maximumEventAgeInSeconds', 'have value greater than or equal to 60');
  }
  if (age !== undefined && age > 21_600) {
    throw validation(age, 'maximumEventAgeInSeconds', 'have value less than or equal to 21600');
  }
  for (const target of [destinations?.OnSuccess?.Destination, destinations?.OnFailure?.Destination]) {
    if (target === undefined || target === '') continue;
    if (target === record.arn)
      throw invalidParameter("You can't specify the function as a destination for itself.");
    if (!/^arn:[^:]+:(sqs|sns|lambda|events|s3):/.test(target)) {
      throw invalidParameter(`The destination ARN ${target} is invalid.`);
    }
  }
}

export function settingsOperations(env: SandboxEnv, store: FunctionStore): Operations {
  const reservedElsewhere = (region: string, except: FunctionRecord | undefined) =>
    [...store.functions(region).values()]
      .filter((record) => record !== except)
      .reduce((sum, record) => sum + (record.reservedConcurrency ?? 0), 0);

  function eventInvokeTarget(
    input: { FunctionName?: string | undefined; Qualifier?: string | undefined },
    ctx: Ctx,
  ) {
    const { record, qualifier = '$LATEST', arn } = store.resolve(input.FunctionName, input.Qualifier, ctx);
    if (!record || !versionOf(record, qualifier)) throw notFound("The function doesn't exist.");
    const require = () => {
      const config = record.eventInvoke.get(qualifier);
      if (!config) throw notFound(`The function ${arn}:${qualifier} doesn't have an EventInvokeConfig`);
      return config;
    };
    return { record, qualifier, require };
  }

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

    PutFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier } = eventInvokeTarget(input, ctx);
      checkEventInvoke(record, input);
      const config: EventInvokeRecord = {
        lastModified: env.clock.now(),
        maximumRetryAttempts: input.MaximumRetryAttempts,
        maximumEventAgeSeconds: input.MaximumEventAgeInSeconds,
        onSuccess: input.DestinationConfig?.OnSuccess?.Destination,
        onFailure: input.DestinationConfig?.OnFailure?.Destination,
      };
      record.eventInvoke.set(qualifier, config);
      return eventInvokeAnswer(record, qualifier, config);
    },

    UpdateFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = eventInvokeTarget(input, ctx);
      checkEventInvoke(record, input);
      const config = require();
      config.lastModified = env.clock.now();
      config.maximumRetryAttempts = input.MaximumRetryAttempts ?? config.maximumRetryAttempts;
      config.maximumEventAgeSeconds = input.MaximumEventAgeInSeconds ?? config.maximumEventAgeSeconds;
      config.onSuccess = input.DestinationConfig?.OnSuccess?.Destination ?? config.onSuccess;
      config.onFailure = input.DestinationConfig?.OnFailure?.Destination ?? config.onFailure;
      return eventInvokeAnswer(record, qualifier, config);
    },

    GetFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = eventInvokeTarget(input, ctx);
      return eventInvokeAnswer(record, qualifier, require());
    },

    DeleteFunctionEventInvokeConfig(input, ctx) {
      const { record, qualifier, require } = eventInvokeTarget(input, ctx);
      require();
      record.eventInvoke.delete(qualifier);
    },

    ListFunctionEventInvokeConfigs(input, ctx) {
      const { record } = eventInvokeTarget(input, ctx);
      const all = [...record.eventInvoke].map(([qualifier, config]) =>
        eventInvokeAnswer(record, qualifier, config),
      );
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { FunctionEventInvokeConfigs: items, NextMarker: next };
    },

    TagResource(input, ctx) {
      const { tags } = tagged(input.Resource, ctx);
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
