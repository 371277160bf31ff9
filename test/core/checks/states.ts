/** What is known of every cause of the catalogue. */
import { CATALOGUE, type FindingId } from '../../../src/core/doctor/catalogue.ts';

/** No check: what would decide is not read by this program. */
export const NOT_BUILT: Partial<Readonly<Record<FindingId, string>>> = {
  'mrap-other-bucket':
    'membership of a Multi-Region Access Point is known to S3 Control only, which is not among the services',
  'batch-job-surprise':
    'jobs of S3 Batch Operations are known to S3 Control only; their payload alone names no job',
};

/** Proven on recorded facts alone, by a test of their check in this folder. */
export const PROVEN_ON_FACTS: readonly FindingId[] = [
  'lambda-mount-or-tenancy',
  'object-foreign-owner',
  'logs-late-or-expired',
];

/** Found, first, and mended by the printed commands, through the real command on the local AWS: test/commands/doctor. */
export const PROVEN_END_TO_END: readonly FindingId[] = CATALOGUE.map(({ id }) => id).filter(
  (id) => !(id in NOT_BUILT) && !PROVEN_ON_FACTS.includes(id),
);
