import { bucketArn, parseFunctionReference, unqualifiedFunctionArn } from '../../arn.ts';
import { didYouMean } from '../../did-you-mean.ts';
import { hasEventBridge, type Rule } from '../../notification.ts';
import { nameOf } from '../../trace-destination.ts';
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Fix, FixAction } from '../../doctor/finding.ts';
import { addPermission, ask, edit, tell } from '../../doctor/fixes.ts';
import { gateOf } from '../../doctor/gate.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { kindOf, partitionIn, type Hop } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { admitSenders } from '../permission/whole-policy.ts';

/**
 * What the bucket's rules name is not what should get the events: another function, stage, version or queue. Suspected only, where a
 * way could not be followed to its end, or where only its last step may be missing.
 */
export const rulePointsElsewhere: Check = {
  id: 'rule-points-elsewhere',
  reads: [
    'bucket.notification',
    'bucket.owner',
    'identity',
    'eventRules',
    'functions.policy',
    'functions.configuration',
    'queues.attributes',
    'queues.mappings',
    'topics.attributes',
    'topics.subscriptions',
  ],
  judge(look) {
    const { bucket, question } = look.facts;
    const { expected } = question;
    const document = look.value(bucket.notification);
    if (!document || expected === undefined) return [];
    const ways = look.hops.filter(({ depth, kind }) => depth === 0 && kind !== 'other');
    // Without any way out of the bucket that is what there is to say, unless EventBridge leads nowhere.
    if (ways.length === 0 && !hasEventBridge(document)) return [];
    if (look.hops.some(({ arn }) => isWanted(arn, expected))) return [];
    const openEnds = look.hops.filter((hop) => !isFollowed(look, hop) || isLoose(look, hop, expected));
    const isBridgeUnknown =
      hasEventBridge(document) &&
      question.ruleId === undefined &&
      look.value(look.facts.eventRules) === undefined;
    const named = [...new Set(look.hops.filter(({ kind }) => kind !== 'event-rule').map(({ arn }) => arn))];
    const near = named.find((arn) => isNear(arn, expected));
    const rule = ruleToChange(look, expected, near);
    const shown = near ?? named[0];
    return [
      {
        id: 'rule-points-elsewhere',
        verdict: openEnds.length > 0 || isBridgeUnknown ? 'suspected' : 'broken',
        severity: 'BREAK',
        subject: called(expected),
        ruleIds: look.rules.map(({ id }) => id),
        message: `no rule of bucket ${bucket.name} leads to ${called(expected)}${shown === undefined ? '' : `, but to ${called(shown)}${named.length > 1 ? ' and others' : ''}`}`,
        evidence: look.rules
          .slice(0, 5)
          .map(({ id, destination }) => evidence(bucket.notification, cut(id), destination.arn)),
        fix: rule
          ? change(look, rule, expected)
          : tell(
              `Add a rule that leads to ${called(expected)} with "s3evt add", or change one of those that are there. Where they overlap, let one rule send to a topic or to EventBridge, which serve both.`,
            ),
      },
    ];
  },
};

/** A function named without a qualifier is meant with any; one named with a version or an alias with no other. */
function isWanted(arn: string, expected: string): boolean {
  if (arn === expected) return true;
  if (kindOf(arn) !== 'lambda' || kindOf(expected) !== 'lambda') return false;
  const [a, b] = [parseFunctionReference(arn), parseFunctionReference(expected)];
  const latest = (qualifier: string | undefined) => qualifier ?? '$LATEST';
  return (
    unqualifiedFunctionArn(arn) === unqualifiedFunctionArn(expected) &&
    (b?.qualifier === undefined || latest(a?.qualifier) === b.qualifier)
  );
}

/** Whether all that is behind the hop is among the hops. */
function isFollowed(look: Look, { kind, arn, eventRule }: Hop): boolean {
  const { queues, topics } = look.facts;
  switch (kind) {
    case 'lambda':
      return true;
    case 'sqs':
      return look.value(queues[arn]?.mappings) !== undefined || isAbsent(queues[arn]?.attributes);
    case 'sns':
      return look.value(topics[arn]?.subscriptions) !== undefined || isAbsent(topics[arn]?.attributes);
    case 'event-rule':
      return look.value(eventRule?.targets) !== undefined || isAbsent(eventRule?.targets);
    case 'other':
      return false;
  }
}

/** A queue without a mapping, or a topic without a subscription, that was perhaps made to lead there. */
function isLoose({ facts: { queues, topics } }: Look, { kind, arn }: Hop, expected: string): boolean {
  const wanted = kindOf(expected);
  if (kind === 'sqs') return wanted === 'lambda' && valueOf(queues[arn]?.mappings)?.length === 0;
  const isSubscriber = wanted === 'lambda' || wanted === 'sqs';
  return kind === 'sns' && isSubscriber && valueOf(topics[arn]?.subscriptions)?.length === 0;
}

/** The same function under another qualifier, or a name much like it: `thumbs-dev` for `thumbs`. */
function isNear(arn: string, expected: string): boolean {
  if (kindOf(arn) !== kindOf(expected)) return false;
  const [a, b] = [nameOf(arn), nameOf(expected)];
  const extended = (long: string, short: string) =>
    long.startsWith(`${short}-`) || long.startsWith(`${short}_`);
  return a === b || extended(a, b) || extended(b, a) || didYouMean(a, [b]) !== undefined;
}

/** Only where it is plain which one is meant, and of the same kind. */
function ruleToChange(look: Look, expected: string, near: string | undefined): Rule | undefined {
  const fits = look.rules.filter(
    ({ destination }) =>
      kindOf(expected) === destination.kind && (near === undefined || destination.arn === near),
  );
  return fits.length === 1 && (near !== undefined || look.rules.length === 1) ? fits[0] : undefined;
}

function change(look: Look, rule: Rule, expected: string): Fix {
  const permission = permissionFor(look, expected);
  if (permission === undefined) {
    return tell(`Set up ${called(expected)} first, admit S3 to it, and then let rule "${rule.id}" name it.`);
  }
  return {
    ...ask(...permission, edit({ kind: 'set', ruleId: rule.id, arn: expected })),
    advice: `${called(rule.destination.arn)} gets these events no more; for both, let the rule send to a topic or to EventBridge.`,
  };
}

/** What admits S3 there; none where it is admitted, undefined where that cannot be told or done. */
function permissionFor(look: Look, arn: string): readonly FixAction[] | undefined {
  const { facts } = look;
  const place = { kind: kindOf(arn), arn };
  const fn = facts.functions[arn];
  const gate = gateOf(look, place);
  if (!gate || (fn?.configuration ?? gate.reading).state !== 'known') return undefined;
  const sender: Sender = {
    service: 's3.amazonaws.com',
    sourceArn: bucketArn(partitionIn(facts), facts.bucket.name),
    sourceAccount: valueOf(facts.bucket.owner),
  };
  if (admission(gate.policy, gate.action, arn, sender).kind === 'allowed') return [];
  const action = fn
    ? addPermission(fn, sender, valueOf(facts.identity)?.account)
    : admitSenders(look, place, sender);
  return action && [action];
}
