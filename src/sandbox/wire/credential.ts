import type { IncomingHttpHeaders } from 'node:http';

/** What a signature says of the caller. Signatures are not verified. */
export interface Credential {
  readonly accessKeyId: string | undefined;
  /** From the credential scope of a Signature Version 4. */
  readonly region: string | undefined;
  /** Signing name (`s3`, `lambda`, `logs`, …). */
  readonly service: string | undefined;
}

const ANONYMOUS: Credential = { accessKeyId: undefined, region: undefined, service: undefined };

/** From the Authorization header, or from the query string of a presigned URL; of signature versions 4 and 2. */
export function readCredential(headers: IncomingHttpHeaders, rawQuery: string): Credential {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const scope = /\bCredential=([^,\s]+)/.exec(authorization)?.[1];
    if (scope !== undefined) return readScope(scope);
    return { ...ANONYMOUS, accessKeyId: /^AWS ([^:\s]+):/.exec(authorization)?.[1] };
  }
  const presigned = parameter(rawQuery, 'X-Amz-Credential');
  if (presigned !== undefined) return readScope(presigned);
  const accessKeyId = parameter(rawQuery, 'AWSAccessKeyId');
  return accessKeyId === undefined ? ANONYMOUS : { ...ANONYMOUS, accessKeyId };
}

/** `AKID/20261122/eu-west-1/s3/aws4_request` */
function readScope(scope: string): Credential {
  const [accessKeyId, , region, service] = scope.split('/');
  return {
    accessKeyId,
    region: region !== undefined && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined,
    service: service?.toLowerCase(),
  };
}

function parameter(rawQuery: string, name: string): string | undefined {
  if (!rawQuery.includes(name)) return undefined;
  return new URLSearchParams(rawQuery).get(name) ?? undefined;
}
