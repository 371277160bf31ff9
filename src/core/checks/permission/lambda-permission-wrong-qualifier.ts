import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** Policies of a function, of each version and of each alias are separate. */
export const lambdaPermissionWrongQualifier: Check = {
  id: 'lambda-permission-wrong-qualifier',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-wrong-qualifier'),
};
