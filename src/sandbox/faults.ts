/** What goes wrong on purpose: off by default, and the same in every run with the same seed. */
import type { Clock } from '../core/clock.ts';
import { globMatches } from '../core/glob.ts';
import { denied, throttled, type FaultedCall } from './fault-answers.ts';
import type {
  Chance,
  DeliveryEffect,
  FaultEffect,
  FaultRule,
  LogEffect,
  PropagationEffect,
  PropagationKind,
} from './fault-rules.ts';
import { createRandom } from './ids.ts';
import { AwsError, ConnectionReset } from './wire/types.ts';

export interface FaultedDelivery {
  readonly bucket: string;
  readonly key: string;
  /** ARN. */
  readonly destination: string;
}

/** One handing over of a message. */
export interface DeliveryCopy {
  /** Milliseconds on the sandbox's clock before it begins. */
  readonly delayMs: number;
  /** What made it come again or late. */
  readonly fault?: DeliveryEffect['kind'];
}

/** What goes wrong on purpose. May be changed at any time, from the test that holds it. */
export interface Faults {
  /** Rules are tried in the order in which they were added. Returns what takes this one away again. */
  add(rule: FaultRule): () => void;
  /** The rules that are not spent, with the hits that are left where they are counted. */
  list(): readonly FaultRule[];
  clear(): void;
  /**
   * Every rule that matches takes effect; the first that fails the request is the last one. `hit` is told of each.
   * Rejects with the signal's reason when it is aborted during a delay.
   *
   * @throws AwsError, ConnectionReset
   */
  apply(
    call: FaultedCall,
    clock: Clock,
    signal: AbortSignal,
    hit?: (kind: FaultEffect['kind']) => void,
  ): Promise<void>;
  /** Whether something that is no request, but stands for this one, is throttled now: an event in Lambda's queue. */
  throttles(call: Pick<FaultedCall, 'service' | 'operation'>): boolean;
  /** How often and when a message is handed over: once and at once without a rule, never when it is dropped. */
  deliveries(delivery: FaultedDelivery): readonly DeliveryCopy[];
  /** Milliseconds until a batch of lines of this log group appears. */
  ingestionDelay(logGroup: string): number;
  /** Milliseconds; `otherwise` where no rule says so. */
  propagation(kind: PropagationKind, otherwise: number): number;
}

interface Entry {
  readonly rule: FaultRule;
  left: number;
  /** Of its own: what one rule draws does not depend on what others are asked. */
  readonly random: () => number;
}

const PROPAGATION_KINDS: ReadonlySet<string> = new Set<PropagationKind>([
  'iam-propagation',
  'function-activation',
  'notification-propagation',
]);

export function createFaults(options: { readonly seed?: number } = {}): Faults {
  const entries = new Set<Entry>();
  const seeds = createRandom(options.seed ?? 0);

  /** Whether the rule, which matches, takes effect now. */
  const strikes = (entry: Entry): boolean => {
    const { rate } = entry.rule as Chance;
    if (rate !== undefined && entry.random() >= rate) return false;
    entry.left--;
    if (entry.left <= 0) entries.delete(entry);
    return true;
  };

  return {
    add(rule) {
      const { times = Infinity } = rule as Chance;
      const entry = { rule, left: times, random: createRandom(seeds()) };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    list: () => [...entries].map(({ rule, left }) => (left === Infinity ? rule : { ...rule, times: left })),
    clear: () => entries.clear(),
    async apply(call, clock, signal, hit) {
      for (const entry of [...entries]) {
        const { rule } = entry;
        // Taken away while an earlier rule slept.
        if (!entries.has(entry) || !isRequestRule(rule) || !matchesCall(rule, call)) continue;
        if (!strikes(entry)) continue;
        hit?.(rule.effect.kind);
        await takeEffect(rule.effect, call, clock, signal);
      }
    },
    throttles(call) {
      return [...entries].some(
        (entry) =>
          isRequestRule(entry.rule) &&
          entry.rule.effect.kind === 'throttle' &&
          matchesCall(entry.rule, call) &&
          strikes(entry),
      );
    },
    deliveries(delivery) {
      let copies: readonly DeliveryCopy[] = [{ delayMs: 0 }];
      for (const entry of [...entries]) {
        const { rule } = entry;
        if (copies.length === 0 || !isDeliveryRule(rule) || !matchesDelivery(rule, delivery)) continue;
        if (strikes(entry)) copies = copiesAfter(rule.effect, copies, entry.random);
      }
      return copies;
    },
    ingestionDelay(logGroup) {
      let ms = 0;
      for (const entry of [...entries]) {
        const { rule } = entry;
        if (!isLogRule(rule) || !globMatches(rule.match?.group ?? '*', logGroup) || !strikes(entry)) continue;
        ms += rule.effect.kind === 'late-logs' ? rule.effect.ms : drawn(rule.effect.ms, entry.random);
      }
      return ms;
    },
    propagation(kind, otherwise) {
      const last = [...entries].findLast(({ rule }) => rule.effect.kind === kind);
      return last && isPropagationRule(last.rule) ? last.rule.effect.ms : otherwise;
    },
  };
}

type RuleOf<Effect> = Extract<FaultRule, { readonly effect: Effect }>;

function isDeliveryRule(rule: FaultRule): rule is RuleOf<DeliveryEffect> {
  return ['drop', 'duplicate', 'late-events', 'reorder'].includes(rule.effect.kind);
}

function isLogRule(rule: FaultRule): rule is RuleOf<LogEffect> {
  return rule.effect.kind === 'late-logs' || rule.effect.kind === 'log-disorder';
}

function isPropagationRule(rule: FaultRule): rule is RuleOf<PropagationEffect> {
  return PROPAGATION_KINDS.has(rule.effect.kind);
}

function isRequestRule(rule: FaultRule): rule is RuleOf<FaultEffect> {
  return !isDeliveryRule(rule) && !isLogRule(rule) && !isPropagationRule(rule);
}

function matchesCall(
  { match, effect }: RuleOf<FaultEffect>,
  { service, operation }: Pick<FaultedCall, 'service' | 'operation'>,
): boolean {
  if (match?.service !== undefined && match.service !== service) return false;
  if (match?.operation !== undefined && match.operation !== operation) return false;
  // Not even an explicit deny blocks it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  return !(effect.kind === 'deny' && operation === 'GetCallerIdentity');
}

function matchesDelivery(
  { match: { bucket = '*', key = '*', to = '*' } = {} }: RuleOf<DeliveryEffect>,
  delivery: FaultedDelivery,
): boolean {
  const { destination } = delivery;
  const [, , service = '', , , ...resource] = destination.split(':');
  const name = resource.join(':').replace(/^(?:function:|event-bus\/)/, '');
  return (
    globMatches(bucket, delivery.bucket) &&
    globMatches(key, delivery.key) &&
    [destination, service, name].some((text) => globMatches(to, text))
  );
}

function copiesAfter(
  effect: DeliveryEffect,
  copies: readonly DeliveryCopy[],
  random: () => number,
): readonly DeliveryCopy[] {
  switch (effect.kind) {
    case 'drop':
      return [];
    case 'duplicate':
      return [...copies, { delayMs: 0, fault: 'duplicate' }];
    case 'late-events':
      return copies.map((copy) => ({ fault: 'late-events', ...copy, delayMs: copy.delayMs + effect.ms }));
    case 'reorder':
      return copies.map((copy) => ({
        fault: 'reorder',
        ...copy,
        delayMs: copy.delayMs + drawn(effect.ms, random),
      }));
  }
}

/** Whole milliseconds, `most` at most. */
function drawn(most: number, random: () => number): number {
  return Math.ceil(random() * most);
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
