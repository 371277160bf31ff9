/**
 * CloudWatch metrics of the sandbox: what its services count, by the minute. They are there at once; on AWS they come a minute
 * or more later, and EventBridge's may not come at all
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html).
 */
import type * as Client from '@aws-sdk/client-cloudwatch';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { metricDataHandlers } from './get-metric-data.ts';
import { putMetricDataHandlers } from './put-metric-data.ts';
import { statisticsHandlers } from './statistics.ts';

export interface MonitoringService {
  readonly handlers: Handlers<typeof Client>;
  /** Forgets all metrics. */
  reset(): void;
}

export function createMonitoringService(env: Pick<SandboxEnv, 'clock' | 'metrics'>): MonitoringService {
  return {
    handlers: { ...metricDataHandlers(env), ...statisticsHandlers(env), ...putMetricDataHandlers(env) },
    reset: () => env.metrics.reset(),
  };
}
