import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** Nothing in the function's policy speaks of S3: often it was lost when the function was deleted and made again. */
export const lambdaPermissionMissing: Check = {
  id: 'lambda-permission-missing',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-missing'),
};
