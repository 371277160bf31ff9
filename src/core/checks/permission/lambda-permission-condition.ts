import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** The permission hangs on a condition key that S3 never presents, or of which it is not known. */
export const lambdaPermissionCondition: Check = {
  id: 'lambda-permission-condition',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-condition'),
};
