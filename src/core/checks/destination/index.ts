import type { Check } from '../../doctor/check.ts';
import { crossRegionDestination } from './cross-region-destination.ts';
import { fifoDestination } from './fifo-destination.ts';
import { lambdaMissing } from './lambda-missing.ts';
import { lambdaQualifierMissing } from './lambda-qualifier-missing.ts';
import { queueOrTopicMissing } from './queue-or-topic-missing.ts';

export const DESTINATION_CHECKS: readonly Check[] = [
  lambdaMissing,
  lambdaQualifierMissing,
  queueOrTopicMissing,
  fifoDestination,
  crossRegionDestination,
];
