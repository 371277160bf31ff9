/**
 * Rules of EventBridge's default bus for the events of a bucket: their patterns, and what their targets need.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
 */
import { bucketArn } from './arn.ts';
import { EVENT_NAMES, eventCovers } from './event-name.ts';
import { compileEventPattern, matchesEventPattern } from './event-pattern.ts';
import { eventBridgeTypeOf } from './eventbridge-name.ts';
import { checksum } from './names.ts';

export const EVENTS_PRINCIPAL = 'events.amazonaws.com';

/** Characters; the default quota (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html). */
export const MAX_PATTERN = 2048;

/** Id of the one target that s3evt gives a rule: others on it are somebody else's. */
export const EVENT_TARGET_ID = 's3evt';

export function eventRuleArn(partition: string, region: string, account: string, name: string): string {
  return `arn:${partition}:events:${region}:${account}:rule/${name}`;
}

/**
 * Id of the statement that lets a rule reach its target. Statement ids have no dots; names of rules, at most 64 characters, may. A
 * checksum keeps `a.b` apart from `a_b`.
 */
export function ruleStatementIdFor(rule: string): string {
  const id = `s3evt-event-rule-${rule.replaceAll('.', '_')}`;
  return rule.includes('.') ? `${id}-${checksum(rule)}` : id;
}

/** What is wrong with the name of a rule, or undefined. */
export function eventRuleNameFault(name: string): string | undefined {
  return /^[.\-_A-Za-z0-9]{1,64}$/.test(name)
    ? undefined
    : `"${name}" names no event rule: a name has 1 to 64 letters, digits, dots, hyphens and underscores`;
}

/** What a rule is to take. Prefix and suffixes stand for keys as they are: EventBridge does not encode them, unlike S3's filters. */
export interface EventSelection {
  /** AWS's names, `s3:` included. */
  readonly events: readonly string[];
  readonly prefix: string;
  /** Any of them; none takes every key. */
  readonly suffixes: readonly string[];
}

export interface SelectedPattern {
  /** JSON text. */
  readonly pattern: string;
  /** Events that S3 does not send to EventBridge, so that no pattern takes them. */
  readonly unsent: readonly string[];
}

/** The pattern that takes those events of the bucket. Undefined when S3 sends none of them to EventBridge. */
export function eventPatternFor(bucket: string, selection: EventSelection): SelectedPattern | undefined {
  const typed = selection.events.map((event) => ({ event, alternatives: alternativesOf(event) }));
  const unsent = typed.filter(({ alternatives }) => alternatives.length === 0).map(({ event }) => event);
  const [first, ...others] = merged(typed.flatMap(({ alternatives }) => alternatives));
  if (!first) return undefined;
  const keys = keyMatchers(selection);
  const detail = { bucket: { name: [bucket] }, ...(keys.length === 0 ? {} : { object: { key: keys } }) };
  const pattern =
    others.length === 0
      ? { source: ['aws.s3'], ...typeMembers(first), detail: { ...detail, ...detailMembers(first) } }
      : {
          source: ['aws.s3'],
          detail,
          // All fields of a pattern have to match, and most types of events have no reason: the pairs stand side by side.
          $or: [first, ...others].map((one) => {
            const members = detailMembers(one);
            return {
              ...typeMembers(one),
              ...(Object.keys(members).length === 0 ? {} : { detail: members }),
            };
          }),
        };
  return { pattern: JSON.stringify(pattern), unsent };
}

/** Events that one conjunction of a pattern takes. An empty list is no condition. */
interface Alternative {
  readonly detailTypes: readonly string[];
  readonly reasons: readonly string[];
  readonly deletionTypes: readonly string[];
}

function alternativesOf(event: string): readonly Alternative[] {
  // Every creation, those for reasons that AWS adds later included.
  if (event === 's3:ObjectCreated:*') {
    return [{ detailTypes: ['Object Created'], reasons: [], deletionTypes: [] }];
  }
  const members = EVENT_NAMES.filter((name) => !name.endsWith('*') && eventCovers(event, name));
  return members.flatMap((name) => {
    const type = eventBridgeTypeOf(name);
    if (!type) return [];
    const { detailType, reason, deletionType } = type;
    // The documentation writes `POST Object`, others send `PostObject`; what AWS sends is UNKNOWN, so both are taken.
    const reasons = reason === undefined ? [] : reason === 'PostObject' ? [reason, 'POST Object'] : [reason];
    return [
      { detailTypes: [detailType], reasons, deletionTypes: deletionType === undefined ? [] : [deletionType] },
    ];
  });
}

/** As few conjunctions as say the same. */
function merged(alternatives: readonly Alternative[]): readonly Alternative[] {
  const whole = new Set(
    alternatives
      .filter(({ reasons, deletionTypes }) => reasons.length === 0 && deletionTypes.length === 0)
      .flatMap(({ detailTypes }) => detailTypes),
  );
  const open: Alternative = { detailTypes: [...whole], reasons: [], deletionTypes: [] };
  const narrow = alternatives.filter(
    (one) => one.reasons.length > 0 && !one.detailTypes.every((type) => whole.has(type)),
  );
  const byReason = gathered(
    narrow,
    ({ detailTypes, reasons }) => [detailTypes, reasons],
    'deletionTypes',
  ).map(
    // Both ways to delete are all that there are.
    (one) => (one.deletionTypes.length === 2 ? { ...one, deletionTypes: [] } : one),
  );
  const byType = gathered(
    byReason,
    ({ detailTypes, deletionTypes }) => [detailTypes, deletionTypes],
    'reasons',
  );
  return [...(whole.size === 0 ? [] : [open]), ...byType];
}

/** Alternatives that agree in all but one member become one, with all values of that member. */
function gathered(
  alternatives: readonly Alternative[],
  keyOf: (one: Alternative) => unknown,
  member: 'reasons' | 'deletionTypes',
): readonly Alternative[] {
  const groups = new Map<string, Alternative>();
  for (const one of alternatives) {
    const key = JSON.stringify(keyOf(one));
    const group = groups.get(key);
    groups.set(key, group ? { ...group, [member]: [...new Set([...group[member], ...one[member]])] } : one);
  }
  return [...groups.values()];
}

function typeMembers({ detailTypes }: Alternative): object {
  return { 'detail-type': detailTypes };
}

function detailMembers({ reasons, deletionTypes }: Alternative): object {
  return {
    ...(reasons.length === 0 ? {} : { reason: reasons }),
    ...(deletionTypes.length === 0 ? {} : { 'deletion-type': deletionTypes }),
  };
}

/**
 * Values of one field are alternatives, so prefix and suffix together are one `wildcard`. It takes no key in which the two share
 * characters, as `photos/` is for the prefix `photos/` and the suffix `/`: those few stand beside it.
 */
function keyMatchers({ prefix, suffixes }: EventSelection): readonly unknown[] {
  const ends = [...new Set(suffixes)].filter((suffix) => suffix !== '');
  if (ends.length === 0) return prefix === '' ? [] : [{ prefix }];
  if (prefix === '') return ends.map((suffix) => ({ suffix }));
  return ends.flatMap((suffix) => [
    { wildcard: `${escaped(prefix)}*${escaped(suffix)}` },
    ...sharedKeys(prefix, suffix),
  ]);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\*]/g, String.raw`\$&`);
}

function sharedKeys(prefix: string, suffix: string): readonly string[] {
  const keys: string[] = [];
  for (let shared = 1; shared <= Math.min(prefix.length, suffix.length); shared++) {
    if (prefix.endsWith(suffix.slice(0, shared))) keys.push(prefix + suffix.slice(shared));
  }
  return keys;
}

/** Whether a rule with that pattern (JSON text) is about S3 and may take events of the bucket. In doubt it is. */
export function takesEventsOf(pattern: string | undefined, bucket: string, partition: string): boolean {
  let written: unknown;
  try {
    written = JSON.parse(pattern ?? 'null');
  } catch {
    return true;
  }
  if (typeof written !== 'object' || written === null) return false;
  const { source, resources, detail } = written as Readonly<Record<string, unknown>>;
  // A rule that names no source takes the events of every service: it is not about S3.
  if (source === undefined) return false;
  const named = (detail as { readonly bucket?: { readonly name?: unknown } } | undefined)?.bucket?.name;
  const about = JSON.stringify({
    source,
    ...(resources === undefined ? {} : { resources }),
    ...(named === undefined ? {} : { detail: { bucket: { name: named } } }),
  });
  const compiled = compileEventPattern(about);
  if (!compiled.ok) return true;
  return matchesEventPattern(compiled.pattern, {
    source: 'aws.s3',
    resources: [bucketArn(partition, bucket)],
    detail: { bucket: { name: bucket } },
  });
}
