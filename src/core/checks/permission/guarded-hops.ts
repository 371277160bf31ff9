import type { Sender } from '../../doctor/admission.ts';
import type { Look } from '../../doctor/check.ts';
import type { Hop } from '../../doctor/routes.ts';

export type GuardedHop = Hop & { readonly sender: Sender };

/**
 * What somebody hands events to and has to be admitted for, each destination and sender once. Left out: what a rule that is switched off
 * or a subscription that is not confirmed would send, and targets that EventBridge reaches by a role.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
 */
export function guardedHops({ hops }: Pick<Look, 'hops'>): readonly GuardedHop[] {
  const found = new Map<string, GuardedHop>();
  for (const hop of hops) {
    const { sender, subscription, target, eventRule } = hop;
    if (!sender || target?.roleArn !== undefined || eventRule?.state === 'DISABLED') continue;
    if (subscription && subscription.arn === undefined) continue;
    const id = `${hop.arn} ${sender.sourceArn}`;
    if (!found.has(id)) found.set(id, { ...hop, sender });
  }
  return [...found.values()];
}
