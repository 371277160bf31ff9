import type { Aws } from '../clients.ts';

/** The same clients under a signal of their own: for what is finished, or cleaned up, after Ctrl-C. */
export function withSignal(aws: Aws, signal: AbortSignal): Aws {
  return { ...aws, call: (send, what) => aws.call(send, { signal, ...what }) };
}
