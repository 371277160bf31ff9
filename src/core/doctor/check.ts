import type { FindingId } from './catalogue.ts';
import type { DoctorFacts } from './facts.ts';
import type { Finding, NotChecked } from './finding.ts';
import type { Reading } from './reading.ts';
import type { Hop } from './routes.ts';
import type { Rule } from '../notification.ts';

/**
 * Names of the facts that a check may read: the member of `DoctorFacts`, with the member of the node after a point where there is one
 * (`functions.policy`, `bucket.versioning`, `metrics`). A test holds each check to its list.
 */
export type FactName = string;

export interface Check {
  readonly id: FindingId;
  readonly reads: readonly FactName[];
  /** Pure. Nothing when all is well or nothing is known. */
  readonly judge: (look: Look) => readonly Finding[];
}

/** What a check sees, and how it says that it could not see. */
export interface Look {
  readonly facts: DoctorFacts;
  /** The bucket's rules that the question is about: all of them, or those of `--rule`, `--function` or the key. */
  readonly rules: readonly Rule[];
  /** Every step that an event of those rules takes, nearest to the bucket first. */
  readonly hops: readonly Hop[];
  /** The value. Undefined when there is none, when it was not read, or when it could not be read: then that is noted against this check. */
  value<T>(reading: Reading<T> | undefined): T | undefined;
}

export function createLook(
  id: FindingId,
  view: Pick<Look, 'facts' | 'rules' | 'hops'>,
  notChecked: (what: NotChecked) => void,
): Look {
  return {
    ...view,
    value(reading) {
      if (!reading || reading.state === 'absent') return undefined;
      if (reading.state === 'known') return reading.value;
      notChecked({ check: id, action: reading.call, resource: reading.resource, reason: reading.message });
      return undefined;
    },
  };
}
