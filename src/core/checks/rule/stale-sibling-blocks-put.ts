import { bucketArn, parseArn } from '../../arn.ts';
import type { Rule } from '../../notification.ts';
import { DELIVERY_ACTIONS } from '../../s3-access.ts';
import { admission, type Sender } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { addPermission, admitToQueue, admitToTopic, ask, edit } from '../../doctor/fixes.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { liveRules, partitionIn } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';

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

function refused({ facts }: Look, rule: Rule): Finding | undefined {
  const { arn, kind } = rule.destination;
  const node = { lambda: facts.functions[arn], sqs: facts.queues[arn], sns: facts.topics[arn] };
  const sender: Sender = {
    service: 's3.amazonaws.com',
    sourceArn: bucketArn(partitionIn(facts), facts.bucket.name),
    sourceAccount: valueOf(facts.bucket.owner),
  };
  const attributes =
    kind === 'sqs' ? node.sqs?.attributes : kind === 'sns' ? node.sns?.attributes : undefined;
  // A policy that was not read refuses nobody, and a function without any answers that there is none.
  const isRead =
    kind === 'lambda'
      ? node.lambda?.configuration.state === 'known' && ['known', 'absent'].includes(node.lambda.policy.state)
      : attributes?.state === 'known';
  if (!isRead) return undefined;
  const policy = kind === 'lambda' ? valueOf(node.lambda?.policy) : valueOf(attributes)?.policy;
  const answer = admission(policy, DELIVERY_ACTIONS[kind], arn, sender).kind;
  if (answer !== 'refused' && answer !== 'denied') return undefined;
  const grant =
    kind === 'lambda'
      ? node.lambda && addPermission(node.lambda, sender, valueOf(facts.identity)?.account)
      : kind === 'sqs'
        ? node.sqs && admitToQueue(node.sqs, sender)
        : node.sns && admitToTopic(node.sns, sender);
  const remove = edit({ kind: 'remove', ruleId: rule.id });
  const canGrant = answer === 'refused' && grant !== undefined;
  return {
    ...about(rule),
    message: `rule "${cut(rule.id)}" names ${called(arn)}, which does not admit S3: S3 refuses every change of the configuration until it does, or that rule is gone`,
    evidence: [evidence(kind === 'lambda' ? node.lambda?.policy : attributes, 'Policy', answer)],
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
