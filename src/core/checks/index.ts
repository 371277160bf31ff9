/** Every check, in the order of the catalogue. */
import { CATALOGUE } from '../doctor/catalogue.ts';
import type { Check } from '../doctor/check.ts';
import { DESTINATION_CHECKS } from './destination/index.ts';
import { RULE_CHECKS } from './rule/index.ts';
import { SCOPE_CHECKS } from './scope/index.ts';

const ORDER = new Map(CATALOGUE.map(({ id }, order) => [id, order]));

export const CHECKS: readonly Check[] = [...SCOPE_CHECKS, ...RULE_CHECKS, ...DESTINATION_CHECKS].sort(
  (a, b) => (ORDER.get(a.id) ?? 0) - (ORDER.get(b.id) ?? 0),
);
