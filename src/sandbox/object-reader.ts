import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { SandboxEnv } from './env.ts';
import type { ReadCodeObject } from './services/lambda/functions.ts';
import type { S3Service } from './services/s3/index.ts';
import { AwsError, type RequestContext } from './wire/types.ts';

/** GetObject as Lambda does it for `Code.S3Bucket` and `S3Key`. */
export function objectReader(env: SandboxEnv, s3: Pick<S3Service, 'handlers'>): ReadCodeObject {
  return async (region, bucket, key, versionId) => {
    try {
      const input = {
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
      };
      const output = await s3.handlers.GetObject?.(input, lambdaContext(env, region));
      const body = output?.Body ?? Buffer.alloc(0);
      return body instanceof Readable ? await buffer(body) : body;
    } catch (error) {
      if (error instanceof AwsError) return { code: error.code, message: error.message };
      throw error;
    }
  };
}

function lambdaContext(env: SandboxEnv, region: string): RequestContext {
  return {
    requestId: env.ids.upper(16),
    extendedRequestId: '',
    region,
    account: env.account,
    accessKeyId: 'lambda.amazonaws.com',
    sourceIp: 'lambda.amazonaws.com',
    host: env.address(),
    method: 'GET',
    headers: {},
    trailers: () => ({}),
    response: { headers: {} },
  };
}
