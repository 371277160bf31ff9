/** Reads that were refused or failed and that no check missed: a verdict says of each of them that it is not known. */
import type { Check } from './check.ts';
import type { DoctorFacts } from './facts.ts';
import type { NotChecked } from './finding.ts';
import type { Reading } from './reading.ts';

type Refused = Extract<Reading<unknown>, { readonly state: 'denied' | 'failed' }>;

/** Members of the facts whose nodes stand by ARN or id. */
const BY_ID = ['functions', 'queues', 'topics', 'keys', 'roles'] as const;

/** For each such read the first check that would have looked at it. */
export function unnoted(
  facts: DoctorFacts,
  checks: readonly Check[],
  noted: readonly NotChecked[],
): readonly NotChecked[] {
  const known = new Set(noted.map(({ action, resource }) => `${action} ${resource}`));
  return refusals(facts).flatMap(({ name, reading }) => {
    const check = checks.find(({ reads }) => reads.includes(name))?.id;
    const { call: action, resource, message: reason } = reading;
    if (check === undefined || known.has(`${action} ${resource}`)) return [];
    known.add(`${action} ${resource}`);
    return [{ check, action, resource, reason }];
  });
}

function refusals(facts: DoctorFacts): readonly { readonly name: string; readonly reading: Refused }[] {
  const members = (prefix: string, node: object) =>
    Object.entries(node).flatMap(([member, value]: [string, unknown]) =>
      isRefused(value) ? [{ name: `${prefix}${member}`, reading: value }] : [],
    );
  return [
    ...members('', facts),
    ...members('bucket.', facts.bucket),
    ...(facts.object ? members('object.', facts.object) : []),
    ...BY_ID.flatMap((name) =>
      Object.values<object>(facts[name]).flatMap((node) => members(`${name}.`, node)),
    ),
    ...Object.values(facts.functions).flatMap(({ log }) =>
      log ? members('', log).map(({ reading }) => ({ name: 'functions.log', reading })) : [],
    ),
    ...nested('eventRules', facts.eventRules, 'targets'),
    ...Object.values(facts.topics).flatMap(({ subscriptions }) =>
      nested('topics.subscriptions', subscriptions, 'attributes'),
    ),
  ];
}

function nested(
  name: string,
  list: Reading<readonly object[]> | undefined,
  member: string,
): readonly { readonly name: string; readonly reading: Refused }[] {
  if (list?.state !== 'known') return [];
  return list.value.flatMap((one) => {
    const value: unknown = Reflect.get(one, member);
    return isRefused(value) ? [{ name, reading: value }] : [];
  });
}

function isRefused(value: unknown): value is Refused {
  if (typeof value !== 'object' || value === null) return false;
  const { state, call } = value as { readonly state?: unknown; readonly call?: unknown };
  return (state === 'denied' || state === 'failed') && typeof call === 'string';
}
