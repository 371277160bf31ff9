/** Whether a rule takes the event of a write, as far as it is known which event that was. */
import { bucketArn, parseArn } from '../arn.ts';
import type { DoctorFacts, EventRuleNode } from '../doctor/facts.ts';
import { valueOf } from '../doctor/reading.ts';
import { partitionIn } from '../doctor/routes.ts';
import { compileEventPattern, matchesEventPattern, unmatchedFields } from '../event-pattern.ts';
import { sampleEvent } from '../eventbridge-sample.ts';
import { keyPasses } from '../key-filter.ts';
import { matchRules } from '../match.ts';
import { hasEventBridge, type Rule } from '../notification.ts';
import type { TraceObject } from './model.ts';

export type Fit =
  | { readonly kind: 'yes' }
  /** It hangs on what is not known of the event; `detail` is a clause. */
  | { readonly kind: 'maybe'; readonly detail: string }
  /** `distance`: the smaller, the less would have to change. */
  | { readonly kind: 'no'; readonly detail: string; readonly distance: number };

/** `events` with `s3:`, at least one. */
export function ruleFit(rule: Rule, key: string, events: readonly string[]): Fit {
  const taken = events.filter((event) => matchRules([rule], key, event).matches.length > 0);
  if (taken.length === events.length) return { kind: 'yes' };
  if (taken.length > 0) {
    return {
      kind: 'maybe',
      detail: `it takes ${rule.events.join(', ')}; the event may have been ${listed(events)}`,
    };
  }
  const misses = events.flatMap((event) => matchRules([rule], key, event).misses);
  const miss = misses.find(({ reason }) => reason !== 'event');
  if (miss) {
    const { prefix = '', suffix = '' } = rule.filter;
    const sides = [keyPasses({ prefix }, key), keyPasses({ suffix }, key)].filter((passes) => !passes).length;
    const isClose = miss.reason === 'encoding' || miss.detail.endsWith('upper and lower case');
    return { kind: 'no', detail: miss.detail, distance: sides + (isClose ? 0 : 1) };
  }
  const detail = `it takes ${rule.events.join(', ')}, not ${listed(events)}`;
  return { kind: 'no', detail, distance: keyPasses(rule.filter, key) ? 2 : 5 };
}

export function listed(events: readonly string[]): string {
  const names = events.map((event) => event.replace(/^s3:/, ''));
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

/** Fields whose values are not known beforehand. */
const UNKNOWN = [
  'id',
  'time',
  'version',
  'detail.version',
  'detail.request-id',
  'detail.requester',
  'detail.source-ip-address',
  'detail.object.sequencer',
];

export function eventRuleFit(facts: DoctorFacts, rule: EventRuleNode, object: TraceObject): Fit {
  const document = valueOf(facts.bucket.notification);
  const off = (detail: string, distance: number): Fit => ({ kind: 'no', detail, distance });
  if (document && !hasEventBridge(document)) return off('the bucket sends nothing to EventBridge', 3);
  if (rule.bus !== 'default' && !rule.bus.endsWith('/default')) {
    return off(`it is on the event bus ${rule.bus}; S3 sends to the default one`, 4);
  }
  const fit = patternFit(facts, rule, object);
  return rule.state === 'DISABLED' && fit.kind !== 'no' ? off('it is switched off', 1) : fit;
}

function patternFit(facts: DoctorFacts, { pattern = '{}', arn }: EventRuleNode, object: TraceObject): Fit {
  const compiled = compileEventPattern(pattern);
  if (!compiled.ok)
    return { kind: 'maybe', detail: `its pattern could not be understood: ${compiled.reason}` };
  const fits = object.events.map((eventName) => {
    const sample = eventOf(facts, object, eventName, arn);
    if (!sample) return [`detail-type (S3 sends no ${eventName} there)`];
    if (matchesEventPattern(compiled.pattern, sample.event)) return [];
    const fields = unmatchedFields(compiled.pattern, sample.event);
    const certain = fields.filter((field) => !sample.unknown.includes(field));
    return certain.length === 0 ? undefined : certain;
  });
  if (fits.every((fields) => fields?.length === 0)) return { kind: 'yes' };
  if (fits.some((fields) => fields === undefined || fields.length === 0)) {
    return {
      kind: 'maybe',
      detail: `its pattern asks for what is not known of the event (${listed(object.events)})`,
    };
  }
  const fields = fits.reduce((best, one) => ((one?.length ?? 0) < (best?.length ?? 0) ? one : best)) ?? [];
  return {
    kind: 'no',
    detail: `its pattern does not fit at ${fields.join(', ')}`,
    distance: 1 + fields.length,
  };
}

function eventOf(
  facts: DoctorFacts,
  { size, eTag, versionId }: TraceObject,
  eventName: string,
  ruleArn: string,
) {
  const { bucket, object } = facts;
  const account = valueOf(bucket.owner);
  const region = parseArn(ruleArn)?.region ?? '';
  const sample = sampleEvent({
    bucket: bucket.name,
    key: object?.key ?? '',
    eventName,
    account: account ?? '',
    region,
  });
  if (!sample) return undefined;
  const detail = sample['detail'] as Readonly<Record<string, unknown>>;
  const of = {
    ...(detail['object'] as object),
    ...(size === null ? {} : { size }),
    ...(eTag === null ? {} : { etag: eTag }),
    ...(versionId === null ? {} : { 'version-id': versionId }),
  };
  const unknown = [
    ...UNKNOWN,
    ...(account === undefined ? ['account'] : []),
    ...(size === null ? ['detail.object.size'] : []),
    ...(eTag === null ? ['detail.object.etag'] : []),
  ];
  const resources = [bucketArn(partitionIn(facts), bucket.name)];
  return { event: { ...sample, resources, detail: { ...detail, object: of } }, unknown };
}
