import { formatDuration } from '../../duration.ts';
import { keyPasses } from '../../key-filter.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { OpenUpload } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';

const HOUR = 3_600_000;
/** Without a key in question: a large upload may well take hours. */
const ABANDONED = 24 * HOUR;

/** Parts were uploaded and never put together: there is no object, and parts send no event. */
export const multipartNeverCompleted: Check = {
  id: 'multipart-never-completed',
  reads: ['bucket.uploads', 'object.head'],
  judge(look) {
    const { bucket, object } = look.facts;
    const uploads = look.value(bucket.uploads) ?? [];
    if (!object) return abandoned(look, uploads);
    const upload = newest(uploads.filter(({ key }) => key === object.key));
    if (!upload) return [];
    const head = look.value(object.head);
    // What was written after the upload began is what people ask about.
    if (head ? head.modified >= upload.initiated : !isAbsent(object.head)) return [];
    const age = look.facts.at - upload.initiated;
    const isOld = age > HOUR;
    const name = cut(object.key);
    return [
      {
        ...finding(look, upload),
        verdict: isOld && !head ? 'broken' : 'suspected',
        severity: isOld ? 'BREAK' : 'LATE',
        message: isOld
          ? `an upload of "${name}" in parts was begun ${formatDuration(age)} ago and never completed, so ${head ? 'the new content is not there' : 'there is no object'} and no event`
          : `an upload of "${name}" in parts is under way: the event comes when it is completed`,
      },
    ];
  },
};

function abandoned(look: Look, uploads: readonly OpenUpload[]): readonly Finding[] {
  const old = uploads.filter(
    ({ key, initiated }) =>
      look.facts.at - initiated > ABANDONED && look.rules.some(({ filter }) => keyPasses(filter, key)),
  );
  const upload = newest(old);
  if (!upload) return [];
  const count = old.length === 1 ? 'an upload' : `${old.length} uploads`;
  return [
    {
      ...finding(look, upload),
      verdict: 'risk',
      severity: 'COST',
      message: `${count} in parts, such as that of "${cut(upload.key)}", never became an object: no event comes of it, and the parts are paid for`,
    },
  ];
}

function finding(look: Look, { key, uploadId, initiated }: OpenUpload) {
  const { bucket } = look.facts;
  return {
    id: 'multipart-never-completed',
    subject: `object ${cut(key)}`,
    evidence: [
      evidence(bucket.uploads, 'UploadId', cut(uploadId)),
      evidence(bucket.uploads, 'Initiated', `${formatDuration(Math.max(0, look.facts.at - initiated))} ago`),
      ...(isAbsent(look.facts.object?.head)
        ? [evidence(look.facts.object?.head, 'answer', '404 Not Found')]
        : []),
    ],
    fix: tell(
      'Let the uploader complete it, or abort it and upload again; a lifecycle rule with AbortIncompleteMultipartUpload clears such parts away.',
      ['aws', 's3api', 'list-parts', '--bucket', bucket.name, '--key', key, '--upload-id', uploadId],
    ),
  } as const;
}

function newest(uploads: readonly OpenUpload[]): OpenUpload | undefined {
  return [...uploads].sort((a, b) => b.initiated - a.initiated)[0];
}
