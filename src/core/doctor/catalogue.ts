/**
 * Every cause that is known, in the order in which causes are judged: along the event's way from the upload to the log. The first
 * one that is certainly broken is the root.
 */

/** A step of the event's way; its checks stand in the folder of that name under `core/checks`. */
export type Edge = (typeof EDGES)[number];

export const EDGES = [
  'scope',
  'object',
  'rule',
  'destination',
  'permission',
  'encryption',
  'running',
  'outcome',
  'visibility',
  'risk',
] as const;

const IDS = {
  scope: [
    'bucket-not-found',
    'bucket-other-account',
    'unsupported-bucket-kind',
    'wrong-profile-or-region',
    'emulator-endpoint',
    'clock-skew',
  ],
  object: [
    'object-not-in-bucket',
    'multipart-never-completed',
    'object-predates-config',
    'operation-has-no-event',
    'restore-expectation',
    'mrap-other-bucket',
    'folder-marker-event',
    'uploader-writes-twice',
    'batch-job-surprise',
  ],
  rule: [
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
  ],
  destination: [
    'lambda-missing',
    'lambda-qualifier-missing',
    'queue-or-topic-missing',
    'fifo-destination',
    'cross-region-destination',
  ],
  permission: [
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
    'cross-account-destination',
  ],
  encryption: ['kms-key-unusable', 'kms-policy-denies-s3'],
  running: [
    'lambda-pending',
    'lambda-failed',
    'lambda-kms-env',
    'lambda-mount-or-tenancy',
    'role-unusable',
    'reserved-concurrency-zero',
    'throttled',
    'async-event-dropped',
    'recursion-terminated',
    'recursion-runaway',
    'sqs-no-consumer',
    'sqs-esm-filter',
    'sqs-shared-consumer',
    'sqs-timing',
    'sns-no-subscription',
    'sns-filter-policy',
    'eb-rule-off-or-elsewhere',
    'eb-pattern-mismatch',
    'eb-dropped-or-retried',
  ],
  outcome: [
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
    'handler-drops-work',
    'archived-object',
    'object-gone-or-replaced',
    'lambda-stale-version',
    'lambda-retry-duplicates',
    'sqs-redriven',
    'dlq-undeliverable',
    's3-duplicate',
    'double-path',
    'out-of-order',
  ],
  visibility: ['no-log-permission', 'log-group-elsewhere', 'logs-late-or-expired'],
  risk: ['permission-too-open'],
} as const satisfies Readonly<Record<Edge, readonly string[]>>;

/** Public: stands in JSON. */
export type FindingId = (typeof IDS)[Edge][number];

/** In the order of judgement. */
export const CATALOGUE: readonly { readonly id: FindingId; readonly edge: Edge }[] = EDGES.flatMap((edge) =>
  IDS[edge].map((id) => ({ id, edge })),
);

const PLACES = new Map(CATALOGUE.map(({ id, edge }, order) => [id, { edge, order }]));

/** Where a cause stands; `order` counts from the bucket. */
export function placeOf(id: FindingId): { readonly edge: Edge; readonly order: number } {
  const place = PLACES.get(id);
  if (!place) throw new Error(`no such finding: ${id}`);
  return place;
}

/** 1 to 9; risks have none. Public: stands in JSON as `edge`. */
export function edgeNumber(edge: Edge): number | null {
  return edge === 'risk' ? null : EDGES.indexOf(edge) + 1;
}
