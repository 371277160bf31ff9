/** Changes of a rule that S3 would take: it refuses the whole document when two rules overlap. */
import { overlapsWith, type NotificationDocument, type Rule } from '../../notification.ts';
import { waysOut } from '../../overlap-ways.ts';
import type { Fix } from '../../doctor/finding.ts';
import { ask, edit, tell } from '../../doctor/fixes.ts';

interface RuleChange {
  readonly events?: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
}

/** The first of the changes that goes together with the bucket's other rules; when none does, the ways out of that. */
export function changeRule(
  document: NotificationDocument,
  rule: Rule,
  changes: readonly [RuleChange, ...RuleChange[]],
  { bucket, advice }: { readonly bucket: string; readonly advice?: string },
): Fix {
  for (const change of changes) {
    if (overlapsWith(document, changed(rule, change)).length > 0) continue;
    return {
      ...ask(edit({ kind: 'set', ruleId: rule.id, ...change })),
      ...(advice === undefined ? {} : { advice }),
    };
  }
  const last = changed(rule, changes.at(-1) ?? changes[0]);
  const [overlap] = overlapsWith(document, last);
  const what = `S3 would not take the changed rule "${rule.id}" beside rule "${overlap?.b.id ?? ''}", which has some of the same events.`;
  const ways = overlap === undefined ? '' : ` ${waysOut(overlap, { bucket }).hint}`;
  return tell(`${advice === undefined ? '' : `${advice} `}${what}${ways}`);
}

function changed(rule: Rule, { events = rule.events, prefix, suffix }: RuleChange): Rule {
  return {
    ...rule,
    events,
    filter: {
      ...rule.filter,
      ...(prefix === undefined ? {} : { prefix }),
      ...(suffix === undefined ? {} : { suffix }),
    },
  };
}

/** The one rule takes the whole family, or, where another rule has a part of it, the missing events. Of several a person has to choose. */
export function widen(
  document: NotificationDocument,
  rules: readonly Rule[],
  family: string,
  missing: readonly string[],
  place: { readonly bucket: string; readonly advice?: string },
): Fix {
  const [rule, ...more] = rules;
  if (!rule || more.length > 0) return tell(`Let one of these rules take ${missing.join(' and ')}.`);
  const others = rule.events.filter((event) => !event.startsWith(`s3:${family}:`));
  const changes = [
    { events: [...others, `s3:${family}:*`] },
    { events: [...rule.events, ...missing] },
  ] as const;
  return changeRule(document, rule, changes, place);
}
