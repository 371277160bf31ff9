import type { MetricSeries } from '../../core/doctor/facts.ts';
import { read, type Reading } from '../../core/doctor/reading.ts';
import { readMetrics, type Measured } from './read-metrics.ts';
import type { Reader } from './reader.ts';

export interface Measurer {
  /** What is asked for in the same turn of the event loop is one call. Resolves with that call's answer. */
  want(what: Measured): Promise<Reading<readonly MetricSeries[]>>;
  /** All of it together; the first refusal, where there is one. */
  all(): Promise<Reading<readonly MetricSeries[]>>;
}

export function createMeasurer(
  reader: Reader,
  window: { readonly since: number; readonly now: number },
): Measurer {
  const asked = new Map<string, Promise<Reading<readonly MetricSeries[]>>>();
  const calls = new Set<Promise<Reading<readonly MetricSeries[]>>>();
  let pending:
    { readonly wanted: Measured[]; readonly call: Promise<Reading<readonly MetricSeries[]>> } | undefined;
  return {
    want(what) {
      const id = `${what.namespace} ${what.of}`;
      const known = asked.get(id);
      if (known) return known;
      if (!pending) {
        const wanted: Measured[] = [];
        const call = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
          pending = undefined;
          return readMetrics(reader, wanted, window);
        });
        calls.add(call);
        // Whoever waits gets the failure; those who never ask must not end the process.
        call.catch(() => undefined);
        pending = { wanted, call };
      }
      pending.wanted.push(what);
      asked.set(id, pending.call);
      return pending.call;
    },
    async all() {
      const answers = await Promise.all(calls);
      const refused = answers.find(({ state }) => state !== 'known');
      if (refused) return refused;
      return read(
        'cloudwatch:GetMetricData',
        answers.flatMap((answer) => (answer.state === 'known' ? answer.value : [])),
      );
    },
  };
}
