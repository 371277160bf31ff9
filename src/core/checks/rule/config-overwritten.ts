import { bucketArn } from '../../arn.ts';
import { formatInstant } from '../../duration.ts';
import { eventCovers } from '../../event-name.ts';
import { keyPasses } from '../../key-filter.ts';
import {
  overlapsWith,
  rulesOf,
  sameRule,
  withRule,
  type NotificationDocument,
  type Rule,
} from '../../notification.ts';
import { waysOut } from '../../overlap-ways.ts';
import { admission } from '../../doctor/admission.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, edit, tell } from '../../doctor/fixes.ts';
import { gateOf } from '../../doctor/gate.ts';
import { isAbsent, valueOf, type Reading } from '../../doctor/reading.ts';
import { kindOf, partitionIn, sameResource } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { calledAll, verb } from './text.ts';
import { configurationWrites, type ConfigurationWrite } from './trail-writes.ts';
import { reachesExpected } from './ways.ts';

const ADVICE =
  'Every write replaces the whole configuration, so let one tool own it, or let EventBridge take all events.';

/**
 * A rule that was there is gone: somebody put another document. That a rule which the project remembers is absent is certain; who did
 * it, and that it was meant to stay, only CloudTrail and people know.
 */
export const configOverwritten: Check = {
  id: 'config-overwritten',
  reads: [
    'bucket.notification',
    'bucket.owner',
    'identity',
    'trail',
    'functions.configuration',
    'functions.policy',
    'queues.attributes',
    'topics.attributes',
  ],
  judge(look) {
    const document = look.value(look.facts.bucket.notification);
    if (!document) return [];
    const gone = goneRules(look, document);
    return gone.length > 0 ? forGone(look, document, gone) : forGrant(look, document);
  },
};

/** Those that are remembered, that the question is about, and that no live rule stands for. */
function goneRules(look: Look, document: NotificationDocument): readonly Rule[] {
  const { expected, key, remembered, ruleId } = look.facts.question;
  const live = rulesOf(document);
  return remembered.filter(
    (rule) =>
      (ruleId === undefined || rule.id === ruleId) &&
      (expected === undefined || sameResource(rule.destination.arn, expected)) &&
      (key === undefined || keyPasses(rule.filter, key)) &&
      !live.some(
        (one) => one.id === rule.id || sameRule({ ...one, id: rule.id }, rule) || standsFor(one, rule),
      ),
  );
}

function standsFor(wide: Rule, narrow: Rule): boolean {
  const { prefix = '', suffix = '' } = narrow.filter;
  return (
    wide.destination.arn === narrow.destination.arn &&
    prefix.startsWith(wide.filter.prefix ?? '') &&
    suffix.endsWith(wide.filter.suffix ?? '') &&
    narrow.events.every((event) => wide.events.some((other) => eventCovers(other, event)))
  );
}

function forGone(look: Look, document: NotificationDocument, gone: readonly Rule[]): readonly Finding[] {
  const { bucket } = look.facts;
  const writes = writesOf(look);
  const [last] = writes;
  const isProven =
    last?.rules !== undefined && gone.every(({ id }) => !last.rules?.some((rule) => rule.id === id));
  // Where its destination is gone too, the whole of it was taken down.
  const isRetired = gone.every(({ destination }) => isAbsent(destinationReading(look, destination.arn)));
  const story = isProven
    ? `: ${cut(last.user)} put a document without ${verb(gone, 'it', 'them')} at ${formatInstant(last.time)}`
    : '';
  return [
    {
      id: 'config-overwritten',
      verdict: isRetired ? 'suspected' : 'broken',
      severity: 'BREAK',
      subject: calledAll(gone),
      node: bucketArn(partitionIn(look.facts), bucket.name),
      ruleIds: gone.map(({ id }) => id),
      message: `${calledAll(gone)}, which the project remembers, ${verb(gone, 'is', 'are')} no longer in the configuration of bucket ${bucket.name}${story}`,
      evidence: [
        evidence(
          bucket.notification,
          'rules',
          cut(
            rulesOf(document)
              .map(({ id }) => id)
              .join(', ') || 'none',
          ),
        ),
        ...proof(last),
      ],
      fix: isRetired
        ? tell('What it led to is gone too. Set it up again with "s3evt init", or forget it.')
        : mergeBack(look, document, gone),
    },
  ];
}

/** S3 refuses the whole document where a rule that came since overlaps. */
function mergeBack(look: Look, document: NotificationDocument, gone: readonly Rule[]): Fix {
  const overlap = gone.flatMap((rule) => overlapsWith(document, rule))[0];
  if (overlap) {
    const ways = waysOut(overlap, { bucket: look.facts.bucket.name }).hint;
    return tell(`Rule "${overlap.b.id}", which came since, has some of the same events. ${ways}`);
  }
  const lost = gone.reduce<NotificationDocument>(withRule, {});
  return { ...ask(edit({ kind: 'merge', document: lost })), advice: ADVICE };
}

/** The policy of what should get the events admits this very bucket, and no rule leads there. */
function forGrant(look: Look, document: NotificationDocument): readonly Finding[] {
  const { bucket, question } = look.facts;
  const { expected, ruleId } = question;
  if (expected === undefined || ruleId !== undefined || reachesExpected(look)) return [];
  const gate = gateOf(look, { kind: kindOf(expected), arn: expected });
  const sourceArn = bucketArn(partitionIn(look.facts), bucket.name);
  if (look.value(gate?.reading) === undefined || !gate?.policy?.includes(sourceArn)) return [];
  const sender = { service: 's3.amazonaws.com', sourceArn, sourceAccount: valueOf(bucket.owner) } as const;
  const answer = admission(gate.policy, gate.action, expected, sender).kind;
  if (answer !== 'allowed' && answer !== 'undecided') return [];
  const [last, ...earlier] = writesOf(look);
  const lost = earlier
    .flatMap(({ rules = [] }) => rules)
    .find(({ destination }) => sameResource(destination.arn, expected));
  const isProven =
    lost !== undefined && last?.rules?.every(({ destination }) => !sameResource(destination.arn, expected));
  return [
    {
      id: 'config-overwritten',
      verdict: isProven === true ? 'broken' : 'suspected',
      severity: 'BREAK',
      subject: called(expected),
      node: expected,
      ruleIds: lost ? [lost.id] : [],
      message: `${called(expected)} admits events of bucket ${bucket.name}, but no rule of the bucket leads there${isProven === true && last ? ` since ${cut(last.user)} replaced the configuration at ${formatInstant(last.time)}` : ': one may have been overwritten'}`,
      evidence: [evidence(gate.reading, 'Policy', sourceArn), ...proof(last)],
      fix:
        isProven === true && lost.id !== '' && lost.events.length > 0
          ? mergeBack(look, document, [lost])
          : tell(`Add the rule again with "s3evt add". ${ADVICE}`),
    },
  ];
}

function writesOf(look: Look): readonly ConfigurationWrite[] {
  const trail = look.value(look.facts.trail);
  return trail ? configurationWrites(look.facts, trail) : [];
}

function proof(last: ConfigurationWrite | undefined): readonly Evidence[] {
  if (!last) return [];
  return [
    {
      call: 'cloudtrail:LookupEvents',
      field: 'PutBucketNotification',
      value: `${formatInstant(last.time)} by ${cut(last.user)}`,
    },
  ];
}

function destinationReading({ facts }: Look, arn: string): Reading<unknown> | undefined {
  return (
    facts.functions[arn]?.configuration ?? facts.queues[arn]?.attributes ?? facts.topics[arn]?.attributes
  );
}
