/** S3 as Lambda uses it: for code packages, and for records of failed invocations. */
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { SandboxEnv } from './env.ts';
import type { ReadCodeObject } from './services/lambda/functions.ts';
import type { RecordBucket } from './services/lambda/async-targets.ts';
import type { S3Handlers } from './services/s3/context.ts';
import type { S3Service } from './services/s3/index.ts';
import type { StsService } from './services/sts/service.ts';
import { AwsError, type RequestContext } from './wire/types.ts';

/**
 * GetObject as Lambda does it for `Code.S3Bucket` and `S3Key`. On AWS it is the caller's right to read the object that counts;
 * here the account's.
 */
export function objectReader(env: SandboxEnv, handlers: () => Pick<S3Handlers, 'GetObject'>): ReadCodeObject {
  return async (region, bucket, key, versionId) => {
    try {
      const input = {
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      };
      const ctx = lambdaContext(env, region, { accessKeyId: env.account });
      const output = await handlers().GetObject?.(input, ctx);
      const body = output?.Body ?? Buffer.alloc(0);
      return body instanceof Readable ? await buffer(body) : body;
    } catch (error) {
      if (error instanceof AwsError) return { code: error.code, message: error.message };
      throw error;
    }
  };
}

/** PutObject with the rights of an execution role. */
export function recordBucket(
  env: SandboxEnv,
  s3: () => Pick<S3Service, 'bucket'> & { readonly handlers: Pick<S3Handlers, 'PutObject'> },
  sts: Pick<StsService, 'startSession' | 'endSession' | 'identify'>,
): RecordBucket {
  return {
    exists: (bucket) => s3().bucket(bucket) !== undefined,
    async put(bucket, key, body, { roleArn, traceHeader }) {
      const region = s3().bucket(bucket)?.region ?? env.region;
      const { accessKeyId } = sts.startSession(roleArn, 'awslambda');
      const sessionId = sts.identify(accessKeyId).userId;
      const headers = traceHeader === undefined ? {} : { 'x-amzn-trace-id': traceHeader };
      try {
        await s3().handlers.PutObject?.(
          { Bucket: bucket, Key: key, Body: Readable.from([Buffer.from(body)]) },
          lambdaContext(env, region, { accessKeyId, sessionId, headers, method: 'PUT' }),
        );
        return undefined;
      } catch (error) {
        if (error instanceof AwsError) return { refused: error.message };
        throw error;
      } finally {
        sts.endSession(accessKeyId);
      }
    },
  };
}

function lambdaContext(
  env: SandboxEnv,
  region: string,
  changes: Partial<RequestContext> & Pick<RequestContext, 'accessKeyId'>,
): RequestContext {
  return {
    requestId: env.ids.upper(16),
    extendedRequestId: '',
    region,
    account: env.account,
    sourceIp: 'lambda.amazonaws.com',
    host: env.address(),
    method: 'GET',
    headers: {},
    trailers: () => ({}),
    response: { headers: {} },
    ...changes,
  };
}
