/**
 * May a caller do something? Identity policies and the resource's policy together
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 */
import { evaluatePolicy, type PolicyDecision, type PolicyRequest } from '../../core/policy.ts';
import type { Caller } from './caller.ts';
import { readDocument } from './documents.ts';

export interface AccessRequest {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  /** Account that the resource belongs to. */
  readonly owner: string;
  /** JSON texts of the identity policies of a session's role. */
  readonly identity: readonly string[];
  /** JSON text. */
  readonly resourcePolicy: string | undefined;
  /** A key policy alone gives access; identity policies count as far as it hands over to its account. */
  readonly isKey?: boolean;
  readonly context: Readonly<Record<string, string>>;
}

/** The kind of policy that is to blame, and whether it says no or does not say yes. */
export interface Denial {
  readonly explicit: boolean;
  readonly by: 'identity' | 'resource';
}

type Effect = PolicyDecision['effect'];

const IMPLICIT_IDENTITY: Denial = { explicit: false, by: 'identity' };
const IMPLICIT_RESOURCE: Denial = { explicit: false, by: 'resource' };

/** Undefined when it may. */
export function denialOf(request: AccessRequest): Denial | undefined {
  const { caller, owner, resourcePolicy } = request;
  const identity = identityEffect(request);
  if (identity === 'explicit-deny') return { explicit: true, by: 'identity' };
  const resource = resourcePolicy === undefined ? 'implicit-deny' : resourceEffect(request, resourcePolicy);
  if (resource === 'explicit-deny') return { explicit: true, by: 'resource' };

  // Between accounts both sides have to agree, and so they have for nobody. Root has every right on its own side.
  if (caller.account !== owner) {
    if (resource !== 'allow') return IMPLICIT_RESOURCE;
    return identity === 'allow' || caller.kind === 'anonymous' ? undefined : IMPLICIT_IDENTITY;
  }
  if (request.isKey && resource !== 'allow') return IMPLICIT_RESOURCE;
  if (identity === 'allow') return undefined;
  const isNamed = resourcePolicy !== undefined && resourceEffect(request, resourcePolicy, true) === 'allow';
  return isNamed ? undefined : IMPLICIT_IDENTITY;
}

/** Of all policies together, for callers without a resource's policy in sight (SimulatePrincipalPolicy). */
export function identityEffect({
  caller,
  identity,
  ...request
}: Pick<AccessRequest, 'caller' | 'identity' | 'action' | 'resource' | 'context'>): Effect {
  if (caller.kind === 'root') return 'allow';
  let effect: Effect = 'implicit-deny';
  for (const text of identity) {
    const { document } = readDocument(text);
    if (!document) continue;
    const decision = evaluatePolicy(document, { ...request, principal: { aws: caller.arn } });
    if (decision.effect === 'explicit-deny') return 'explicit-deny';
    if (decision.effect === 'allow') effect = 'allow';
  }
  return effect;
}

function resourceEffect(request: AccessRequest, policy: string, byName = false): Effect {
  const { document } = readDocument(policy);
  if (!document) return 'implicit-deny';
  const { caller, action, resource, context } = request;
  const principal: PolicyRequest['principal'] =
    caller.kind === 'anonymous' ? {} : { aws: caller.arn, byName };
  return evaluatePolicy(document, { principal, action, resource, context }).effect;
}
