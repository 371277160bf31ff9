import { hasEventBridge } from '../../notification.ts';
import { matchRules } from '../../match.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventRuleNode } from '../../doctor/facts.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { sumOf } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { liveRules, leadsTo } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { decodeEventKey } from '../../key-filter.ts';
import { correctedPattern, detailTypeMeant } from './eb-pattern-fix.ts';
import { bridgedEvents } from './bridged-events.ts';
import { EXPECTED_READS, sampleKeys, type Expected } from './expected.ts';
import { fitOf, shownLeaf } from './pattern-fit.ts';
import { mapLeaves, mapTexts, parsePattern, textsOf, type Leaf } from './pattern-leaves.ts';
import { isDefaultBus, isForCloudTrail, leavesIn, limitsBucket, namesBucket } from './s3-patterns.ts';

/** A rule that is meant for the bucket's events and whose pattern takes none of them. */
export const ebPatternMismatch: Check = {
  id: 'eb-pattern-mismatch',
  reads: ['eventRules', 'metrics', 'bucket.notification', 'queues.mappings', ...EXPECTED_READS],
  judge(look) {
    const { facts } = look;
    if (facts.question.ruleId !== undefined) return [];
    const document = valueOf(facts.bucket.notification);
    const isOff = document !== undefined && !hasEventBridge(document);
    // Where S3 does not send to EventBridge, rules that cannot be read are no loss.
    const rules = isOff ? valueOf(facts.eventRules) : look.value(facts.eventRules);
    return (rules ?? []).flatMap((rule) => {
      const purpose = purposeOf(look, rule);
      if (!purpose) return [];
      return (isForCloudTrail(rule) ? cloudTrailFinding : patternFinding)(look, rule, purpose) ?? [];
    });
  },
};

/** Why the rule is taken to be meant for events of this bucket. */
type Purpose = 'named' | 'expected' | 'named-for-some-target' | 'any-bucket';

function isSure(purpose: Purpose): boolean {
  return purpose === 'named' || purpose === 'expected';
}

function purposeOf(look: Look, rule: EventRuleNode): Purpose | undefined {
  const { facts } = look;
  const { expected } = facts.question;
  const { name } = facts.bucket;
  const targets = expected === undefined ? undefined : look.value(rule.targets);
  const isExpected =
    expected !== undefined && (targets ?? []).some(({ arn }) => leadsTo(facts, arn, expected));
  if (expected !== undefined && targets && !isExpected) return undefined;
  if (namesBucket(rule, name)) {
    if (isExpected) return 'expected';
    return expected === undefined ? 'named' : 'named-for-some-target';
  }
  if (limitsBucket(rule) || !isAboutS3(rule)) return undefined;
  const document = valueOf(facts.bucket.notification);
  // A rule for all buckets says nothing about one that does not send to EventBridge.
  if (!isExpected && (!document || !hasEventBridge(document))) return undefined;
  return isExpected ? 'expected' : 'any-bucket';
}

const S3_SOURCES = ['aws.s3', 'aws:s3', 's3', 's3.amazonaws.com', 'aws.s3.amazonaws.com'];

function isAboutS3(rule: EventRuleNode): boolean {
  return leavesIn(rule).some(
    ({ path, operands }) =>
      path === 'source' && textsOf(operands).some((text) => S3_SOURCES.includes(text.toLowerCase())),
  );
}

function patternFinding(look: Look, rule: EventRuleNode, purpose: Purpose): Finding | undefined {
  const { facts } = look;
  const { pattern, arn } = rule;
  const { key } = facts.question;
  if (pattern === undefined) return undefined;
  const sampled = key === undefined ? sampleKeys(facts) : [];
  const events = bridgedEvents(facts, arn, [key ?? 'example']);
  const anyEvent = bridgedEvents(facts, arn, [key ?? 'example'], 'all');
  const isOpenOrKey = (leaf: Leaf) => events.isOpen(leaf) || leaf.path === events.keyPath;
  const never = fitOf(pattern, anyEvent.messages, isOpenOrKey);
  if (never.kind === 'unreadable') return undefined;
  if (never.kind === 'misfit') {
    if (purpose === 'any-bucket' && !isSlip(never.fields)) return undefined;
    return finding(look, rule, {
      // A rule for all buckets with a slip takes nothing at all, but nobody said that it is for this one.
      verdict: isSure(purpose) ? 'broken' : 'suspected',
      message: `the pattern of ${called(arn)} takes no event of bucket ${facts.bucket.name}`,
      fields: never.fields,
      expected: anyEvent,
      isOpen: isOpenOrKey,
    });
  }
  if (key === undefined) {
    const keys = bridgedEvents(facts, arn, sampled);
    if (!isForEncodedKeys(pattern, keys)) return undefined;
    const strict = fitOf(pattern, keys.messages, keys.isOpen);
    return finding(look, rule, {
      verdict: 'suspected',
      message: `the pattern of ${called(arn)} has form-encoded keys, but keys in events of EventBridge are not encoded`,
      fields: strict.kind === 'misfit' ? strict.fields : [],
      expected: keys,
      isOpen: keys.isOpen,
    });
  }
  const fit = fitOf(pattern, events.messages, events.isOpen);
  if (fit.kind !== 'misfit') return undefined;
  const isEncoded = isForEncodedKeys(pattern, events);
  // Else it may simply be for other keys and other events.
  const isAtFault = isEncoded || (isSure(purpose) && !isTakenOtherwise(look, events));
  if (!isAtFault) return undefined;
  return finding(look, rule, {
    verdict: isSure(purpose) ? 'broken' : 'suspected',
    message: isEncoded
      ? `the pattern of ${called(arn)} has form-encoded keys, but keys in events of EventBridge are not encoded`
      : `the pattern of ${called(arn)} takes no such event of this key`,
    fields: fit.fields,
    expected: events,
    isOpen: events.isOpen,
  });
}

/** Whether the fields look like slips, and not like types of events that are not known here. */
function isSlip(fields: readonly Leaf[]): boolean {
  return fields.every(({ path, operands }) => {
    if (path === 'detail-type') return textsOf(operands).some((text) => detailTypeMeant(text) !== undefined);
    return path === 'source' || path === 'detail.object.size' || path.endsWith('eventName');
  });
}

/** Whether the pattern would take one of the events if its keys were decoded, and takes none as it is. */
function isForEncodedKeys(pattern: string, { messages, isOpen, keyPath }: Expected): boolean {
  if (fitOf(pattern, messages, isOpen).kind !== 'misfit') return false;
  const written = parsePattern(pattern) ?? {};
  const decoded = mapLeaves(written, ({ path, operands }) =>
    path === keyPath ? mapTexts(operands, decodeEventKey) : operands,
  );
  return fitOf(JSON.stringify(decoded), messages, isOpen).kind === 'fits';
}

/** Whether another rule, of the bucket or of the bus, takes the key, and leads to what was expected. */
function isTakenOtherwise({ facts }: Look, { messages, isOpen }: Expected): boolean {
  const { key = '', expected } = facts.question;
  const isWanted = (arn: string) => expected === undefined || leadsTo(facts, arn, expected);
  const direct = liveRules(facts).some(
    (rule) =>
      isWanted(rule.destination.arn) &&
      rule.events.some((event) => matchRules([rule], key, event).matches.length > 0),
  );
  return (
    direct ||
    (valueOf(facts.eventRules) ?? []).some(
      (rule) =>
        rule.pattern !== undefined &&
        isDefaultBus(rule) &&
        rule.state !== 'DISABLED' &&
        (valueOf(rule.targets) ?? []).some(({ arn }) => isWanted(arn)) &&
        fitOf(rule.pattern, messages, isOpen).kind === 'fits',
    )
  );
}

interface Told extends Pick<Finding, 'verdict' | 'message'> {
  readonly fields: readonly Leaf[];
  readonly expected: Expected;
  readonly isOpen: (leaf: Leaf) => boolean;
}

function finding(look: Look, rule: EventRuleNode, { verdict, message, ...told }: Told): Finding {
  const { eventRules } = look.facts;
  return {
    id: 'eb-pattern-mismatch',
    verdict,
    severity: 'BREAK',
    subject: called(rule.arn),
    node: rule.arn,
    ruleIds: [],
    depth: 0,
    message,
    evidence: told.fields
      .slice(0, 3)
      .map((leaf) => evidence(eventRules, `EventPattern.${leaf.path}`, cut(shownLeaf(leaf)))),
    fix: fixOf(look, rule, told),
  };
}

/** PutRule writes the whole rule: what it had besides a pattern goes along, as far as it is known. */
function fixOf(
  { facts }: Look,
  rule: EventRuleNode,
  { fields, expected, isOpen }: Omit<Told, 'verdict' | 'message'>,
): Fix {
  const leaves = leavesIn(rule);
  const corrected = correctedPattern(leaves, facts.bucket.name, fields);
  const hasOr = rule.pattern?.includes('"$or"') ?? false;
  if (hasOr || fitOf(corrected, expected.messages, isOpen).kind !== 'fits') {
    return tell(
      `Write the pattern for S3's events: source ["aws.s3"], detail-type such as ["Object Created"], detail.bucket.name ["${facts.bucket.name}"], detail.object.key as the key is, without encoding.`,
      ['aws', 'events', 'describe-rule', '--name', rule.name],
    );
  }
  return {
    ...ask(
      call('events', 'PutRule', {
        Name: rule.name,
        ...(isDefaultBus(rule) ? {} : { EventBusName: rule.bus }),
        EventPattern: corrected,
        State: rule.state,
        ...(rule.roleArn === undefined ? {} : { RoleArn: rule.roleArn }),
      }),
    ),
    advice: 'A description of the rule is not kept.',
  };
}

/** CloudTrail's records of calls reach the bus only through a trail that logs data events, which is not looked at. */
function cloudTrailFinding(look: Look, rule: EventRuleNode, purpose: Purpose): Finding | undefined {
  if (purpose === 'any-bucket') return undefined;
  const { facts } = look;
  const series = look.value(facts.metrics);
  if (series && sumOf(series, 'AWS/Events', 'MatchedEvents', rule.name) > 0) return undefined;
  const latest = [
    ...(valueOf(facts.bucket.sample)?.entries ?? []),
    ...(facts.object ? [valueOf(facts.object.head)] : []),
  ].flatMap((one) => one?.modified ?? []);
  const hadTraffic = series !== undefined && latest.some((time) => time > facts.question.since);
  return {
    id: 'eb-pattern-mismatch',
    verdict: hadTraffic ? 'suspected' : 'risk',
    severity: hadTraffic ? 'BREAK' : 'RISK',
    subject: called(rule.arn),
    node: rule.arn,
    ruleIds: [],
    depth: 0,
    message: `${called(rule.arn)} waits for CloudTrail's records of calls, which come only with a trail that logs data events of bucket ${facts.bucket.name}`,
    evidence: [
      evidence(facts.eventRules, 'EventPattern', cut(rule.pattern ?? '')),
      ...(hadTraffic ? [evidence(facts.metrics, 'MatchedEvents', '0')] : []),
    ],
    fix: tell(
      `Use S3's own events instead: source ["aws.s3"], detail-type ["Object Created"], detail.bucket.name ["${facts.bucket.name}"], with EventBridge turned on for the bucket.`,
    ),
  };
}
