import type { RequestContext } from '../../wire/types.ts';
import { textElement } from '../../wire/xml.ts';
import { checksumOutput } from './checksums.ts';
import type { StoredObject } from './store.ts';

interface PostedObject {
  readonly bucket: string;
  readonly key: string;
  readonly object: StoredObject;
  readonly versionId: string | undefined;
  /** `success_action_status` */
  readonly status: string | undefined;
  /** `success_action_redirect` */
  readonly redirect: string | undefined;
}

/** What a browser gets: a redirect, else the status that the form asks for, else 204. Only 201 has a body. */
export function formAnswer({ response, host }: RequestContext, posted: PostedObject): void {
  const { bucket, key, object, versionId } = posted;
  const etag = `"${object.etag}"`;
  // Recorded: the key's slashes are encoded too.
  const location = `http://${host}/${bucket}/${encodeURIComponent(key)}`;
  const { ChecksumType, ...checksum } = checksumOutput(object.checksum);
  for (const [member, value] of Object.entries(checksum)) {
    response.headers[`x-amz-checksum-${member.slice('Checksum'.length).toLowerCase()}`] = value;
  }
  if (ChecksumType) response.headers['x-amz-checksum-type'] = ChecksumType;
  if (versionId !== undefined) response.headers['x-amz-version-id'] = versionId;
  response.headers['x-amz-server-side-encryption'] = object.encryption.ServerSideEncryption;
  response.headers['etag'] = etag;
  const redirect = posted.redirect === undefined ? undefined : withQuery(posted.redirect, posted, etag);
  response.headers['location'] = redirect ?? location;
  if (redirect !== undefined) {
    response.status = 303;
  } else if (posted.status === '201') {
    response.status = 201;
    const elements = [
      textElement('Location', location),
      textElement('Bucket', bucket),
      textElement('Key', key),
      textElement('ETag', etag),
    ];
    response.rawXml = `<PostResponse>${elements.join('')}</PostResponse>`;
  } else {
    response.status = posted.status === '200' ? 200 : 204;
  }
}

/** Undefined for an address that is not absolute: S3 does not redirect there. What the address has of a query stays. */
function withQuery(address: string, { bucket, key }: PostedObject, etag: string): string | undefined {
  if (!/^https?:\/\/\P{Cc}+$/iu.test(address)) return undefined;
  const query = new URLSearchParams({ bucket, key, etag });
  return `${address}${address.includes('?') ? '&' : '?'}${query.toString()}`;
}
