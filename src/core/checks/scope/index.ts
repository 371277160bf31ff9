import type { Check } from '../../doctor/check.ts';
import { bucketNotFound } from './bucket-not-found.ts';
import { bucketOtherAccount } from './bucket-other-account.ts';
import { clockSkew } from './clock-skew.ts';
import { emulatorEndpoint } from './emulator-endpoint.ts';
import { unsupportedBucketKind } from './unsupported-bucket-kind.ts';
import { wrongProfileOrRegion } from './wrong-profile-or-region.ts';

export const SCOPE_CHECKS: readonly Check[] = [
  bucketNotFound,
  bucketOtherAccount,
  unsupportedBucketKind,
  wrongProfileOrRegion,
  emulatorEndpoint,
  clockSkew,
];
