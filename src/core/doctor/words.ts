/** How messages call things. */
import { nameOf } from '../trace-destination.ts';
import { parseFunctionReference } from '../arn.ts';
import type { Evidence } from './finding.ts';
import type { Reading } from './reading.ts';
import { kindOf, type Hop } from './routes.ts';

/** `function thumbs:live`, `queue jobs`, `topic uploads`, `event rule all-objects`. */
export function called(arn: string): string {
  switch (kindOf(arn)) {
    case 'lambda': {
      const reference = parseFunctionReference(arn);
      const qualifier = reference?.qualifier;
      return `function ${reference?.name ?? arn}${qualifier === undefined ? '' : `:${qualifier}`}`;
    }
    case 'sqs':
      return `queue ${nameOf(arn)}`;
    case 'sns':
      return `topic ${nameOf(arn)}`;
    case 'event-rule':
    case 'other':
      return arn.includes(':events:') && arn.includes(':rule/') ? `event rule ${nameOf(arn)}` : arn;
  }
}

/** `rule thumbs`, `rules a and b`; nothing for EventBridge's ways. */
export function calledRules({ ruleIds }: Pick<Hop, 'ruleIds'>): string {
  if (ruleIds.length === 0) return 'EventBridge';
  const quoted = ruleIds.map((id) => `"${id}"`);
  if (quoted.length === 1) return `rule ${quoted[0] ?? ''}`;
  const shown = quoted.slice(0, 3);
  return `rules ${shown.join(', ')}${quoted.length > shown.length ? ` and ${quoted.length - shown.length} more` : ''}`;
}

/** What hands the event over there: `rule "thumbs"`, `topic uploads`, `event rule all-objects`. */
export function calledSender(hop: Hop): string {
  if (hop.depth === 0) return calledRules(hop);
  return hop.sender ? called(hop.sender.sourceArn) : 'an event source mapping';
}

/** `once`, `3 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** `1 event`, `3 events`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const LONGEST = 200;

/** Remote text is shown as it is, but never at any length. */
export function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** What a reading says, as evidence. */
export function evidence(reading: Reading<unknown> | undefined, field: string, value: string): Evidence {
  return { call: reading?.call ?? 'none', field, value };
}
