import type { ConfigurationFile } from './configuration-file.ts';
import {
  hasEventBridge,
  overlapOf,
  rulesOf,
  sameRule,
  withoutRule,
  withRule,
  type NotificationDocument,
  type Overlap,
} from './notification.ts';

/**
 * The document that a file asks for. Rules of the file are added, or take the place of those with their ids; one that stands
 * there already stays exactly as AWS returned it. What the file does not name stays, unless `prune` is set.
 */
export function documentFor(
  current: NotificationDocument,
  file: Pick<ConfigurationFile, 'rules' | 'eventBridge'>,
  prune: boolean,
): NotificationDocument {
  let document = current;
  if (prune) {
    const named = new Set(file.rules.map(({ id }) => id));
    for (const { id } of rulesOf(current)) if (!named.has(id)) document = withoutRule(document, id);
  }
  for (const rule of file.rules) {
    const there = rulesOf(document).find(({ id }) => id === rule.id);
    if (!there || !sameRule(there, rule)) document = withRule(document, rule);
  }
  return withEventBridge(document, file.eventBridge, prune);
}

function withEventBridge(
  document: NotificationDocument,
  wanted: boolean | undefined,
  prune: boolean,
): NotificationDocument {
  if (wanted === undefined || wanted === hasEventBridge(document)) return document;
  if (wanted) return { ...document, EventBridgeConfiguration: {} };
  if (!prune) return document;
  const { EventBridgeConfiguration: _, ...rest } = document;
  return rest;
}

/** The first two rules that S3 would not take together. */
export function overlapIn(document: NotificationDocument): Overlap | undefined {
  const rules = rulesOf(document);
  for (const [index, rule] of rules.entries()) {
    for (const other of rules.slice(index + 1)) {
      const overlap = overlapOf(rule, other);
      if (overlap) return overlap;
    }
  }
  return undefined;
}
