import { expect, test } from 'vitest';
import { ownerOf } from '../../src/core/rule-owner.ts';

const ASSIGNED = 'NWQ5NjA5YzMtMjM5OC00ZDQ1LWJkOTItOTJjYjcyZjBhZGI4';
const STACK = { 'aws:cloudformation:stack-name': 'shop' };

test.each([
  ['tf-s3-lambda-20260101000000000100000001', {}, 'terraform'],
  ['tf-s3-queue-20260101000000000100000001', {}, 'terraform'],
  ['arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1f2e-9', {}, 'cdk'],
  ['shop-dev-resize-0cc175b9c0f1b6a831c399e269772661', {}, 'serverless'],
  ['exS3-v2--0cc175b9c0f1b6a831c399e269772661', {}, 'serverless'],
  [ASSIGNED, {}, 'others'],
  [ASSIGNED, STACK, 'cloudformation'],
  [ASSIGNED, { ...STACK, 'aws-cdk:auto-delete-objects': 'true' }, 'cdk'],
  ['thumbnails', STACK, 'others'],
  ['', {}, 'others'],
])('%s with %j: %s', (id, tags, owner) => {
  const rule = {
    id,
    events: [],
    filter: {},
    destination: { kind: 'sqs', arn: 'arn:aws:sqs:eu-west-1:1:q' },
  } as const;
  expect(ownerOf(rule, tags)).toBe(owner);
});
