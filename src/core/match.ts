import { eventCovers, sharedEvents } from './event-name.ts';
import { encodeEventKey, keyIn, keyPasses, keyPassesDecoded, type KeyFilter } from './key-filter.ts';
import { rulesOf, type NotificationDocument, type Rule } from './notification.ts';

/** Why a rule does not take an event of a key. */
export interface Miss {
  readonly rule: Rule;
  readonly reason: 'event' | 'prefix' | 'suffix' | 'encoding';
  /** One sentence. */
  readonly detail: string;
}

export interface Match {
  readonly matches: readonly Rule[];
  readonly misses: readonly Miss[];
}

/** Which of the rules take this event (`s3:` or not) of this key (decoded), and why the others do not. */
export function matchRules(rules: readonly Rule[], key: string, eventName: string): Match {
  const matches: Rule[] = [];
  const misses: Miss[] = [];
  for (const rule of rules) {
    const miss = missOf(rule, key, eventName);
    if (miss) misses.push(miss);
    else matches.push(rule);
  }
  return { matches, misses };
}

function missOf(rule: Rule, key: string, eventName: string): Miss | undefined {
  // Asked about a family, a rule that takes a part of it counts.
  if (sharedEvents(rule.events, [eventName]).length === 0) {
    return { rule, reason: 'event', detail: `it takes ${rule.events.join(', ')}, not ${eventName}` };
  }
  const { prefix, suffix } = rule.filter;
  return (
    (prefix === undefined ? undefined : sideMiss(rule, key, 'prefix', prefix)) ??
    (suffix === undefined ? undefined : sideMiss(rule, key, 'suffix', suffix))
  );
}

function sideMiss(rule: Rule, key: string, side: 'prefix' | 'suffix', value: string): Miss | undefined {
  const filter: KeyFilter = { [side]: value };
  if (keyPasses(filter, key)) return undefined;
  if (keyPassesDecoded(filter, key)) {
    return {
      rule,
      reason: 'encoding',
      detail: `the key has the ${side} "${value}", but in a filter it must be written "${encodeEventKey(value)}"`,
    };
  }
  const verb = side === 'prefix' ? 'begin' : 'end';
  const caseOnly = keyPasses({ [side]: value.toLowerCase() }, key.toLowerCase());
  const why = caseOnly ? ', except for upper and lower case' : '';
  return { rule, reason: side, detail: `the key does not ${verb} with "${value}"${why}` };
}

/** A key for a file of this name that some rule takes: the name itself, or with the prefix of the first rule that then fits. */
export function keyFor(document: NotificationDocument, name: string, eventName: string): string {
  if (matchRules(rulesOf(document), name, eventName).matches.length > 0) return name;
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
