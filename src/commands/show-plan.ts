import {
  describeFilter,
  diffDocuments,
  rulesOf,
  type NotificationDocument,
  type Rule,
} from '../core/notification.ts';
import type { Plan } from '../core/plan.ts';
import type { Progress, ShownLine } from '../core/progress.ts';

const MARKS = { create: '+', update: '~', delete: '-', none: '=' } as const;

/** The plan as lines: what is made, changed, removed and used as it is. */
export function planShown(plan: Plan, title: string): Progress {
  const lines = plan.steps.map((step): ShownLine => ({ mark: MARKS[step.change], text: step.title }));
  return { type: 'show', title, lines };
}

export function ruleLine(rule: Rule): string {
  return `${rule.id}: ${rule.events.join(', ')} ${describeFilter(rule.filter)} -> ${rule.destination.arn}`;
}

/** The difference that a write makes to the configuration, with every rule that stays named: nobody's rule is touched unseen. */
export function diffShown(
  bucket: string,
  before: NotificationDocument,
  after: NotificationDocument,
): Progress {
  const diff = diffDocuments(before, after);
  const touched = new Set([...diff.added, ...diff.removed].map((rule) => rule.id));
  for (const { after: rule } of diff.changed) touched.add(rule.id);
  const lines: ShownLine[] = [
    ...diff.removed.map((rule) => ({ mark: '-', text: ruleLine(rule) }) as const),
    ...diff.changed.flatMap(
      (change) =>
        [
          { mark: '-', text: ruleLine(change.before) },
          { mark: '+', text: ruleLine(change.after) },
        ] as const,
    ),
    ...diff.added.map((rule) => ({ mark: '+', text: ruleLine(rule) }) as const),
    ...(diff.eventBridge === 'unchanged'
      ? []
      : ([{ mark: diff.eventBridge === 'enabled' ? '+' : '-', text: 'EventBridge' }] as const)),
    ...rulesOf(after)
      .filter((rule) => !touched.has(rule.id))
      .map((rule) => ({ mark: '=', text: ruleLine(rule) }) as const),
  ];
  return { type: 'show', title: `Notification configuration of ${bucket}`, lines };
}
