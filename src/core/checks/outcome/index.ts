import type { Check } from '../../doctor/check.ts';
import { archivedObject } from './archived-object.ts';
import { bucketPolicyDeniesRole } from './bucket-policy-denies-role.ts';
import { dlqUndeliverable } from './dlq-undeliverable.ts';
import { doublePath } from './double-path.ts';
import { eventbridgeKeyDecodedTwice } from './eventbridge-key-decoded-twice.ts';
import { functionTimeout } from './function-timeout.ts';
import { handlerDropsWork } from './handler-drops-work.ts';
import { handlerOrImport } from './handler-or-import.ts';
import { keyNotDecoded } from './key-not-decoded.ts';
import { lambdaRetryDuplicates } from './lambda-retry-duplicates.ts';
import { lambdaStaleVersion } from './lambda-stale-version.ts';
import { memoryOrTmpExhausted } from './memory-or-tmp-exhausted.ts';
import { objectForeignOwner } from './object-foreign-owner.ts';
import { objectGoneOrReplaced } from './object-gone-or-replaced.ts';
import { outOfOrder } from './out-of-order.ts';
import { roleNoKmsDecrypt } from './role-no-kms-decrypt.ts';
import { roleNoS3Read } from './role-no-s3-read.ts';
import { s3Duplicate } from './s3-duplicate.ts';
import { sqsRedriven } from './sqs-redriven.ts';
import { vpcNoRoute } from './vpc-no-route.ts';
import { wrongEnvelope } from './wrong-envelope.ts';

export const OUTCOME_CHECKS: readonly Check[] = [
  roleNoS3Read,
  roleNoKmsDecrypt,
  bucketPolicyDeniesRole,
  objectForeignOwner,
  handlerOrImport,
  functionTimeout,
  vpcNoRoute,
  memoryOrTmpExhausted,
  keyNotDecoded,
  eventbridgeKeyDecodedTwice,
  wrongEnvelope,
  handlerDropsWork,
  archivedObject,
  objectGoneOrReplaced,
  lambdaStaleVersion,
  lambdaRetryDuplicates,
  sqsRedriven,
  dlqUndeliverable,
  s3Duplicate,
  doublePath,
  outOfOrder,
];
