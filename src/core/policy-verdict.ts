/** What a resource-based policy decides about a service's delivery, and how sure that is. */
import { withoutUnknown } from './policy-unknowns.ts';
import type { NearMiss, PolicyDecision } from './policy.ts';

export type PolicyVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly sid: string | undefined }
  /** Nothing allows it; `nearest` is the Allow statement that came closest, if there is any. */
  | { readonly kind: 'refused'; readonly nearest: NearMiss | undefined }
  /** It depends on these condition keys, or elements, of which it is not known what the service presents. */
  | { readonly kind: 'undecided'; readonly keys: readonly string[] }
  | { readonly kind: 'unreadable' };

/**
 * In every request, so a condition on them does hold at some times and not at others
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-currenttime). There is no clock here.
 */
const TIMES = new Set(['aws:currenttime', 'aws:epochtime']);

/**
 * `decide` evaluates a policy text with what the service presents, undefined for a text that is no policy; `isDecidable` says of a condition
 * key, in lower case, whether it is known what the service presents for it. Without a policy nothing is allowed.
 */
export function policyVerdict(
  policy: string | undefined,
  decide: (text: string) => PolicyDecision | undefined,
  isDecidable: (key: string) => boolean,
): PolicyVerdict {
  if (policy === undefined) return { kind: 'refused', nearest: undefined };
  const decision = decide(policy);
  if (!decision) return { kind: 'unreadable' };
  if (decision.effect === 'allow') {
    const keys = timesThatShutOut(policy, decide);
    return keys.length > 0 ? { kind: 'undecided', keys } : { kind: 'allowed' };
  }
  const relaxed = withoutUnknown(policy, isDecidable);
  if (relaxed && relaxed.keys.length > 0 && decide(relaxed.policy)?.effect === 'allow') {
    return { kind: 'undecided', keys: relaxed.keys };
  }
  return decision.effect === 'explicit-deny'
    ? { kind: 'denied', sid: decision.sid }
    : { kind: 'refused', nearest: decision.nearMiss };
}

/** The keys of time on which it depends that what is allowed as far as can be seen is not denied after all. */
function timesThatShutOut(
  policy: string,
  decide: (text: string) => PolicyDecision | undefined,
): readonly string[] {
  const harshest = withoutUnknown(policy, (key) => !TIMES.has(key), 'Allow');
  const keys = (harshest?.keys ?? []).filter((key) => TIMES.has(key.toLowerCase()));
  if (!harshest || keys.length === 0) return [];
  return decide(harshest.policy)?.effect === 'allow' ? [] : keys;
}
