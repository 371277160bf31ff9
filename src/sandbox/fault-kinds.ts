/** What a fault may say of itself, kind by kind: one table for the parser, its messages and the help. */
import type { FaultRule } from './fault-rules.ts';

export type FaultKind = FaultRule['effect']['kind'];

export interface KindFacts {
  /** What stands after the colon without a name: the requests that it hits, a time, or nothing. */
  readonly target: 'required' | 'none';
  readonly time: 'required' | 'none';
  /** What may follow as `name=value`. */
  readonly options: readonly FaultOption[];
  readonly example: string;
}

export type FaultOption =
  'times' | 'rate' | 'ms' | 'status' | 'code' | 'message' | 'bucket' | 'key' | 'to' | 'group';

const request = { target: 'required', time: 'none' } as const;
const delivery = { target: 'none', time: 'none' } as const;
const delay = { target: 'none', time: 'required' } as const;
const chance = ['times', 'rate'] as const;
const where = ['bucket', 'key', 'to', ...chance] as const;

export const FAULT_KINDS: Readonly<Record<FaultKind, KindFacts>> = {
  deny: { ...request, options: chance, example: 'deny:lambda.GetPolicy' },
  throttle: { ...request, options: chance, example: 'throttle:logs.FilterLogEvents,times=3' },
  error: {
    ...request,
    options: ['status', 'code', 'message', ...chance],
    example: 'error:s3.PutObject,status=500,code=InternalError,rate=0.1',
  },
  latency: { ...request, time: 'required', options: ['ms', ...chance], example: 'latency:*,50ms' },
  reset: { ...request, options: chance, example: 'reset:s3,times=1' },
  'iam-propagation': { ...delay, options: ['ms'], example: 'iam-propagation:10s' },
  'function-activation': { ...delay, options: ['ms'], example: 'function-activation:2s' },
  'notification-propagation': { ...delay, options: ['ms'], example: 'notification-propagation:5m' },
  drop: { ...delivery, options: where, example: 'drop:key=in/*,times=1' },
  duplicate: { ...delivery, options: where, example: 'duplicate:to=sqs,rate=0.5' },
  'late-events': { ...delay, options: ['ms', ...where], example: 'late-events:1m,bucket=photos' },
  reorder: { ...delay, options: ['ms', ...where], example: 'reorder:3s' },
  'late-logs': { ...delay, options: ['ms', 'group', ...chance], example: 'late-logs:30s' },
  'log-disorder': { ...delay, options: ['ms', 'group', ...chance], example: 'log-disorder:2s' },
};
