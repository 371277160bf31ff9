/** What Lambda tells CloudWatch (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html). */
import { parseArn, parseFunctionReference } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { remember } from '../../remember.ts';

type FunctionMetric =
  | 'Invocations'
  | 'Errors'
  | 'Throttles'
  | 'Duration'
  | 'ConcurrentExecutions'
  | 'AsyncEventsReceived'
  | 'AsyncEventsDropped'
  | 'AsyncEventAge'
  | 'DeadLetterErrors'
  | 'DestinationDeliveryFailures'
  | 'RecursiveInvocationsDropped';

const MILLISECONDS: readonly FunctionMetric[] = ['Duration', 'AsyncEventAge'];

const partsOf = remember((functionArn) => {
  const { name: FunctionName = functionArn, qualifier } = parseFunctionReference(functionArn) ?? {};
  return { region: parseArn(functionArn)?.region, FunctionName, qualifier };
});

/**
 * Counts for the function, and for the version or alias that the ARN names, whose dimension Resource is `function:qualifier`.
 * The sums over all functions, which have no dimension, and those by executed version are not kept. `at` in milliseconds, now
 * by default: an invocation counts when it begins.
 */
export function countFunction(
  env: Pick<SandboxEnv, 'region' | 'metrics'>,
  functionArn: string,
  name: FunctionMetric,
  value = 1,
  at?: number,
): void {
  const { region, FunctionName, qualifier } = partsOf(functionArn);
  const metric = {
    region: region ?? env.region,
    namespace: 'AWS/Lambda',
    name,
    unit: MILLISECONDS.includes(name) ? 'Milliseconds' : 'Count',
  };
  env.metrics.add({ ...metric, dimensions: { FunctionName } }, value, at);
  if (qualifier === undefined) return;
  const Resource = `${FunctionName}:${qualifier}`;
  env.metrics.add({ ...metric, dimensions: { FunctionName, Resource } }, value, at);
}
