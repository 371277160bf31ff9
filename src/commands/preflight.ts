/** The preflight before a write: what S3 would refuse stops here, and a dead rule that stands there is the person's choice. */
import type { CallerIdentity } from '../aws/identity.ts';
import { readDestinationStates } from '../aws/read-destination-state.ts';
import type { Target } from '../aws/target.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { bucketArn, parseArn } from '../core/arn.ts';
import type { DestinationStates } from '../core/destination-state.ts';
import { S3evtError } from '../core/errors.ts';
import {
  rulesOf,
  sameRule,
  withoutRule,
  type NotificationDocument,
  type Rule,
} from '../core/notification.ts';
import type { Plan } from '../core/plan.ts';
import { preflight, type Finding, type PreflightBucket } from '../core/preflight.ts';
import { grouped, isRefused, preflightWarnings, refusalError } from '../core/preflight-report.ts';
import type { Context } from './context.ts';

interface PreflightScope {
  readonly bucket: string;
  readonly identity: CallerIdentity;
  readonly target: Target;
}

/** What the destinations of rules are like, and what stands in the way of them. */
interface Looked {
  readonly states: DestinationStates;
  readonly findings: readonly Finding[];
}

/**
 * Reads the destinations of the rules and judges them. `standing` are the rules of the bucket today. One round trip, three when a key
 * encrypts one; none without rules.
 */
export async function lookAtDestinations(
  rules: readonly Rule[],
  standing: readonly Rule[],
  scope: PreflightScope,
  ctx: Pick<Context, 'aws'>,
): Promise<Looked> {
  const states = await statesBehind(rules, ctx);
  return { states, findings: judge(rules, standing, states, scope) };
}

/** What the destinations of the rules are like today. */
export function statesBehind(
  rules: readonly Rule[],
  { aws }: Pick<Context, 'aws'>,
): Promise<DestinationStates> {
  return readDestinationStates(
    aws,
    rules.map(({ destination }) => destination),
  );
}

function judge(
  rules: readonly Rule[],
  standing: readonly Rule[],
  states: DestinationStates,
  scope: PreflightScope,
): readonly Finding[] {
  const flags = commandFlags(scope.target);
  return preflight({ rules, bucket: sendingBucket(scope, standing), states, flags });
}

/** S3 took the rules that stand there, so they are in its Region, whichever one the call is for. */
function sendingBucket(
  { bucket, identity, target }: PreflightScope,
  standing: readonly Rule[],
): PreflightBucket {
  const [first] = standing;
  const region = first && parseArn(first.destination.arn)?.region;
  return {
    name: bucket,
    arn: bucketArn(identity.partition, bucket),
    account: identity.account,
    region: region ?? target.region.value,
    regionKnown: region !== undefined,
  };
}

interface PreflightChoice {
  /** With --remove-dead-rules. */
  readonly removeDead: boolean;
  readonly yes: boolean;
  /** Destinations that the plan itself makes or mends. */
  readonly mended?: ReadonlySet<string>;
  /** What was read of the destinations already; read here when absent. */
  readonly states?: DestinationStates;
}

/**
 * The plan with which S3 may be asked: the very one, or one that takes dead rules out in the same write. Only plans that write the
 * configuration are looked at. Throws DESTINATION_REFUSED, or CANCELLED when a person leaves everything as it is.
 */
export async function passPreflight<P extends Plan>(
  plan: P,
  choice: PreflightChoice,
  scope: PreflightScope,
  ctx: Pick<Context, 'aws' | 'ask' | 'emit'>,
): Promise<P> {
  const write = writeOf(plan);
  if (!write) return plan;
  const standing = rulesOf(write.before);
  const rules = rulesOf(write.after).filter(
    ({ destination }) => choice.mended?.has(destination.arn) !== true,
  );
  const findings = judge(rules, standing, choice.states ?? (await statesBehind(rules, ctx)), scope);
  for (const warning of preflightWarnings(findings)) ctx.emit({ type: 'warning', warning });
  const dead = findings.filter(isRefused);
  if (dead.length === 0) return plan;
  const stands = (finding: Finding) => {
    const rule = rules.find(({ id }) => id === finding.ruleId);
    return rule !== undefined && standing.some((other) => other.id === rule.id && sameRule(other, rule));
  };
  const fresh = dead.filter((finding) => !stands(finding));
  // What the call itself asks for is not taken out of it again.
  if (fresh.length > 0) throw refusalError(dead, scope.bucket, { removable: false });
  if (!choice.removeDead) await askOver(dead, choice, scope, ctx);
  return withoutRules(
    plan,
    dead.map(({ ruleId }) => ruleId),
  );
}

/** Returns when the dead rules are to go. */
async function askOver(
  dead: readonly Finding[],
  { yes }: PreflightChoice,
  { bucket }: PreflightScope,
  { ask, emit }: Pick<Context, 'ask' | 'emit'>,
): Promise<void> {
  const refusal = refusalError(dead, bucket, { removable: true });
  if (!ask.interactive || yes) throw refusal;
  const lines = grouped(dead).map((text) => ({ mark: ' ', text }) as const);
  emit({ type: 'show', title: `S3 refuses every change of ${bucket} because of`, lines });
  const way = await ask.choose({
    message: 'What is to become of it?',
    flag: '--remove-dead-rules',
    choices: [
      { value: 'leave', name: 'Leave it', description: 'nothing is changed' },
      { value: 'repair', name: 'Show how to repair it', description: 'the commands, and nothing is changed' },
      { value: 'remove', name: 'Remove it in the same write', description: 'the former document is saved' },
    ] as const,
    initial: 'leave',
  });
  if (way === 'leave') throw new S3evtError('CANCELLED', 'nothing was done');
  if (way === 'repair') throw refusal;
}

/** The write of the plan, if it changes anything. */
export function writeOf(
  plan: Plan,
): { readonly before: NotificationDocument; readonly after: NotificationDocument } | undefined {
  for (const { action, change } of plan.steps) {
    if (action.kind === 'put-notification' && change !== 'none') return action;
  }
  return undefined;
}

function withoutRules<P extends Plan>(plan: P, ids: readonly string[]): P {
  const less = (document: NotificationDocument) => [...new Set(ids)].reduce(withoutRule, document);
  const steps = plan.steps.map((step) =>
    step.action.kind === 'put-notification'
      ? {
          ...step,
          title: `${step.title}, and remove ${ids.length === 1 ? 'the dead rule' : 'the dead rules'} ${[...new Set(ids)].join(', ')}`,
          action: { ...step.action, after: less(step.action.after) },
        }
      : step,
  );
  const documents = 'document' in plan ? { document: less(plan.document as NotificationDocument) } : {};
  return { ...plan, steps, ...documents };
}
