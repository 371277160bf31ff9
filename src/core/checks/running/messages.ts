/** What arrives at a hop: messages to try filters on, with those fields that are known beforehand. */
import { bucketArn, parseArn } from '../../arn.ts';
import { eventCovers } from '../../event-name.ts';
import { encodeEventKey, keyIn, keyPasses } from '../../key-filter.ts';
import type { Rule } from '../../notification.ts';
import type { Look } from '../../doctor/check.ts';
import type { DoctorFacts } from '../../doctor/facts.ts';
import type { Hop } from '../../doctor/routes.ts';
import { bridgedEvents } from './bridged-events.ts';
import { asksForText, eventsInQuestion, sampleKeys, type Expected, type Json } from './expected.ts';
import { fitOf } from './pattern-fit.ts';
import type { Leaf } from './pattern-leaves.ts';

/**
 * What arrives at the hop. Undefined when that cannot be told: a target may rewrite the event, and a subscription's kind of delivery
 * may not have been readable.
 */
export function expectedAt(look: Look, hop: Hop): Expected | undefined {
  const { sender } = hop;
  switch (sender?.service) {
    case undefined:
      return undefined;
    case 's3.amazonaws.com':
      return notifications(
        look.facts,
        look.rules.filter(({ id }) => hop.ruleIds.includes(id)),
      );
    case 'events.amazonaws.com':
      return hop.eventRule && hop.target?.rewritten === false
        ? bridged(look.facts, hop.eventRule.arn, hop.eventRule.pattern)
        : undefined;
    case 'sns.amazonaws.com': {
      const topics = look.hops.filter(({ kind, arn }) => kind === 'sns' && arn === sender.sourceArn);
      const published = topics.flatMap((topic) => expectedAt(look, topic) ?? []);
      const [only, another] = published;
      const attributes = look.value(hop.subscription?.attributes);
      // Of a topic with two kinds of messages any may be meant.
      if (!only || another || topics.length > 1 || !attributes) return undefined;
      return attributes.raw ? only : enveloped(only, sender.sourceArn);
    }
  }
}

const RECORD_FIELDS = new Set([
  'eventSource',
  'eventName',
  'awsRegion',
  's3.configurationId',
  's3.bucket.name',
  's3.bucket.arn',
  's3.object.key',
]);

const OPEN_MEMBERS = /^(?:eventVersion|eventTime|userIdentity|requestParameters|responseElements)(?:\.|$)/;
/** Parts that single types of events have besides. */
const EXTRA_MEMBERS = /^(?:\w+EventData|object[A-Z]\w*)(?:\.|$)/;

function isOpenInRecord({ path, operands }: Leaf): boolean {
  const [root, ...rest] = path.split('.');
  if (root !== 'Records') return false;
  const field = rest.join('.');
  if (RECORD_FIELDS.has(field)) return false;
  if (field === 's3.object.size') return !asksForText(operands);
  if (field.startsWith('s3.'))
    return ![...RECORD_FIELDS].some((one) => one.toLowerCase() === field.toLowerCase());
  return OPEN_MEMBERS.test(field) || EXTRA_MEMBERS.test(field);
}

function notifications(facts: DoctorFacts, rules: readonly Rule[]): Expected {
  const { key } = facts.question;
  const { name } = facts.bucket;
  const document = (rule: Rule, event: string, ofKey: string): Json => ({
    Records: [
      {
        eventSource: 'aws:s3',
        awsRegion: parseArn(rule.destination.arn)?.region ?? '',
        eventName: event.slice('s3:'.length),
        s3: {
          configurationId: rule.id,
          bucket: { name, arn: bucketArn(parseArn(rule.destination.arn)?.partition ?? 'aws', name) },
          object: { key: encodeEventKey(ofKey), size: 1 },
        },
      },
    ],
  });
  const documents = (keysOf: (rule: Rule) => readonly string[]) =>
    rules.flatMap((rule) => {
      const events = eventsInQuestion(facts, (event) => rule.events.some((one) => eventCovers(one, event)));
      return keysOf(rule).flatMap((one) => events.map((event) => document(rule, event, one)));
    });
  const sampled = key === undefined ? sampleKeys(facts) : [];
  return {
    messages: documents(({ filter }) => [key ?? keyIn(filter, 'example')]),
    sampled: documents(({ filter }) => sampled.filter((one) => keyPasses(filter, one))),
    isOpen: isOpenInRecord,
    keyPath: 'Records.s3.object.key',
    encoded: true,
  };
}

/** What a rule passes on: of all events those that its pattern takes. */
function bridged(facts: DoctorFacts, ruleArn: string, pattern: string | undefined): Expected {
  const passing = (keys: readonly string[]) => {
    const { messages, isOpen } = bridgedEvents(facts, ruleArn, keys);
    return messages.filter((one) => pattern !== undefined && fitOf(pattern, [one], isOpen).kind === 'fits');
  };
  const { key } = facts.question;
  const sampled = key === undefined ? passing(sampleKeys(facts)) : [];
  const invented = passing([key ?? 'example']);
  return {
    ...bridgedEvents(facts, ruleArn, []),
    messages: invented.length === 0 && key === undefined ? sampled : invented,
    sampled,
  };
}

const OPEN_NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'SequenceNumber'];

/** An SNS notification, whose Message is a text: no pattern sees into it. */
function enveloped(inner: Expected, TopicArn: string): Expected {
  const wrap = (message: Json): Json => ({
    Type: 'Notification',
    TopicArn,
    Message: JSON.stringify(message),
  });
  return {
    messages: inner.messages.map(wrap),
    sampled: inner.sampled.map(wrap),
    isOpen: ({ path }) =>
      OPEN_NOTIFICATION.includes(path) || /^(?:Sign|Unsubscribe|MessageAttributes)/.test(path),
    keyPath: '',
    encoded: false,
  };
}
