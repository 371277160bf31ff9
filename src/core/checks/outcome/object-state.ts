/** What is known of the objects that records speak of. */
import type { Look } from '../../doctor/check.ts';
import type { SeenError, SeenRecord } from '../../doctor/facts.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { decisionOn, roleOf } from './role.ts';
import type { Run, Runs } from './runs.ts';
import { bucketArnFor } from './role.ts';
import { askedKey, readsObject, serviceErrorOf } from './service-error.ts';

/** Whether there is an object of that key now; undefined when neither the question nor the sample tells. */
export function isThere(look: Look, key: string): boolean | undefined {
  const { object, bucket } = look.facts;
  if (object?.key === key) {
    if (valueOf(object.head)) return true;
    if (isAbsent(object.head)) return false;
  }
  const sample = valueOf(bucket.sample);
  const latest = sample?.entries.find((entry) => entry.key === key && entry.latest);
  if (latest) return !latest.deleteMarker;
  return sample && !sample.truncated ? false : undefined;
}

export const UNDECODED_READS = ['object.head', 'bucket.sample', 'roles.simulated'] as const;

/**
 * The record whose encoded key the function seems to have asked S3 for. `sure`: the object stands under the decoded key, and nothing
 * else explains the error. S3's answer for a key that is not there is AccessDenied to those who may not list the bucket.
 */
export function undecodedKey(
  look: Look,
  { reached, runs }: Runs,
  run: Run,
  error: SeenError,
): { readonly record: SeenRecord; readonly sure: boolean } | undefined {
  const { name } = look.facts.bucket;
  const said = serviceErrorOf(error);
  if (!said || said.kind === 'archived' || readsObject(said, name) === 'no') return undefined;
  const asked = askedKey(said, name);
  const encoded = run.records.filter(
    ({ rawKey, key }) => rawKey !== key && (asked === undefined || asked === rawKey),
  );
  const [record] = encoded;
  if (!record || isThere(look, record.key) === false) return undefined;
  // A key that is encoded twice on purpose, or an object of the encoded name: then the read was right.
  if (isThere(look, record.rawKey) === true) return undefined;
  const there = isThere(look, record.key) === true;
  const named = asked !== undefined || encoded.length === run.records.length;
  const refusedAnyway = () => {
    const resource = `${bucketArnFor(look, reached.arn)}/${record.key}`;
    const decision = decisionOn(
      valueOf(roleOf(look, reached)?.simulated),
      's3:GetObject',
      resource,
    )?.decision;
    const plain = runs.filter(
      (one) => one.records.length > 0 && one.records.every((r) => r.rawKey === r.key),
    );
    const isDenied = (one: SeenError) => serviceErrorOf(one)?.kind === 'denied';
    return (
      (decision !== undefined && decision !== 'allowed') || plain.some(({ errors }) => errors.some(isDenied))
    );
  };
  const unclear = readsObject(said, name) === 'unsure' && said.action === undefined && said.kind === 'denied';
  return { record, sure: there && named && !unclear && !(said.kind === 'denied' && refusedAnyway()) };
}
