import { bucketArn } from '../../arn.ts';
import { formatInstant } from '../../duration.ts';
import { EVENT_NAMES } from '../../event-name.ts';
import { compileEventPattern, matchesEventPattern } from '../../event-pattern.ts';
import { eventBridgeTypeOf } from '../../eventbridge-name.ts';
import { hasEventBridge, rulesOf } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventRuleNode } from '../../doctor/facts.ts';
import { ask, edit } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { eventRulesOf, partitionIn, sameResource } from '../../doctor/routes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { detailTypeMeant } from '../running/eb-pattern-fix.ts';
import { textsOf } from '../running/pattern-leaves.ts';
import { configurationWrites, type ConfigurationWrite } from './trail-writes.ts';
import { isOn, mayLeadTo } from './ways.ts';

/**
 * An event rule waits for this bucket's events, and the bucket sends none to EventBridge. Certain for a rule that names the bucket, or
 * leads to what was expected; one for all buckets may mean others. Calls that CloudTrail reports need no such setting.
 */
export const ebNotEnabled: Check = {
  id: 'eb-not-enabled',
  reads: ['bucket.notification', 'eventRules', 'identity', 'trail'],
  judge(look) {
    const { bucket, eventRules, question } = look.facts;
    const document = look.value(bucket.notification);
    if (!document || hasEventBridge(document) || question.ruleId !== undefined) return [];
    look.value(eventRules);
    const arn = bucketArn(partitionIn(look.facts), bucket.name);
    const { expected } = question;
    const leadsThere = ({ targets }: EventRuleNode) =>
      expected !== undefined && (valueOf(targets) ?? []).some((target) => sameResource(target.arn, expected));
    const rules = eventRulesOf(look.facts).filter(
      (rule) => isOn(rule) && mayLeadTo(rule, expected) && isForS3Events(rule),
    );
    const sure = rules.filter((rule) => namesBucket(rule, bucket.name, arn) || leadsThere(rule));
    const isBare = rulesOf(document).length === 0;
    const found = sure.length > 0 ? sure : isBare ? rules : [];
    if (found.length === 0) return [];
    const names = found
      .slice(0, 3)
      .map(({ name }) => `"${cut(name)}"`)
      .join(', ');
    const dropped = droppingWrite(look);
    return [
      {
        id: 'eb-not-enabled',
        verdict: sure.length > 0 ? 'broken' : 'suspected',
        severity: 'BREAK',
        subject: `bucket ${bucket.name}`,
        node: arn,
        ruleIds: [],
        message: `event ${found.length === 1 ? 'rule' : 'rules'} ${names} ${found.length === 1 ? 'waits' : 'wait'} for events of bucket ${bucket.name}, which does not send its events to EventBridge${dropped ? ` since ${cut(dropped.user)} put a configuration without it at ${formatInstant(dropped.time)}` : ''}`,
        evidence: [
          evidence(bucket.notification, 'EventBridgeConfiguration', 'absent'),
          ...found.slice(0, 3).map(({ pattern }) => evidence(eventRules, 'EventPattern', cut(pattern ?? ''))),
          ...(dropped
            ? [
                {
                  call: 'cloudtrail:LookupEvents',
                  field: 'PutBucketNotification',
                  value: `${formatInstant(dropped.time)} by ${cut(dropped.user)}`,
                },
              ]
            : []),
        ],
        fix: {
          ...ask(edit({ kind: 'enable-eventbridge' })),
          advice:
            'EventBridge then gets every event of the bucket, after about five minutes; the other rules stay.',
        },
      },
    ];
  },
};

/** The write that turned it off: every write replaces the whole configuration, and many forget this part. */
function droppingWrite(look: Look): ConfigurationWrite | undefined {
  const trail = look.value(look.facts.trail);
  const writes = trail ? configurationWrites(look.facts, trail) : [];
  const lastOn = writes.findIndex(({ eventBridge }) => eventBridge === true);
  const next = writes[lastOn - 1];
  return next?.eventBridge === false ? next : undefined;
}

/** Some types are S3's own, if misspelt, not calls of its API as CloudTrail reports them. */
function isForS3Events({ pattern }: EventRuleNode): boolean {
  const type = parsed(pattern)?.['detail-type'];
  if (type === undefined) return parsed(pattern) !== undefined;
  // A slip has a cause of its own, which shows only once the bucket sends events.
  if (Array.isArray(type) && textsOf(type).some((text) => detailTypeMeant(text) !== undefined)) return true;
  const compiled = compileEventPattern(JSON.stringify({ 'detail-type': type }));
  if (!compiled.ok) return false;
  return EVENT_NAMES.some((event) => {
    const detailType = eventBridgeTypeOf(event)?.detailType;
    return detailType !== undefined && matchesEventPattern(compiled.pattern, { 'detail-type': detailType });
  });
}

/** Word for word, in the places for it. */
function namesBucket({ pattern }: EventRuleNode, name: string, arn: string): boolean {
  const { resources, detail } = (parsed(pattern) ?? {}) as {
    readonly resources?: unknown;
    readonly detail?: { readonly bucket?: { readonly name?: unknown } | null } | null;
  };
  return (
    [detail?.bucket?.name].flat().includes(name) || (Array.isArray(resources) && resources.includes(arn))
  );
}

function parsed(pattern: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(pattern ?? '');
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
