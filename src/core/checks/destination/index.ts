import type { Check } from '../../doctor/check.ts';
import { lambdaMissing } from './lambda-missing.ts';

export const DESTINATION_CHECKS: readonly Check[] = [lambdaMissing];
