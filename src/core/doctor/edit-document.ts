/** Changes of a bucket's configuration that fixes propose. */
import {
  hasEventBridge,
  rulesOf,
  withoutRule,
  withRule,
  type NotificationDocument,
  type Rule,
} from '../notification.ts';
import type { NotificationEdit } from './finding.ts';

/** All edits in their order. A rule that is no longer there is left alone; whatever no edit names stays as it is. */
export function editDocument(
  document: NotificationDocument,
  edits: readonly NotificationEdit[],
): NotificationDocument {
  return edits.reduce(editOnce, document);
}

function editOnce(document: NotificationDocument, edit: NotificationEdit): NotificationDocument {
  switch (edit.kind) {
    case 'remove':
      return withoutRule(document, edit.ruleId);
    case 'enable-eventbridge':
      return hasEventBridge(document) ? document : { ...document, EventBridgeConfiguration: {} };
    case 'merge': {
      const ids = new Set(rulesOf(document).map(({ id }) => id));
      const lost = rulesOf(edit.document).filter(({ id }) => !ids.has(id));
      const merged = lost.reduce(withRule, document);
      return hasEventBridge(edit.document) && !hasEventBridge(merged)
        ? { ...merged, EventBridgeConfiguration: {} }
        : merged;
    }
    case 'set': {
      const rule = rulesOf(document).find(({ id }) => id === edit.ruleId);
      return rule ? withRule(document, changed(rule, edit)) : document;
    }
  }
}

function changed(rule: Rule, edit: Extract<NotificationEdit, { readonly kind: 'set' }>): Rule {
  const { events = rule.events, prefix = rule.filter.prefix, suffix = rule.filter.suffix, arn } = edit;
  return {
    ...rule,
    events,
    filter: {
      ...(prefix === undefined ? {} : { prefix }),
      ...(suffix === undefined ? {} : { suffix }),
    },
    destination: arn === undefined ? rule.destination : { ...rule.destination, arn },
  };
}
