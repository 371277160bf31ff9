/** Reads and checks the settings of CreateEventSourceMapping and UpdateEventSourceMapping. */
import type {
  CreateEventSourceMappingRequest,
  FilterCriteria,
  UpdateEventSourceMappingRequest,
} from '@aws-sdk/client-lambda';
import { compileEventPattern } from '../../../core/event-pattern.ts';
import { invalidParameter, validation } from './errors.ts';
import type { EventFilter, EventSourceSettings } from './event-source-mapping.ts';

export type EventSourceInput = Omit<UpdateEventSourceMappingRequest, 'UUID' | 'FunctionName'> &
  Pick<CreateEventSourceMappingRequest, 'StartingPosition' | 'StartingPositionTimestamp'>;

/** Members for streams, Kafka and DocumentDB. The text was recorded for the starting position; for the others it is UNKNOWN. */
const FOREIGN_MEMBERS = [
  'StartingPosition',
  'StartingPositionTimestamp',
  'ParallelizationFactor',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'SourceAccessConfigurations',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
] as const satisfies readonly (keyof EventSourceInput)[];

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const RANGES = {
  batchSize: [1, 10_000],
  maximumBatchingWindowInSeconds: [0, 300],
  'scalingConfig.maximumConcurrency': [2, 1000],
} as const;

/** Quota "filters per event source mapping", which AWS raises to ten on request. */
const MAX_FILTERS = 5;
const BATCH_WITHOUT_WINDOW = 10;

/** Checks of the request alone, without any resource. */
export function checkMembers(input: EventSourceInput): void {
  checkRange(input.BatchSize, 'batchSize');
  checkRange(input.MaximumBatchingWindowInSeconds, 'maximumBatchingWindowInSeconds');
  checkRange(input.ScalingConfig?.MaximumConcurrency, 'scalingConfig.maximumConcurrency');
  const unknown =
    input.FunctionResponseTypes?.filter((type: string) => type !== 'ReportBatchItemFailures') ?? [];
  if (unknown.length > 0) {
    throw validation(
      `[${unknown.join(', ')}]`,
      'functionResponseTypes',
      'satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]',
    );
  }
  const position = input.StartingPosition;
  if (position !== undefined && !['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'].includes(position)) {
    throw validation(
      position,
      'startingPosition',
      'satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]',
    );
  }
  for (const name of FOREIGN_MEMBERS) {
    if (input[name] === undefined) continue;
    const named = name === 'StartingPositionTimestamp' ? 'StartingPosition' : name;
    throw invalidParameter(`${named} is not valid for SQS event sources.`);
  }
}

function checkRange(value: number | undefined, member: keyof typeof RANGES): void {
  const [minimum, maximum] = RANGES[member];
  if (value === undefined) return;
  if (value < minimum) throw validation(value, member, `have value greater than or equal to ${minimum}`);
  if (value > maximum) throw validation(value, member, `have value less than or equal to ${maximum}`);
}

/** The settings after an input that passed `checkMembers`; absent members keep their former value, or take their default. */
export function readEventSourceSettings(
  input: EventSourceInput,
  { functionName, functionArn }: Pick<EventSourceSettings, 'functionName' | 'functionArn'>,
  queueArn: string,
  former: EventSourceSettings | undefined,
): EventSourceSettings {
  const batchSize = input.BatchSize ?? former?.batchSize ?? 10;
  const windowSeconds = input.MaximumBatchingWindowInSeconds ?? former?.windowSeconds ?? 0;
  // Text second-hand. It leaves FIFO queues no batch of more than ten.
  if (queueArn.endsWith('.fifo') && windowSeconds > 0) {
    throw invalidParameter('Batching window is not supported for FIFO queues');
  }
  if (batchSize > BATCH_WITHOUT_WINDOW && windowSeconds === 0) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  return {
    functionName,
    functionArn,
    batchSize,
    windowSeconds,
    filters: input.FilterCriteria ? readFilters(input.FilterCriteria) : former?.filters,
    reportsItemFailures: input.FunctionResponseTypes
      ? input.FunctionResponseTypes.length > 0
      : (former?.reportsItemFailures ?? false),
    // An empty ScalingConfig removes the limit.
    maximumConcurrency: input.ScalingConfig
      ? input.ScalingConfig.MaximumConcurrency
      : former?.maximumConcurrency,
    kmsKeyArn: input.KMSKeyArn === '' ? undefined : (input.KMSKeyArn ?? former?.kmsKeyArn),
    metrics: input.MetricsConfig ?? former?.metrics,
    logging: input.LoggingConfig ?? former?.logging,
    provisionedPollers: input.ProvisionedPollerConfig ?? former?.provisionedPollers,
  };
}

/** Empty criteria remove the filters. */
function readFilters({ Filters = [] }: FilterCriteria): readonly EventFilter[] | undefined {
  // Text UNKNOWN.
  if (Filters.length > MAX_FILTERS) throw invalidParameter(`Too many filters. Maximum is ${MAX_FILTERS}.`);
  const filters = Filters.map(({ Pattern: text = '' }): EventFilter => {
    const compiled = compileEventPattern(text);
    if (!compiled.ok) throw invalidParameter('Invalid filter pattern definition.');
    return { text, pattern: compiled.pattern };
  });
  return filters.length > 0 ? filters : undefined;
}
