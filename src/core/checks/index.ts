/** Every check, in the order of the catalogue. */
import { CATALOGUE } from '../doctor/catalogue.ts';
import type { Check } from '../doctor/check.ts';
import { DESTINATION_CHECKS } from './destination/index.ts';
import { ENCRYPTION_CHECKS } from './encryption/index.ts';
import { OBJECT_CHECKS } from './object/index.ts';
import { OUTCOME_CHECKS } from './outcome/index.ts';
import { PERMISSION_CHECKS } from './permission/index.ts';
import { RISK_CHECKS } from './risk/index.ts';
import { RULE_CHECKS } from './rule/index.ts';
import { RUNNING_CHECKS } from './running/index.ts';
import { SCOPE_CHECKS } from './scope/index.ts';
import { VISIBILITY_CHECKS } from './visibility/index.ts';

const ORDER = new Map(CATALOGUE.map(({ id }, order) => [id, order]));

export const CHECKS: readonly Check[] = [
  ...SCOPE_CHECKS,
  ...OBJECT_CHECKS,
  ...RULE_CHECKS,
  ...DESTINATION_CHECKS,
  ...PERMISSION_CHECKS,
  ...ENCRYPTION_CHECKS,
  ...RUNNING_CHECKS,
  ...OUTCOME_CHECKS,
  ...VISIBILITY_CHECKS,
  ...RISK_CHECKS,
].sort((a, b) => (ORDER.get(a.id) ?? 0) - (ORDER.get(b.id) ?? 0));
