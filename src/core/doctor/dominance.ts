/** Which causes have others as their consequences: those are told under the cause and never as problems of their own. */
import type { Edge, FindingId } from './catalogue.ts';
import { placeOf } from './catalogue.ts';
import type { Finding } from './finding.ts';

interface Dominance {
  readonly cause: readonly FindingId[];
  readonly over: readonly FindingId[] | ((id: FindingId) => boolean);
  /** `node`: only where both are about the same resource; `rule`: only where they share a rule. */
  readonly within: 'all' | 'node' | 'rule';
}

const PERMISSION: readonly FindingId[] = [
  'lambda-permission-missing',
  'lambda-permission-wrong-source-arn',
  'lambda-permission-wrong-account',
  'lambda-permission-wrong-qualifier',
  'lambda-permission-wrong-principal',
  'lambda-permission-condition',
];
const LOGS: readonly FindingId[] = ['no-log-permission', 'log-group-elsewhere', 'logs-late-or-expired'];
const CODE: readonly FindingId[] = [
  'role-no-s3-read',
  'role-no-kms-decrypt',
  'bucket-policy-denies-role',
  'object-foreign-owner',
  'handler-or-import',
  'function-timeout',
  'vpc-no-route',
  'memory-or-tmp-exhausted',
  'key-not-decoded',
  'eventbridge-key-decoded-twice',
  'wrong-envelope',
  'archived-object',
  'object-gone-or-replaced',
];
const AFTERMATH: readonly FindingId[] = [
  'lambda-retry-duplicates',
  'sqs-redriven',
  'dlq-undeliverable',
  'async-event-dropped',
];

const isOf =
  (...edges: readonly Edge[]) =>
  (id: FindingId): boolean =>
    edges.includes(placeOf(id).edge);

const TABLE: readonly Dominance[] = [
  // The name of a directory bucket tells its kind, whatever the calls for general purpose buckets answer.
  { cause: ['unsupported-bucket-kind'], over: () => true, within: 'all' },
  { cause: ['bucket-not-found'], over: (id) => id !== 'unsupported-bucket-kind', within: 'all' },
  { cause: ['bucket-other-account'], over: (id) => !isOf('scope')(id), within: 'all' },
  { cause: ['wrong-profile-or-region'], over: ['rule-points-elsewhere'], within: 'all' },
  { cause: ['object-not-in-bucket', 'multipart-never-completed'], over: isOf('rule'), within: 'all' },
  { cause: ['config-overwritten'], over: ['no-notification-config', 'rule-points-elsewhere'], within: 'all' },
  { cause: ['eb-not-enabled', 'replica-side-expectation'], over: ['no-notification-config'], within: 'all' },
  { cause: ['filter-literal-wildcard', 'filter-not-encoded'], over: ['filter-mismatch'], within: 'rule' },
  {
    cause: ['lambda-missing', 'lambda-qualifier-missing'],
    over: [...PERMISSION, ...LOGS, 'reserved-concurrency-zero', 'stale-sibling-blocks-put'],
    within: 'node',
  },
  {
    cause: ['queue-or-topic-missing'],
    over: ['sqs-policy', 'sns-policy', 'stale-sibling-blocks-put'],
    within: 'node',
  },
  { cause: PERMISSION, over: LOGS, within: 'node' },
  { cause: ['kms-key-unusable'], over: ['kms-policy-denies-s3'], within: 'node' },
  {
    cause: ['recursion-terminated', 'recursion-runaway'],
    // The event that Lambda stops is one that it gives up.
    over: ['reserved-concurrency-zero', 'async-event-dropped'],
    within: 'node',
  },
  {
    cause: ['reserved-concurrency-zero'],
    over: [...LOGS, ...AFTERMATH, 'throttled'],
    within: 'node',
  },
  {
    cause: ['lambda-failed', 'lambda-pending', 'lambda-kms-env', 'role-unusable'],
    over: [...LOGS, ...CODE, ...AFTERMATH],
    within: 'node',
  },
  { cause: ['throttled'], over: ['async-event-dropped'], within: 'node' },
  { cause: ['key-not-decoded'], over: ['role-no-s3-read', 'object-gone-or-replaced'], within: 'node' },
  { cause: ['vpc-no-route'], over: ['function-timeout'], within: 'node' },
  { cause: CODE, over: AFTERMATH, within: 'node' },
  { cause: ['lambda-retry-duplicates'], over: ['sqs-redriven'], within: 'node' },
  { cause: ['double-path'], over: ['s3-duplicate'], within: 'all' },
];

/** Whether the first is why the second is there. */
export function dominates(
  cause: Pick<Finding, 'id' | 'node' | 'ruleIds'>,
  other: Pick<Finding, 'id' | 'node' | 'ruleIds'>,
): boolean {
  if (cause.id === other.id) return false;
  return TABLE.some(
    ({ cause: causes, over, within }) =>
      causes.includes(cause.id) &&
      (typeof over === 'function' ? over(other.id) : over.includes(other.id)) &&
      isWithin(within, cause, other),
  );
}

function isWithin(
  within: Dominance['within'],
  cause: Pick<Finding, 'node' | 'ruleIds'>,
  other: Pick<Finding, 'node' | 'ruleIds'>,
): boolean {
  switch (within) {
    case 'all':
      return true;
    case 'node':
      return cause.node === other.node;
    case 'rule':
      return (other.ruleIds ?? []).some((id) => cause.ruleIds?.includes(id) === true);
  }
}
