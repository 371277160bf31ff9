/**
 * What is known of every cause of the catalogue. Those that stand in neither list are proven on recorded facts: by a test of their
 * check in this folder.
 */
import type { FindingId } from '../../../src/core/doctor/catalogue.ts';

/** No check: what would decide is not read by this program. */
export const NOT_BUILT: Partial<Readonly<Record<FindingId, string>>> = {
  'mrap-other-bucket':
    'membership of a Multi-Region Access Point is known to S3 Control only, which is not among the services',
  'batch-job-surprise':
    'jobs of S3 Batch Operations are known to S3 Control only; their payload alone names no job',
};

/** Found, first, and mended by the printed commands, through the real command on the local AWS: test/commands/doctor. */
export const PROVEN_END_TO_END: readonly FindingId[] = [
  'lambda-missing',
  'lambda-permission-missing',
  'lambda-permission-wrong-source-arn',
  'lambda-permission-wrong-account',
  'lambda-permission-wrong-qualifier',
  'lambda-permission-wrong-principal',
  'lambda-permission-condition',
  'explicit-deny-or-rcp',
  'sqs-policy',
  'sns-policy',
  'sns-downstream-permission',
  'eb-target-permission',
  'permission-too-open',
];
