import { formatInstant } from '../../duration.ts';
import { shellCommand } from '../../shell.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { isOfCreation } from '../rule/claim.ts';
import { passes } from '../rule/ways.ts';
import { configurationWrites, type ConfigurationWrite } from '../rule/trail-writes.ts';
import { recordsOfKey } from './seen.ts';

/**
 * The object was there before the rule: S3 tells of new operations only. Tools put the same document again and again, so a write after
 * the upload is certain to be the cause only when the document that stood at that time is known not to have taken the key.
 */
export const objectPredatesConfig: Check = {
  id: 'object-predates-config',
  reads: ['object.head', 'bucket.notification', 'bucket.versioning', 'trail', 'functions.log'],
  judge(look) {
    const { facts } = look;
    if (!facts.object || facts.trail === undefined || !isOfCreation(look)) return [];
    const { key } = facts.object;
    const head = look.value(facts.object.head);
    const trail = look.value(facts.trail);
    if (!head || !trail) return [];
    // Only of ways that the event would take today: else something else is the matter.
    const ours = look.rules.filter((rule) => passes(rule, key) && rule.events.some(isCreation));
    if (ours.length === 0 || recordsOfKey(facts, key).length > 0) return [];
    const writes = configurationWrites(facts, trail);
    const since = writes.filter(({ time }) => time > head.modified).at(-1);
    const before = writes.find(({ time }) => time <= head.modified);
    const taken = before === undefined ? undefined : takesKey(before, key);
    if (since !== undefined && taken !== true) {
      const isKnown =
        taken === false &&
        writes.some((write) => write.time > head.modified && takesKey(write, key) === true);
      return [
        finding(
          look,
          isKnown,
          `its rule was put ${isKnown ? '' : 'or put again '}at ${formatInstant(since.time)}`,
          [
            {
              call: 'cloudtrail:LookupEvents',
              field: 'PutBucketNotification',
              value: `${formatInstant(since.time)} by ${cut(since.user)}`,
            },
          ],
        ),
      ];
    }
    const names = new Set(ours.map(({ destination }) => destination.arn.split(':')[6] ?? destination.arn));
    const granted = trail.findLast(
      ({ name, time, errorCode, resources }) =>
        name.startsWith('AddPermission') &&
        errorCode === undefined &&
        time > head.modified &&
        resources.some((one) => names.has(one.split(':')[6] ?? one)),
    );
    if (!granted) return [];
    return [
      finding(look, false, `a permission of its function was added at ${formatInstant(granted.time)}`, [
        {
          call: 'cloudtrail:LookupEvents',
          field: granted.name,
          value: `${formatInstant(granted.time)} by ${cut(granted.user)}`,
        },
      ]),
    ];
  },
};

function isCreation(event: string): boolean {
  return event.startsWith('s3:ObjectCreated:');
}

function takesKey({ rules }: ConfigurationWrite, key: string): boolean | undefined {
  return rules?.some((rule) => passes(rule, key) && rule.events.some(isCreation));
}

function finding(look: Look, isCertain: boolean, why: string, proof: readonly Evidence[]): Finding {
  const { bucket, object } = look.facts;
  const key = object?.key ?? '';
  const address = `s3://${bucket.name}/${key}`;
  const copy = shellCommand(['aws', 's3', 'cp', address, address, '--metadata-directive', 'REPLACE']);
  const written = object?.head.state === 'known' ? object.head.value.modified : 0;
  return {
    id: 'object-predates-config',
    verdict: isCertain ? 'broken' : 'suspected',
    severity: 'SOME',
    subject: `object ${cut(key)}`,
    message: `object "${cut(key)}" is older than the set-up (${why}), and S3 tells of new uploads only`,
    evidence: [evidence(object?.head, 'LastModified', formatInstant(written)), ...proof],
    fix: tell(
      `New uploads are told. To have this one told, copy it onto itself, which counts as a new upload (and makes a new version): ${copy}.`,
    ),
  };
}
