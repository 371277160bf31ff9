import type { Check } from '../../doctor/check.ts';
import { configOverwritten } from './config-overwritten.ts';
import { configTooFresh } from './config-too-fresh.ts';
import { deleteVsMarker } from './delete-vs-marker.ts';
import { ebNotEnabled } from './eb-not-enabled.ts';
import { eventTypeCopyOrPost } from './event-type-copy-or-post.ts';
import { eventTypeMultipart } from './event-type-multipart.ts';
import { filterLiteralWildcard } from './filter-literal-wildcard.ts';
import { filterMismatch } from './filter-mismatch.ts';
import { filterNotEncoded } from './filter-not-encoded.ts';
import { lifecycleNotInRemoved } from './lifecycle-not-in-removed.ts';
import { noNotificationConfig } from './no-notification-config.ts';
import { putRejected } from './put-rejected.ts';
import { replicaSideExpectation } from './replica-side-expectation.ts';
import { replicationEventsSilent } from './replication-events-silent.ts';
import { rulePointsElsewhere } from './rule-points-elsewhere.ts';
import { rulesOverlap } from './rules-overlap.ts';
import { staleSiblingBlocksPut } from './stale-sibling-blocks-put.ts';

export const RULE_CHECKS: readonly Check[] = [
  noNotificationConfig,
  configOverwritten,
  configTooFresh,
  rulePointsElsewhere,
  rulesOverlap,
  staleSiblingBlocksPut,
  putRejected,
  eventTypeMultipart,
  eventTypeCopyOrPost,
  deleteVsMarker,
  lifecycleNotInRemoved,
  filterMismatch,
  filterNotEncoded,
  filterLiteralWildcard,
  replicaSideExpectation,
  replicationEventsSilent,
  ebNotEnabled,
];
