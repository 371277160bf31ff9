/** What `destroy` does with event rules, and with EventBridge of a bucket. */
import type { Keep, MadeFact } from './made-fact.ts';
import { EVENT_TARGET_ID, ruleStatementIdFor } from './event-rule.ts';
import { hasEventBridge, type NotificationDocument } from './notification.ts';
import type { Step } from './plan.ts';

/** The rule with our target; only the target where others have theirs on the rule. */
export function planEventRule(fact: MadeFact, after: readonly string[], keep: Keep): readonly Step[] {
  if (fact.kind !== 'event-rule' || fact.now === 'gone') return [];
  if (fact.now === 'foreign') return keep(fact, 'it does not carry the tag of s3evt: somebody made it anew');
  const { name } = fact;
  const other = foreignTarget(fact);
  if (other !== undefined) keep(fact, `target ${other}, which s3evt did not make, is on it`);
  if (other !== undefined && !fact.targets.includes(EVENT_TARGET_ID)) return [];
  return [
    {
      id: `event-rule-${name}`,
      title:
        other === undefined
          ? `Delete event rule ${name}`
          : `Remove the target of s3evt from event rule ${name}`,
      change: 'delete',
      after,
      action: { kind: 'remove-event-rule', rule: name, withRule: other === undefined },
    },
  ];
}

function foreignTarget({ targets }: Extract<MadeFact, { kind: 'event-rule' }>): string | undefined {
  return targets.find((id) => id !== EVENT_TARGET_ID);
}

/** The rule of the event bus that lives by a permission or a statement of that id, when it stays. */
export function eventRuleNeeding(made: readonly MadeFact[], statementId: string): string | undefined {
  return made.find(
    (fact) =>
      fact.kind === 'event-rule' && fact.now === 'foreign' && ruleStatementIdFor(fact.name) === statementId,
  )?.name;
}

/** The document without EventBridge, if s3evt turned it on and no rule that stays takes the bucket's events from the bus. */
export function withoutOurEventBridge(
  bucket: string,
  document: NotificationDocument,
  made: readonly MadeFact[],
  keep: Keep,
): NotificationDocument {
  const fact = made.find(({ kind, name }) => kind === 'eventbridge' && name === bucket);
  if (fact?.kind !== 'eventbridge' || !hasEventBridge(document)) return document;
  if (fact.takers === undefined) {
    keep(fact, 'the rules of the default event bus may not be listed');
    return document;
  }
  const removed = new Set(
    made.flatMap((other) =>
      other.kind === 'event-rule' && other.now === 'ours' && foreignTarget(other) === undefined
        ? [other.name]
        : [],
    ),
  );
  const taker = fact.takers.find((name) => !removed.has(name));
  if (taker !== undefined) {
    keep(fact, `event rule ${taker}, which stays, takes its events`);
    return document;
  }
  const { EventBridgeConfiguration: _, ...rest } = document;
  return rest;
}
