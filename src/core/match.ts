import { eventCovers } from './event-name.ts';
import { keyIn, keyPasses, type KeyFilter } from './key-filter.ts';
import { rulesOf, type NotificationDocument, type Rule } from './notification.ts';

/** Why a rule does not take an event of a key. */
export interface Miss {
  readonly rule: Rule;
  readonly reason: 'event' | 'prefix' | 'suffix';
  /** One sentence. */
  readonly detail: string;
}

export interface Match {
  readonly matches: readonly Rule[];
  readonly misses: readonly Miss[];
}

/** Which rules of the document take this event (`s3:` or not) of this key (decoded), and why the others do not. */
export function matchRules(document: NotificationDocument, key: string, eventName: string): Match {
  const matches: Rule[] = [];
  const misses: Miss[] = [];
  for (const rule of rulesOf(document)) {
    const miss = missOf(rule, key, eventName);
    if (miss) misses.push(miss);
    else matches.push(rule);
  }
  return { matches, misses };
}

function missOf(rule: Rule, key: string, eventName: string): Miss | undefined {
  if (!rule.events.some((configured) => eventCovers(configured, eventName))) {
    return { rule, reason: 'event', detail: `it takes ${rule.events.join(', ')}, not ${eventName}` };
  }
  const only = (filter: KeyFilter) => keyPasses(filter, key);
  const { prefix, suffix } = rule.filter;
  if (prefix !== undefined && !only({ prefix }))
    return { rule, reason: 'prefix', detail: `the key does not begin with "${prefix}"` };
  if (suffix !== undefined && !only({ suffix }))
    return { rule, reason: 'suffix', detail: `the key does not end with "${suffix}"` };
  return undefined;
}

/** A key for a file of this name that some rule takes: the name itself, or with the prefix of the first rule that then fits. */
export function keyFor(document: NotificationDocument, name: string, eventName: string): string {
  if (matchRules(document, name, eventName).matches.length > 0) return name;
  for (const rule of rulesOf(document)) {
    const { prefix = '' } = rule.filter;
    const key = keyIn({ prefix }, name);
    if (missOf(rule, key, eventName) === undefined) return key;
  }
  return name;
}

/** A key for a small generated object that the first fitting rule takes. `unique` keeps it apart from others. */
export function generatedKey(document: NotificationDocument, eventName: string, unique: string): string {
  const rule = rulesOf(document).find((candidate) =>
    candidate.events.some((configured) => eventCovers(configured, eventName)),
  );
  const { prefix = '', suffix = '' } = rule?.filter ?? {};
  const middle = `s3evt-test-${unique}`;
  return suffix === '' ? keyIn({ prefix }, `${middle}.txt`) : keyIn({ prefix, suffix }, middle);
}
