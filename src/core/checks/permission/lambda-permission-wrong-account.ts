import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** The permission is for buckets of another account. */
export const lambdaPermissionWrongAccount: Check = {
  id: 'lambda-permission-wrong-account',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-wrong-account'),
};
