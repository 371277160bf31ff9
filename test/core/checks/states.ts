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
  'bucket-not-found',
  'bucket-other-account',
  'unsupported-bucket-kind',
  'wrong-profile-or-region',
  'emulator-endpoint',
  'clock-skew',
  'object-not-in-bucket',
  'multipart-never-completed',
  'object-predates-config',
  'operation-has-no-event',
  'restore-expectation',
  'folder-marker-event',
  'uploader-writes-twice',
  'no-notification-config',
  'config-overwritten',
  'config-too-fresh',
  'rule-points-elsewhere',
  'rules-overlap',
  'stale-sibling-blocks-put',
  'put-rejected',
  'event-type-multipart',
  'event-type-copy-or-post',
  'delete-vs-marker',
  'lifecycle-not-in-removed',
  'filter-mismatch',
  'filter-not-encoded',
  'filter-literal-wildcard',
  'replica-side-expectation',
  'replication-events-silent',
  'eb-not-enabled',
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
