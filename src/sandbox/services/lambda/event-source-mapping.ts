/** Event source mappings: queues that Lambda reads for a function. State, and how it is shown. */
import type {
  EventSourceMappingConfiguration,
  EventSourceMappingLoggingConfig,
  EventSourceMappingMetricsConfig,
  ProvisionedPollerConfig,
} from '@aws-sdk/client-lambda';
import type { EventPattern } from '../../../core/event-pattern.ts';

export interface EventFilter {
  /** As the client wrote it. */
  readonly text: string;
  readonly pattern: EventPattern;
}

/** What Create and Update set. */
export interface EventSourceSettings {
  readonly functionName: string;
  /** With the qualifier that the client used: it is resolved anew at each batch. */
  readonly functionArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** A record has to match one of them; undefined when there are none. */
  readonly filters: readonly EventFilter[] | undefined;
  readonly reportsItemFailures: boolean;
  readonly maximumConcurrency: number | undefined;
  readonly kmsKeyArn: string | undefined;
  /** Kept and shown, without any effect. */
  readonly metrics: EventSourceMappingMetricsConfig | undefined;
  readonly logging: EventSourceMappingLoggingConfig | undefined;
  readonly provisionedPollers: ProvisionedPollerConfig | undefined;
}

/** What a mapping is on its way to; it gets there at `settledAt`. */
type Transition = 'Creating' | 'Updating' | 'Enabling' | 'Disabling' | 'Deleting';

export interface EventSourceMapping {
  readonly uuid: string;
  readonly region: string;
  readonly arn: string;
  readonly queueArn: string;
  settings: EventSourceSettings;
  enabled: boolean;
  /** Milliseconds. */
  lastModified: number;
  transition: Transition | undefined;
  /** Milliseconds. */
  settledAt: number;
}

export const isSettled = ({ transition, settledAt }: EventSourceMapping, now: number): boolean =>
  transition === undefined || now >= settledAt;

/** Deleted, and no longer shown as Deleting either. */
export const isGone = (mapping: EventSourceMapping, now: number): boolean =>
  mapping.transition === 'Deleting' && isSettled(mapping, now);

function stateOf(mapping: EventSourceMapping, now: number): string {
  if (mapping.transition !== undefined && !isSettled(mapping, now)) return mapping.transition;
  return mapping.enabled ? 'Enabled' : 'Disabled';
}

/** `begun` is what the call itself has just begun, which is what its own answer shows. */
export function showMapping(
  mapping: EventSourceMapping,
  now: number,
  begun?: Transition,
): EventSourceMappingConfiguration {
  const { settings } = mapping;
  return {
    UUID: mapping.uuid,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.windowSeconds,
    EventSourceArn: mapping.queueArn,
    ...(settings.filters && {
      FilterCriteria: { Filters: settings.filters.map(({ text }) => ({ Pattern: text })) },
    }),
    ...(settings.kmsKeyArn !== undefined && { KMSKeyArn: settings.kmsKeyArn }),
    ...(settings.metrics && { MetricsConfig: settings.metrics }),
    ...(settings.logging && { LoggingConfig: settings.logging }),
    ...(settings.maximumConcurrency !== undefined && {
      ScalingConfig: { MaximumConcurrency: settings.maximumConcurrency },
    }),
    FunctionArn: settings.functionArn,
    LastModified: new Date(mapping.lastModified),
    State: begun ?? stateOf(mapping, now),
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: settings.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
    EventSourceMappingArn: mapping.arn,
    ...(settings.provisionedPollers && { ProvisionedPollerConfig: settings.provisionedPollers }),
  };
}
