import type { IncomingHttpHeaders } from 'node:http';

/** What a signature says of the caller. Signatures are not verified. */
export interface Credential {
  readonly accessKeyId: string | undefined;
  /** From the credential scope of a Signature Version 4. */
  readonly region: string | undefined;
  /** Signing name (`s3`, `lambda`, `logs`, …). */
  readonly service: string | undefined;
  /** Of a presigned URL. */
  readonly presigned?: Presigned;
}

export interface Presigned {
  /** Until when the URL is good, in milliseconds since the epoch. */
  readonly expires: number;
  /** `X-Amz-Expires`; signature version 2 has none. */
  readonly seconds: number | undefined;
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
  if (presigned !== undefined) return { ...readScope(presigned), ...validity(rawQuery) };
  const accessKeyId = parameter(rawQuery, 'AWSAccessKeyId');
  return accessKeyId === undefined ? ANONYMOUS : { ...ANONYMOUS, accessKeyId, ...validityV2(rawQuery) };
}

/** From the fields of a browser form, which are named like the query parameters of a presigned URL. */
export function readFormCredential(field: (name: string) => string | undefined): Credential {
  const scope = field('x-amz-credential');
  return scope === undefined ? { ...ANONYMOUS, accessKeyId: field('awsaccesskeyid') } : readScope(scope);
}

/** `X-Amz-Date=20261122T190000Z&X-Amz-Expires=900`. What is malformed sets no end. */
function validity(rawQuery: string): { readonly presigned?: Presigned } {
  const date = parameter(rawQuery, 'X-Amz-Date') ?? '';
  const seconds = Number(parameter(rawQuery, 'X-Amz-Expires') ?? NaN);
  const signed = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const expires = signed + seconds * 1000;
  return Number.isNaN(expires) ? {} : { presigned: { expires, seconds } };
}

/** `Expires=1795000000`, in seconds since the epoch. */
function validityV2(rawQuery: string): { readonly presigned?: Presigned } {
  const expires = Number(parameter(rawQuery, 'Expires') ?? NaN) * 1000;
  return Number.isNaN(expires) ? {} : { presigned: { expires, seconds: undefined } };
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
