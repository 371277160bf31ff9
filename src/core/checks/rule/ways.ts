/** Which of the ways out of the bucket an event takes: its own rules, and the event rules behind EventBridge. */
import { eventCovers } from '../../event-name.ts';
import { compileEventPattern, matchesEventPattern, unmatchedFields } from '../../event-pattern.ts';
import { sampleEvent } from '../../eventbridge-sample.ts';
import { keyIn, keyPasses } from '../../key-filter.ts';
import { hasEventBridge, type Rule } from '../../notification.ts';
import type { Look } from '../../doctor/check.ts';
import type { EventRuleNode } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';
import { kindOf, liveRules, sameResource } from '../../doctor/routes.ts';

/** What the functions here read of the facts. */
export const WAY_FACTS = ['bucket.notification', 'eventRules'] as const;

/** One event, not a family. */
export function takes(rule: Rule, event: string): boolean {
  return rule.events.some((configured) => eventCovers(configured, event));
}

/** Whether the rule lists something of `ObjectCreated`, `ObjectRemoved`, … */
export function listsFamily(rule: Rule, family: string): boolean {
  return rule.events.some((event) => event.startsWith(`s3:${family}:`));
}

/** Without a key every filter might let it through. */
export function passes(rule: Rule, key: string | undefined): boolean {
  return key === undefined || keyPasses(rule.filter, key);
}

/**
 * Whether an event rule on the default bus takes the event, of those that may lead to what was expected. `unknown` where that cannot be
 * read, or hangs on what is not known of the event.
 */
export function bridgeTakes(look: Look, eventName: string, key: string): 'yes' | 'no' | 'unknown' {
  const { bucket, eventRules, question } = look.facts;
  const document = valueOf(bucket.notification);
  if (!document || !hasEventBridge(document) || question.ruleId !== undefined) return 'no';
  const event = sampleEvent({ bucket: bucket.name, key, eventName, account: '', region: '' });
  if (!event) return 'no';
  const rules = look.value(eventRules);
  if (!rules) return 'unknown';
  const answers = rules
    .filter((rule) => isOn(rule) && mayLeadTo(rule, question.expected))
    .map(({ pattern }) => answerOf(pattern, event));
  return answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no';
}

/** Whether another of the bucket's rules, or EventBridge, has the event of all keys that the rule is about; also where that is unknown. */
export function isTakenElsewhere(look: Look, rule: Rule, event: string): boolean {
  const { prefix = '', suffix = '' } = rule.filter;
  const byRule = liveRules(look.facts).some(
    (other) =>
      other.id !== rule.id &&
      takes(other, event) &&
      prefix.startsWith(other.filter.prefix ?? '') &&
      suffix.endsWith(other.filter.suffix ?? ''),
  );
  return byRule || bridgeTakes(look, event, keyIn(rule.filter, 'example')) !== 'no';
}

/** Whether any of the bucket's ways has the event of that key; also where that is unknown. */
export function isTaken(look: Look, event: string, key: string): boolean {
  const { expected, ruleId } = look.facts.question;
  // Whoever asks about one way is not told that another one had it.
  const rules = expected === undefined && ruleId === undefined ? liveRules(look.facts) : look.rules;
  return (
    rules.some((rule) => takes(rule, event) && keyPasses(rule.filter, key)) ||
    bridgeTakes(look, event, key) !== 'no'
  );
}

export function isOn({ bus, state }: EventRuleNode): boolean {
  return state !== 'DISABLED' && (bus === 'default' || bus.endsWith('/default'));
}

/** Behind a queue, a topic and other targets there may be anything. */
export function mayLeadTo({ targets }: EventRuleNode, expected: string | undefined): boolean {
  const known = valueOf(targets);
  return (
    expected === undefined ||
    known === undefined ||
    known.some(({ arn }) => sameResource(arn, expected) || kindOf(arn) !== 'lambda')
  );
}

/** Fields of which the sample says what the real event would. */
const CERTAIN = new Set([
  'source',
  'detail-type',
  'detail.bucket.name',
  'detail.object.key',
  'detail.reason',
  'detail.deletion-type',
]);

function answerOf(
  pattern: string | undefined,
  event: Readonly<Record<string, unknown>>,
): 'yes' | 'no' | 'unknown' {
  if (pattern === undefined) return 'no';
  const compiled = compileEventPattern(pattern);
  if (!compiled.ok) return 'unknown';
  if (matchesEventPattern(compiled.pattern, event)) return 'yes';
  const missed = unmatchedFields(compiled.pattern, event);
  return missed.length > 0 && missed.some((field) => CERTAIN.has(field)) ? 'no' : 'unknown';
}

/** Whether something leads to what was expected, another version or alias of it included; true when nothing in particular was. */
export function reachesExpected(look: Look): boolean {
  const { expected } = look.facts.question;
  return expected === undefined || look.hops.some(({ arn }) => sameResource(arn, expected));
}
