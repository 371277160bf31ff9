import type { Context } from './context.ts';
import { runInit, type InitInput, type InitResult } from './init.ts';

/**
 * Adds rules to a bucket that exists, with the permission that they need. Other rules stay, those that s3evt made before
 * included. Throws S3evtError.
 */
export function runAdd(input: InitInput, ctx: Context): Promise<InitResult> {
  return runInit({ ...input, adds: true }, ctx);
}
