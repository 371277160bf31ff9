import type { Check } from '../../doctor/check.ts';
import { kmsKeyUnusable } from './kms-key-unusable.ts';
import { kmsPolicyDeniesS3 } from './kms-policy-denies-s3.ts';

export const ENCRYPTION_CHECKS: readonly Check[] = [kmsKeyUnusable, kmsPolicyDeniesS3];
