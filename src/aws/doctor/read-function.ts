/** Reads of Lambda functions. */
import { unqualifiedFunctionArn } from '../../core/arn.ts';
import type { GetFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { readFunctionArn } from '../../core/destination-name.ts';
import type {
  EventInvokeConfiguration,
  FunctionConfiguration,
  FunctionNode,
} from '../../core/doctor/facts.ts';
import { absent, read, type Reading } from '../../core/doctor/reading.ts';
import { optional, pages } from '../pages.ts';
import type { Reader } from './reader.ts';

const sdk = () => import('@aws-sdk/client-lambda');
const load = ({ aws }: Reader) => Promise.all([aws.lambda(), sdk()]);

/** One round trip, two where GetFunction is not allowed. The policy is that of the qualifier, else of the function. */
export async function readFunctionNode(reader: Reader, arn: string): Promise<FunctionNode> {
  const { name, qualifier } = readFunctionArn(arn);
  const plain = unqualifiedFunctionArn(arn);
  const [whole, qualified, alias, policy, newestVersion] = await Promise.all([
    readWhole(reader, plain),
    qualifier === undefined ? undefined : readWhole(reader, `${plain}:${qualifier}`),
    qualifier === undefined || isVersion(qualifier) ? undefined : readAlias(reader, plain, qualifier),
    readPolicy(reader, plain, qualifier),
    qualifier === undefined ? undefined : readNewestVersion(reader, plain),
  ]);
  return {
    arn,
    name,
    qualifier,
    configuration: whole.configuration,
    qualified: qualified?.configuration,
    alias,
    policy,
    concurrency: whole.concurrency,
    newestVersion,
  };
}

function isVersion(qualifier: string): boolean {
  return /^\d+$/.test(qualifier);
}

interface Whole {
  readonly configuration: Reading<FunctionConfiguration>;
  readonly concurrency: Reading<number>;
}

/**
 * GetFunction answers all at once and has a request rate of its own (100 a second); who may not call it, since it hands out the
 * code, may be allowed the two smaller calls.
 */
async function readWhole(reader: Reader, FunctionName: string): Promise<Whole> {
  const action = 'lambda:GetFunction';
  const answer = await reader.read(action, FunctionName, async () => {
    const [lambda, { GetFunctionCommand }] = await load(reader);
    const command = new GetFunctionCommand({ FunctionName });
    return reader.aws.call((options) => lambda.send(command, options), { action, resource: FunctionName });
  });
  if (answer.state === 'denied') return readParts(reader, FunctionName);
  if (answer.state !== 'known') return { configuration: answer, concurrency: answer };
  const { Configuration, Concurrency } = answer.value;
  const reserved = Concurrency?.ReservedConcurrentExecutions;
  return {
    configuration: Configuration ? read(action, configurationOf(Configuration)) : absent(action),
    concurrency: reserved === undefined ? absent(action) : read(action, reserved),
  };
}

async function readParts(reader: Reader, FunctionName: string): Promise<Whole> {
  const [configuration, concurrency] = await Promise.all([
    reader.read('lambda:GetFunctionConfiguration', FunctionName, async () => {
      const [lambda, { GetFunctionConfigurationCommand }] = await load(reader);
      const command = new GetFunctionConfigurationCommand({ FunctionName });
      const what = { action: 'lambda:GetFunctionConfiguration', resource: FunctionName };
      return configurationOf(await reader.aws.call((options) => lambda.send(command, options), what));
    }),
    reader.read('lambda:GetFunctionConcurrency', FunctionName, async () => {
      const [lambda, { GetFunctionConcurrencyCommand }] = await load(reader);
      const command = new GetFunctionConcurrencyCommand({
        FunctionName: unqualifiedFunctionArn(FunctionName),
      });
      const what = { action: 'lambda:GetFunctionConcurrency', resource: FunctionName };
      return (await reader.aws.call((options) => lambda.send(command, options), what))
        .ReservedConcurrentExecutions;
    }),
  ]);
  return { configuration, concurrency };
}

type Configuration = NonNullable<GetFunctionCommandOutput['Configuration']>;

function configurationOf(from: Configuration): FunctionConfiguration {
  const modified = Date.parse(from.LastModified ?? '');
  return {
    // Old functions are answered without a state: they are active.
    state: from.State ?? 'Active',
    stateReason: from.StateReason,
    stateReasonCode: from.StateReasonCode,
    lastUpdateStatus: from.LastUpdateStatus,
    lastUpdateReason: from.LastUpdateStatusReason,
    lastUpdateReasonCode: from.LastUpdateStatusReasonCode,
    lastModified: Number.isNaN(modified) ? undefined : modified,
    version: from.Version ?? '$LATEST',
    roleArn: from.Role ?? '',
    timeoutSeconds: from.Timeout ?? 3,
    memoryMb: from.MemorySize ?? 128,
    ephemeralMb: from.EphemeralStorage?.Size ?? 512,
    handler: from.Handler,
    runtime: from.Runtime,
    packageType: from.PackageType ?? 'Zip',
    kmsKeyArn: from.KMSKeyArn === '' ? undefined : from.KMSKeyArn,
    hasEnvironment:
      Object.keys(from.Environment?.Variables ?? {}).length > 0 || from.Environment?.Error !== undefined,
    deadLetterArn: from.DeadLetterConfig?.TargetArn,
    subnetIds: from.VpcConfig?.SubnetIds ?? [],
    fileSystems: (from.FileSystemConfigs ?? []).map(({ Arn = '' }) => Arn),
    tenantIsolation: from.TenancyConfig?.TenantIsolationMode,
    logGroup: from.LoggingConfig?.LogGroup ?? `/aws/lambda/${from.FunctionName ?? ''}`,
    logFormat: from.LoggingConfig?.LogFormat ?? 'Text',
    systemLogLevel: from.LoggingConfig?.SystemLogLevel,
  };
}

function readAlias(
  reader: Reader,
  FunctionName: string,
  Name: string,
): Promise<Exclude<FunctionNode['alias'], undefined>> {
  const action = 'lambda:GetAlias';
  return reader.read(action, `${FunctionName}:${Name}`, async () => {
    const [lambda, { GetAliasCommand }] = await load(reader);
    const command = new GetAliasCommand({ FunctionName, Name });
    const alias = await reader.aws.call((options) => lambda.send(command, options), {
      action,
      resource: FunctionName,
    });
    return {
      version: alias.FunctionVersion ?? '',
      weights: alias.RoutingConfig?.AdditionalVersionWeights ?? {},
    };
  });
}

export function readPolicy(
  reader: Reader,
  FunctionName: string,
  Qualifier: string | undefined,
): Promise<Reading<string>> {
  const action = 'lambda:GetPolicy';
  return reader.read(action, FunctionName, async () => {
    const [lambda, { GetPolicyCommand }] = await load(reader);
    const command = new GetPolicyCommand({ FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) });
    return (
      await reader.aws.call((options) => lambda.send(command, options), { action, resource: FunctionName })
    ).Policy;
  });
}

function readNewestVersion(reader: Reader, FunctionName: string): Promise<Reading<string>> {
  const action = 'lambda:ListVersionsByFunction';
  return reader.read(action, FunctionName, async () => {
    const [lambda, { ListVersionsByFunctionCommand }] = await load(reader);
    const numbers = await pages(async (Marker) => {
      const command = new ListVersionsByFunctionCommand({ FunctionName, ...optional({ Marker }) });
      const page = await reader.aws.call((options) => lambda.send(command, options), {
        action,
        resource: FunctionName,
      });
      return {
        items: (page.Versions ?? []).map(({ Version }) => Number(Version) || 0),
        next: page.NextMarker,
      };
    });
    const newest = Math.max(0, ...numbers);
    return newest === 0 ? undefined : String(newest);
  });
}

/** Policies of the function itself and of its aliases, but for the one that was read already. */
export async function readOtherPolicies(
  reader: Reader,
  { arn, qualifier }: FunctionNode,
): Promise<Exclude<FunctionNode['otherPolicies'], undefined>> {
  const action = 'lambda:ListAliases';
  const plain = unqualifiedFunctionArn(arn);
  const aliases = await reader.read(action, plain, async () => {
    const [lambda, { ListAliasesCommand }] = await load(reader);
    const command = new ListAliasesCommand({ FunctionName: plain, MaxItems: 50 });
    const page = await reader.aws.call((options) => lambda.send(command, options), {
      action,
      resource: plain,
    });
    return (page.Aliases ?? []).map(({ Name = '' }) => Name);
  });
  if (aliases.state !== 'known') return aliases;
  const others = [undefined, ...aliases.value].filter((one) => one !== qualifier);
  const policies = await Promise.all(
    others.map(async (one) => ({ qualifier: one, policy: await readPolicy(reader, plain, one) })),
  );
  const found: { qualifier: string | undefined; policy: string }[] = [];
  for (const { qualifier: of, policy } of policies) {
    if (policy.state === 'denied' || policy.state === 'failed') return policy;
    if (policy.state === 'known') found.push({ qualifier: of, policy: policy.value });
  }
  return read(action, found);
}

/** The settings of asynchronous invocations, of all qualifiers. */
export function readEventInvoke(
  reader: Reader,
  arn: string,
): Promise<Reading<readonly EventInvokeConfiguration[]>> {
  const action = 'lambda:ListFunctionEventInvokeConfigs';
  const FunctionName = unqualifiedFunctionArn(arn);
  return reader.read(action, FunctionName, async () => {
    const [lambda, { ListFunctionEventInvokeConfigsCommand }] = await load(reader);
    const command = new ListFunctionEventInvokeConfigsCommand({ FunctionName });
    const page = await reader.aws.call((options) => lambda.send(command, options), {
      action,
      resource: FunctionName,
    });
    return (page.FunctionEventInvokeConfigs ?? []).map((one) => ({
      qualifier: one.FunctionArn?.split(':')[7] ?? '$LATEST',
      maximumAgeSeconds: one.MaximumEventAgeInSeconds,
      maximumRetries: one.MaximumRetryAttempts,
      onFailure: one.DestinationConfig?.OnFailure?.Destination,
      onSuccess: one.DestinationConfig?.OnSuccess?.Destination,
    }));
  });
}

export function readRecursion(
  reader: Reader,
  arn: string,
): Promise<Exclude<FunctionNode['recursion'], undefined>> {
  const action = 'lambda:GetFunctionRecursionConfig';
  const FunctionName = unqualifiedFunctionArn(arn);
  return reader.read(action, FunctionName, async () => {
    const [lambda, { GetFunctionRecursionConfigCommand }] = await load(reader);
    const command = new GetFunctionRecursionConfigCommand({ FunctionName });
    return (
      await reader.aws.call((options) => lambda.send(command, options), { action, resource: FunctionName })
    ).RecursiveLoop;
  });
}
