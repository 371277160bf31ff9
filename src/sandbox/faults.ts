import type { Clock } from '../core/clock.ts';
import { AwsError, ConnectionReset, type RequestContext } from './wire/types.ts';

export type FaultEffect =
  /** As a missing IAM permission. */
  | { readonly kind: 'deny' }
  /** The service's own way to say "too many requests". */
  | { readonly kind: 'throttle' }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      /** Further members of the error: `ArgumentName1`, `ArgumentValue1`. */
      readonly members?: Record<string, string>;
    }
  /** Milliseconds of the sandbox's clock, before the request is handled. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The connection is cut without an answer; the request is not handled. */
  | { readonly kind: 'reset' };

export interface FaultRule {
  /** Absent members match all. Names as the SDK has them: `{ service: 'logs', operation: 'FilterLogEvents' }`. */
  readonly match: { readonly service?: string; readonly operation?: string };
  readonly effect: FaultEffect;
  /** Requests that it hits before it is spent; absent: all. */
  readonly times?: number;
}

export interface FaultedCall {
  readonly service: string;
  readonly operation: string;
  readonly ctx: Pick<RequestContext, 'account' | 'region'>;
}

/** What goes wrong on purpose. May be changed at any time, from the test that holds it. */
export interface Faults {
  /** Rules are tried in the order in which they were added. Returns what takes this one away again. */
  add(rule: FaultRule): () => void;
  clear(): void;
  /**
   * Every rule that matches takes effect; the first that fails the request is the last one. Rejects with the signal's
   * reason when it is aborted during a delay.
   *
   * @throws AwsError, ConnectionReset
   */
  apply(call: FaultedCall, clock: Clock, signal: AbortSignal): Promise<void>;
}

export function createFaults(): Faults {
  const rules = new Map<symbol, { readonly rule: FaultRule; left: number }>();
  return {
    add(rule) {
      const id = Symbol();
      rules.set(id, { rule, left: rule.times ?? Infinity });
      return () => void rules.delete(id);
    },
    clear: () => rules.clear(),
    async apply(call, clock, signal) {
      for (const [id, entry] of rules) {
        // Taken away while an earlier rule slept.
        if (!rules.has(id) || !matches(entry.rule, call)) continue;
        entry.left--;
        if (entry.left <= 0) rules.delete(id);
        await takeEffect(entry.rule.effect, call, clock, signal);
      }
    },
  };
}

function matches({ match, effect }: FaultRule, { service, operation }: FaultedCall): boolean {
  if (match.service !== undefined && match.service !== service) return false;
  if (match.operation !== undefined && match.operation !== operation) return false;
  // Not even an explicit deny blocks it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  return !(effect.kind === 'deny' && operation === 'GetCallerIdentity');
}

async function takeEffect(
  effect: FaultEffect,
  call: FaultedCall,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  switch (effect.kind) {
    case 'deny':
      throw denied(call);
    case 'throttle':
      throw throttled(call.service);
    case 'error':
      throw new AwsError(effect.code, effect.message, {
        status: effect.status,
        ...(effect.members && { members: effect.members }),
      });
    case 'latency':
      return clock.sleep(effect.ms, signal);
    case 'reset':
      throw new ConnectionReset();
  }
}

function throttled(service: string): AwsError {
  switch (service) {
    case 's3':
      return new AwsError('SlowDown', 'Please reduce your request rate.', { status: 503 });
    case 'lambda':
      return new AwsError('TooManyRequestsException', 'Rate exceeded', { status: 429 });
    case 'logs':
      return new AwsError('ThrottlingException', 'Rate exceeded', { status: 400 });
    default:
      return new AwsError('Throttling', 'Rate exceeded', { status: 400 });
  }
}

/** Lambda's permissions are named after the operation, except for this one. */
const PERMISSIONS: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' };

/**
 * S3 names neither the caller nor the action; the others name both. The caller is the one that GetCallerIdentity names
 * for a key of no session; the resource is a wildcard, since a fault is decided before the input is read.
 */
function denied({ service, operation, ctx }: FaultedCall): AwsError {
  if (service === 's3') return new AwsError('AccessDenied', 'Access Denied', { status: 403 });
  const call = `${service}:${operation}`;
  const action = PERMISSIONS[call] ?? call;
  const message =
    `User: arn:aws:iam::${ctx.account}:root is not authorized to perform: ${action} on resource: ${resourceOf(service, ctx)} ` +
    `because no identity-based policy allows the ${action} action`;
  switch (service) {
    case 'lambda':
      return new AwsError('AccessDeniedException', message, { status: 403 });
    case 'logs':
      return new AwsError('AccessDeniedException', message, { status: 400 });
    default:
      return new AwsError('AccessDenied', message, { status: 403 });
  }
}

function resourceOf(service: string, { region, account }: FaultedCall['ctx']): string {
  switch (service) {
    case 'lambda':
      return `arn:aws:lambda:${region}:${account}:function:*`;
    case 'logs':
      return `arn:aws:logs:${region}:${account}:log-group:*`;
    default:
      return '*';
  }
}
