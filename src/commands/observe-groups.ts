import type { Aws } from '../aws/clients.ts';
import type { Clock } from '../core/clock.ts';
import { observe, type Observation, type ObserveOptions } from './observe.ts';

/** What was observed, and in which of the log groups. */
export interface GroupObservation {
  readonly group: string;
  readonly observation: Observation;
}

/**
 * Follows several log groups at once. Lines of a stream come in order; those of different groups as they are read. Ends when all
 * of them have ended, and throws when one of them does.
 */
export async function* observeGroups(
  env: { readonly aws: Aws; readonly clock: Clock; readonly signal: AbortSignal },
  groups: readonly string[],
  options: Omit<ObserveOptions, 'group'>,
): AsyncGenerator<GroupObservation> {
  const over = new AbortController();
  const inner = { ...env, signal: AbortSignal.any([env.signal, over.signal]) };
  const sources = groups.map((group) => ({ group, observations: observe(inner, { ...options, group }) }));
  const next = async (source: (typeof sources)[number]) => ({
    source,
    result: await source.observations.next(),
  });
  const waiting = new Map(sources.map((source) => [source, next(source)]));
  try {
    while (waiting.size > 0) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done === true) {
        waiting.delete(source);
        continue;
      }
      waiting.delete(source);
      yield { group: source.group, observation: result.value };
      // Behind the others: a busy group must not keep a quiet one from being heard.
      waiting.set(source, next(source));
    }
  } finally {
    over.abort();
    await Promise.allSettled(waiting.values());
    await Promise.allSettled(sources.map(({ observations }) => observations.return(undefined)));
  }
}
