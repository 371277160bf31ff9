import type { Check } from '../../doctor/check.ts';
import { asyncEventDropped } from './async-event-dropped.ts';
import { ebDroppedOrRetried } from './eb-dropped-or-retried.ts';
import { ebPatternMismatch } from './eb-pattern-mismatch.ts';
import { ebRuleOffOrElsewhere } from './eb-rule-off-or-elsewhere.ts';
import { lambdaFailed } from './lambda-failed.ts';
import { lambdaKmsEnv } from './lambda-kms-env.ts';
import { lambdaMountOrTenancy } from './lambda-mount-or-tenancy.ts';
import { lambdaPending } from './lambda-pending.ts';
import { recursionRunaway } from './recursion-runaway.ts';
import { recursionTerminated } from './recursion-terminated.ts';
import { reservedConcurrencyZero } from './reserved-concurrency-zero.ts';
import { roleUnusable } from './role-unusable.ts';
import { snsFilterPolicy } from './sns-filter-policy.ts';
import { snsNoSubscription } from './sns-no-subscription.ts';
import { sqsEsmFilter } from './sqs-esm-filter.ts';
import { sqsNoConsumer } from './sqs-no-consumer.ts';
import { sqsSharedConsumer } from './sqs-shared-consumer.ts';
import { sqsTiming } from './sqs-timing.ts';
import { throttled } from './throttled.ts';

export const RUNNING_CHECKS: readonly Check[] = [
  lambdaPending,
  lambdaFailed,
  lambdaKmsEnv,
  lambdaMountOrTenancy,
  roleUnusable,
  reservedConcurrencyZero,
  throttled,
  asyncEventDropped,
  recursionTerminated,
  recursionRunaway,
  sqsNoConsumer,
  sqsEsmFilter,
  sqsSharedConsumer,
  sqsTiming,
  snsNoSubscription,
  snsFilterPolicy,
  ebRuleOffOrElsewhere,
  ebPatternMismatch,
  ebDroppedOrRetried,
];
