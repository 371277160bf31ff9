import type { Check } from '../../doctor/check.ts';
import { ADMISSION_FACTS, lambdaAdmissions } from './lambda-admission.ts';

/** The permission is for another bucket, or for `bucket/*`, or a pattern that does not match. */
export const lambdaPermissionWrongSourceArn: Check = {
  id: 'lambda-permission-wrong-source-arn',
  reads: ADMISSION_FACTS,
  judge: (look) => lambdaAdmissions(look, 'lambda-permission-wrong-source-arn'),
};
