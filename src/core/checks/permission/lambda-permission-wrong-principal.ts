import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** The policy admits another service or an account, or another action. */
export const lambdaPermissionWrongPrincipal: Check = {
  id: 'lambda-permission-wrong-principal',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-wrong-principal'),
};
