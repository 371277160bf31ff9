/**
 * The trace header of an invocation, with the chain of invocations that led to it. Lambda counts in it how often each
 * function took part and stops loops by it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
 */
import { createHash } from 'node:crypto';
import type { SandboxEnv } from '../../env.ts';
import { remember } from '../../remember.ts';

/**
 * "Approximately 16 times" in one chain, says the documentation: the 17th is stopped here. Requests of functions carry the
 * header only if their SDK passes on `_X_AMZN_TRACE_ID`.
 */
const MAX_INVOCATIONS_IN_CHAIN = 16;

/**
 * `Lineage=1:e547cb94:0` is what functions on AWS see, and several functions stand as `aae260cf:0|74085691:0`; AWS does
 * not document the parts. Here they are a constant, a hash of the function's ARN, and its earlier invocations in the chain.
 */
const LINEAGE = /(?:^|;)\s*lineage=([^;]*)/i;

const hashOf = remember((functionArn) => createHash('sha256').update(functionArn).digest('hex').slice(0, 8));

/** Invocations by hash of the function, the present or last one not counted. */
function lineageOf(header: string | undefined): Map<string, number> {
  // boto3 sends `|` percent-encoded.
  const text = LINEAGE.exec(header ?? '')?.[1]?.replace(/%7c/gi, '|') ?? '';
  const counts = new Map<string, number>();
  for (const part of text.split('|')) {
    const [, hash, count] = /^(?:\d+:)?([0-9a-f]{8}):(\d{1,6})$/i.exec(part) ?? [];
    if (hash !== undefined) counts.set(hash, Number(count));
  }
  return counts;
}

/** Whether one more invocation of the function would go beyond what one chain of requests may have. */
export function isLoop(header: string | undefined, functionArn: string): boolean {
  const earlier = lineageOf(header).get(hashOf(functionArn));
  return earlier !== undefined && earlier + 1 >= MAX_INVOCATIONS_IN_CHAIN;
}

/** The header that an invocation of the function gets, and passes on; `header` is that of the event. */
export function traceOf(env: SandboxEnv, header: string | undefined, functionArn: string): string {
  const trace = header ?? newTrace(env);
  const counts = lineageOf(trace);
  const hash = hashOf(functionArn);
  const earlier = counts.get(hash);
  counts.set(hash, earlier === undefined ? 0 : earlier + 1);
  const lineage = [...counts].map(([id, count]) => `1:${id}:${count}`).join('|');
  return `${trace.replace(LINEAGE, '').replace(/;\s*$/, '')};Lineage=${lineage}`;
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
function newTrace({ clock, ids }: SandboxEnv): string {
  const time = Math.floor(clock.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${time}-${ids.hex(24)};Parent=${ids.hex(16)};Sampled=0`;
}
