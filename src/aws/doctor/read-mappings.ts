import type { MappingNode } from '../../core/doctor/facts.ts';
import type { Reading } from '../../core/doctor/reading.ts';
import { optional, pages } from '../pages.ts';
import type { Reader } from './reader.ts';

/** The event source mappings that read a queue. */
export function readMappings(
  reader: Reader,
  EventSourceArn: string,
): Promise<Reading<readonly MappingNode[]>> {
  const action = 'lambda:ListEventSourceMappings';
  return reader.read(action, EventSourceArn, async () => {
    const [lambda, { ListEventSourceMappingsCommand }] = await Promise.all([
      reader.aws.lambda(),
      import('@aws-sdk/client-lambda'),
    ]);
    return pages(async (Marker) => {
      const command = new ListEventSourceMappingsCommand({ EventSourceArn, ...optional({ Marker }) });
      const page = await reader.aws.call((options) => lambda.send(command, options), {
        action,
        resource: EventSourceArn,
      });
      const items = (page.EventSourceMappings ?? []).map((one): MappingNode => ({
        uuid: one.UUID ?? '',
        functionArn: one.FunctionArn ?? '',
        state: one.State ?? '',
        modified: one.LastModified?.getTime(),
        transitionReason: one.StateTransitionReason,
        lastResult: one.LastProcessingResult,
        batchSize: one.BatchSize ?? 10,
        windowSeconds: one.MaximumBatchingWindowInSeconds ?? 0,
        filters: (one.FilterCriteria?.Filters ?? []).map(({ Pattern = '{}' }) => Pattern),
        filterError: one.FilterCriteriaError?.Message,
        reportsItemFailures: one.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      }));
      return { items, next: page.NextMarker };
    });
  });
}
