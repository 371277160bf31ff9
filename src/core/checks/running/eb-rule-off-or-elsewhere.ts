import { parseArn } from '../../arn.ts';
import { takesEventsOf } from '../../event-rule.ts';
import { matchRules } from '../../match.ts';
import { hasEventBridge } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventRuleNode } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { call, safe, tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { partitionIn, sameResource, leadsTo } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { movedToDefaultBus } from './event-rule-move.ts';
import { bridgedEvents } from './bridged-events.ts';
import { EXPECTED_READS } from './expected.ts';
import { fitOf } from './pattern-fit.ts';
import { isDefaultBus, namesBucket } from './s3-patterns.ts';

/** A rule for the bucket's events that gets none: it is switched off, or on a bus that S3 does not send to. */
export const ebRuleOffOrElsewhere: Check = {
  id: 'eb-rule-off-or-elsewhere',
  reads: [
    'eventRules',
    'eventBuses',
    'identity',
    'metrics',
    'bucket.notification',
    'queues.mappings',
    'queues.attributes',
    'functions.policy',
    'topics.attributes',
    ...EXPECTED_READS,
  ],
  judge(look) {
    const { facts } = look;
    const { expected, ruleId } = facts.question;
    const document = valueOf(facts.bucket.notification);
    const isOn = document !== undefined && hasEventBridge(document);
    // Where S3 does not send to EventBridge, rules that cannot be read are no loss.
    const rules = isOn ? look.value(facts.eventRules) : valueOf(facts.eventRules);
    if (!rules || ruleId !== undefined) return [];
    const partition = partitionIn(facts);
    return rules
      .filter((rule) => takesEventsOf(rule.pattern, facts.bucket.name, partition))
      .filter((rule) => isOn || namesBucket(rule, facts.bucket.name))
      .filter((rule) => rule.state === 'DISABLED' || !isDefaultBus(rule))
      .filter((rule) => takesQuestion(look, rule))
      .filter(({ targets }) => {
        const arns = (look.value(targets) ?? []).map(({ arn }) => arn);
        if (expected !== undefined) return arns.some((arn) => leadsTo(facts, arn, expected));
        return arns.some((arn) => !isReachedOtherwise(look, arn));
      })
      .flatMap((rule) =>
        rule.state === 'DISABLED' ? [offFinding(look, rule)] : (elsewhereFinding(look, rule, rules) ?? []),
      );
  },
};

/** With a key in question only rules that take it matter. */
function takesQuestion({ facts }: Look, { arn, pattern }: EventRuleNode): boolean {
  const { key } = facts.question;
  if (key === undefined) return true;
  const { messages, isOpen } = bridgedEvents(facts, arn, [key]);
  return pattern !== undefined && fitOf(pattern, messages, isOpen).kind === 'fits';
}

/** Whether a way that works leads to the same target: then the rule may well be off on purpose. */
function isReachedOtherwise(look: Look, target: string): boolean {
  const { key } = look.facts.question;
  return look.hops.some(({ arn, kind, eventRule, ruleIds }) => {
    if (kind === 'event-rule' || !sameResource(arn, target)) return false;
    if (eventRule) {
      const isLive = eventRule.state !== 'DISABLED' && isDefaultBus(eventRule);
      return isLive && takesQuestion(look, eventRule);
    }
    if (ruleIds.length === 0) return false;
    const rules = look.rules.filter(({ id }) => ruleIds.includes(id));
    return (
      key === undefined ||
      rules.some((rule) => rule.events.some((event) => matchRules([rule], key, event).matches.length > 0))
    );
  });
}

function offFinding(look: Look, rule: EventRuleNode): Finding {
  const { facts } = look;
  // A rule for all buckets may be off for reasons that have nothing to do with this one.
  const isMeant = facts.question.expected !== undefined || namesBucket(rule, facts.bucket.name);
  return {
    id: 'eb-rule-off-or-elsewhere',
    verdict: isMeant ? 'broken' : 'suspected',
    severity: 'BREAK',
    subject: called(rule.arn),
    node: rule.arn,
    ruleIds: [],
    depth: 0,
    message: `${called(rule.arn)} is switched off, so its targets get no events`,
    evidence: [evidence(facts.eventRules, 'State', rule.state)],
    fix: safe(
      call('events', 'EnableRule', {
        Name: rule.name,
        ...(isDefaultBus(rule) ? {} : { EventBusName: rule.bus }),
      }),
    ),
  };
}

function elsewhereFinding(
  look: Look,
  rule: EventRuleNode,
  rules: readonly EventRuleNode[],
): Finding | undefined {
  const { facts } = look;
  const owner = valueOf(facts.bucket.owner);
  const account = valueOf(facts.identity)?.account;
  // Events of a bucket of another account may well be forwarded to this bus.
  if (owner !== undefined && account !== undefined && owner !== account) return undefined;
  if (rules.some((one) => isDefaultBus(one) && forwards(look, one, rule))) return undefined;
  if ((metricSum(look, 'AWS/Events', 'MatchedEvents', rule.name) ?? 0) > 0) return undefined;
  return {
    id: 'eb-rule-off-or-elsewhere',
    // A rule that hands on the events of every service is not among those that were read.
    verdict: 'suspected',
    severity: 'BREAK',
    subject: called(rule.arn),
    node: rule.arn,
    ruleIds: [],
    depth: 0,
    message: `${called(rule.arn)} is on the event bus ${cut(rule.bus)}, but S3 sends to the default bus, and no rule for S3 there forwards its events`,
    evidence: [evidence(facts.eventRules, 'EventBusName', cut(rule.bus))],
    fix:
      movedToDefaultBus(look, rule, rules) ??
      tell('Make the rule on the default bus, or a rule there that forwards the events to this bus.'),
  };
}

/** A rule of the default bus that hands the bucket's events on to the bus of the other. */
function forwards(
  look: Look,
  { arn, pattern, state, targets }: EventRuleNode,
  other: EventRuleNode,
): boolean {
  const bus = parseArn(other.bus)?.resource ?? `event-bus/${other.bus}`;
  if (state === 'DISABLED' || pattern === undefined) return false;
  if (!(look.value(targets) ?? []).some((target) => parseArn(target.arn)?.resource === bus)) return false;
  const { key } = look.facts.question;
  const { messages, isOpen, keyPath } = bridgedEvents(look.facts, arn, [key ?? 'example']);
  return (
    fitOf(pattern, messages, (leaf) => isOpen(leaf) || (key === undefined && leaf.path === keyPath)).kind !==
    'misfit'
  );
}
