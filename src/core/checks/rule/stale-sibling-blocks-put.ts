import { bucketArn, parseArn } from '../../arn.ts';
import type { Rule } from '../../notification.ts';
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { addPermission, ask, edit } from '../../doctor/fixes.ts';
import { gateOf } from '../../doctor/gate.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { liveRules, partitionIn } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { admitSenders } from '../permission/whole-policy.ts';

/**
 * A rule that the question is not about names a destination that is gone, or that does not admit S3. S3 checks all destinations at each
 * write, so nothing can be changed until that one is mended. It stops no event of the other rules: never the root.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html
 */
export const staleSiblingBlocksPut: Check = {
  id: 'stale-sibling-blocks-put',
  reads: [
    'bucket.notification',
    'bucket.owner',
    'identity',
    'functions.configuration',
    'functions.policy',
    'queues.attributes',
    'topics.attributes',
  ],
  judge(look) {
    const focus = new Set(look.rules.map(({ id }) => id));
    return liveRules(look.facts)
      .filter(({ id }) => !focus.has(id))
      .flatMap((rule) => missing(look, rule) ?? refused(look, rule) ?? []);
  },
};

function missing(look: Look, rule: Rule): Finding | undefined {
  const { functions, queues, topics, identity } = look.facts;
  const { arn } = rule.destination;
  const reading: Reading<unknown> | undefined =
    functions[arn]?.configuration ?? queues[arn]?.attributes ?? topics[arn]?.attributes;
  // Of another account's destinations AWS answers "not found" to those who may not know, too.
  if (!isAbsent(reading) || parseArn(arn)?.account !== valueOf(identity)?.account) return undefined;
  return {
    ...about(rule),
    message: `rule "${cut(rule.id)}" names ${called(arn)}, which does not exist: S3 refuses every change of the configuration until that rule is gone`,
    evidence: [evidence(reading, 'answer', 'not found')],
    fix: {
      ...ask(edit({ kind: 'remove', ruleId: rule.id })),
      advice: `Or set up ${called(arn)} again under this name, and admit S3 to it.`,
    },
  };
}

function refused(look: Look, rule: Rule): Finding | undefined {
  const { facts } = look;
  const { arn, kind } = rule.destination;
  const fn = facts.functions[arn];
  const gate = gateOf(look, rule.destination);
  // A policy that was not read refuses nobody, and a function without any answers that there is none.
  const isRead =
    kind === 'lambda'
      ? fn?.configuration.state === 'known' && (gate?.reading.state === 'known' || isAbsent(gate?.reading))
      : gate?.reading.state === 'known';
  if (!gate || !isRead) return undefined;
  const sender: Sender = {
    service: 's3.amazonaws.com',
    sourceArn: bucketArn(partitionIn(facts), facts.bucket.name),
    sourceAccount: valueOf(facts.bucket.owner),
  };
  const answer = admission(gate.policy, gate.action, arn, sender).kind;
  if (answer !== 'refused' && answer !== 'denied') return undefined;
  const grant = fn
    ? addPermission(fn, sender, valueOf(facts.identity)?.account)
    : admitSenders(look, rule.destination, sender);
  const remove = edit({ kind: 'remove', ruleId: rule.id });
  const canGrant = answer === 'refused' && grant !== undefined;
  return {
    ...about(rule),
    message: `rule "${cut(rule.id)}" names ${called(arn)}, which does not admit S3: S3 refuses every change of the configuration until it does, or that rule is gone`,
    evidence: [evidence(gate.reading, 'Policy', answer)],
    fix: {
      ...ask(canGrant ? grant : remove),
      advice: canGrant
        ? 'Or remove the rule, if nobody needs it.'
        : `Or let the policy of ${called(arn)} admit S3.`,
    },
  };
}

function about({ id, destination }: Rule) {
  return {
    id: 'stale-sibling-blocks-put',
    verdict: 'risk',
    severity: 'RISK',
    subject: `rule "${cut(id)}"`,
    node: destination.arn,
    ruleIds: [id],
    depth: 0,
  } as const;
}
