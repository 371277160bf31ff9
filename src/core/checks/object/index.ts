import type { Check } from '../../doctor/check.ts';
import { folderMarkerEvent } from './folder-marker-event.ts';
import { multipartNeverCompleted } from './multipart-never-completed.ts';
import { objectNotInBucket } from './object-not-in-bucket.ts';
import { objectPredatesConfig } from './object-predates-config.ts';
import { operationHasNoEvent } from './operation-has-no-event.ts';
import { restoreExpectation } from './restore-expectation.ts';
import { uploaderWritesTwice } from './uploader-writes-twice.ts';

/** Members of Multi-Region Access Points and jobs of Batch Operations are told by S3 Control alone, which is not asked. */
export const OBJECT_CHECKS: readonly Check[] = [
  objectNotInBucket,
  multipartNeverCompleted,
  objectPredatesConfig,
  operationHasNoEvent,
  restoreExpectation,
  folderMarkerEvent,
  uploaderWritesTwice,
];
