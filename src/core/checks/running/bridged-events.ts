/** What S3 puts on the event bus. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
import { bucketArn, parseArn } from '../../arn.ts';
import { EVENT_NAMES } from '../../event-name.ts';
import { sampleEvent } from '../../eventbridge-sample.ts';
import type { DoctorFacts } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';
import { asksForText, eventsInQuestion, isOneEvent, type Expected, type Json } from './expected.ts';
import type { Leaf } from './pattern-leaves.ts';

const EVENT_FIELDS = new Set([
  'source',
  'detail-type',
  'region',
  'resources',
  'detail',
  'detail.bucket',
  'detail.bucket.name',
  'detail.object',
  'detail.object.key',
  'detail.reason',
  'detail.deletion-type',
  // Fields of S3's own notifications and of CloudTrail, which these events do not have.
  'detail.eventName',
  'detail.eventSource',
  'detail.bucketName',
  'detail.key',
]);

const FOREIGN_MEMBERS = /^detail\.(?:requestParameters|s3|Records)(?:\.|$)/;
const OPEN_ENVELOPE = ['version', 'id', 'time'];

function isOpenInEvent(facts: DoctorFacts): (leaf: Leaf) => boolean {
  const isAccountKnown = valueOf(facts.bucket.owner) !== undefined;
  return ({ path, operands }) => {
    if (EVENT_FIELDS.has(path) || FOREIGN_MEMBERS.test(path)) return false;
    if (path === 'account') return !isAccountKnown;
    if (path === 'detail.object.size') return !asksForText(operands);
    return path.startsWith('detail.') || OPEN_ENVELOPE.includes(path);
  };
}

/**
 * Events that S3 puts on the bus for these keys: those that the question is about, or of every type. `of` is the ARN of anything in
 * the bucket's Region.
 */
export function bridgedEvents(
  facts: DoctorFacts,
  of: string,
  keys: readonly string[],
  types: 'asked' | 'all' = 'asked',
): Expected {
  const { partition = 'aws', region = '' } = parseArn(of) ?? {};
  const bucket = facts.bucket.name;
  const account = valueOf(facts.bucket.owner) ?? '';
  const events = types === 'all' ? EVENT_NAMES.filter(isOneEvent) : eventsInQuestion(facts, () => true);
  const messages = keys.flatMap((key) =>
    events.flatMap((eventName): readonly Json[] => {
      const event = sampleEvent({ bucket, key, eventName, account, region });
      if (!event) return [];
      const own = { ...event, resources: [bucketArn(partition, bucket)] };
      const detail = event['detail'] as Json;
      // Which of the two words AWS sends for a browser's form is UNKNOWN.
      return detail['reason'] === 'PostObject'
        ? [own, { ...own, detail: { ...detail, reason: 'POST Object' } }]
        : [own];
    }),
  );
  return {
    messages,
    sampled: [],
    isOpen: isOpenInEvent(facts),
    keyPath: 'detail.object.key',
    encoded: false,
  };
}
