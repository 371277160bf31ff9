import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Fix } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { about, allRuns, lineOf, RUN_READS, type Reached, type Run } from './runs.ts';
import { standingOf } from './standing.ts';

/** What the function gets, by the way that the event takes to it. */
type Envelope = 's3' | 'sqs' | 'sns' | 'eventbridge' | 'rewritten';

const ENVELOPES: Readonly<Record<Envelope, { readonly what: string; readonly advice: string }>> = {
  s3: { what: "S3's own event", advice: 'Read Records[].s3 of the event.' },
  sqs: {
    what: 'a batch of messages from SQS',
    advice:
      'Read Records[].body of the event and parse each as JSON; leave out messages with "Event":"s3:TestEvent".',
  },
  sns: {
    what: 'a notification of SNS',
    advice:
      'Read Records[].Sns.Message of the event and parse it as JSON; leave out messages with "Event":"s3:TestEvent".',
  },
  eventbridge: {
    what: 'an event of EventBridge',
    advice: 'Read detail.bucket.name and detail.object.key of the event.',
  },
  rewritten: {
    what: "what the target's Input, InputPath or InputTransformer makes of the event",
    advice: 'Read what the target sends, or take its Input, InputPath or InputTransformer away.',
  },
};

/** The function looks for a member that the events on its way do not have. */
export const wrongEnvelope: Check = {
  id: 'wrong-envelope',
  reads: [...RUN_READS],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const { reached } = runs;
      const standing = standingOf(runs, (error, run) => mistakeIn(error, run, reached) !== undefined, {
        mendedByUpdate: true,
      });
      const mistake = standing && mistakeIn(standing.error, standing.run, reached);
      if (!standing || !mistake) return [];
      const { name, envelope, certain } = mistake;
      return [
        {
          id: 'wrong-envelope',
          verdict: certain ? standing.verdict : 'suspected',
          severity: 'CODE',
          ...about(reached),
          message: `${called(reached.arn)} looks for ${name} where there is none: it gets ${ENVELOPES[envelope].what}${standing.share}`,
          evidence: [lineOf(standing.error), ...standing.evidence],
          fix: fixFor(look, reached, envelope, name),
        },
      ];
    }),
};

interface Mistake {
  /** For the message. */
  readonly name: string;
  readonly envelope: Envelope;
  readonly certain: boolean;
}

function mistakeIn(error: SeenError, run: Run, { hops }: Reached): Mistake | undefined {
  const name = missingName(error);
  if (name === undefined) return undefined;
  const labelled = run.records.map(({ via }) => outermost(via));
  const rewritten = hops.some(({ target }) => target?.rewritten === true);
  const ways = labelled.length > 0 ? labelled : hops.map(envelopeOf);
  const [envelope] = ways;
  if (envelope === undefined || !ways.every((way) => lacks(way, name))) return undefined;
  const inner = run.records.some(({ via }) => via.length > 1);
  if (name === 'Records' && envelope === 'sqs') {
    // Without another envelope in it, only s3:TestEvent has no Records: it comes once for each change of the configuration.
    return inner ? { name: `"${name}"`, envelope, certain: true } : undefined;
  }
  if (name === 'a member of a text') return { name, envelope, certain: false };
  if (rewritten && envelope === 'rewritten')
    return { name: `"${name}"`, envelope, certain: name === 'detail' };
  return { name: `"${name}"`, envelope, certain: new Set(ways).size === 1 };
}

function outermost(via: readonly string[]): Envelope {
  const [first] = via;
  return first === 'sqs' || first === 'sns' || first === 'eventbridge' ? first : 's3';
}

function envelopeOf({ mapping, subscription, target }: Reached['hops'][number]): Envelope {
  if (mapping) return 'sqs';
  if (subscription) return 'sns';
  if (target) return target.rewritten ? 'rewritten' : 'eventbridge';
  return 's3';
}

/** Which member was not there, in the words of Python and Node. Undefined for other errors. */
function missingName({ type, message }: SeenError): string | undefined {
  const python = type === 'KeyError' ? /^'([\w-]{1,50})'$/.exec(message.trim())?.[1] : undefined;
  const node =
    type === 'TypeError'
      ? (/^Cannot read propert(?:y|ies) of undefined \(reading '([^']{1,50})'\)/.exec(message)?.[1] ??
        /^Cannot read property '([^']{1,50})' of undefined/.exec(message)?.[1] ??
        /^(?:event\.)?(\w{1,50}) is not iterable/.exec(message)?.[1])
      : undefined;
  if (python !== undefined) return MEMBERS.includes(python) ? python : undefined;
  if (node !== undefined) return Object.hasOwn(NODE_NAMES, node) ? NODE_NAMES[node] : undefined;
  const isText = /^string indices must be integers|^'str' object has no attribute/.test(message);
  return isText ? 'a member of a text' : undefined;
}

const MEMBERS: readonly string[] = ['Records', 's3', 'detail', 'body', 'Sns'];

/** What is undefined when Node cannot read this of it. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  '0': 'Records',
  map: 'Records',
  forEach: 'Records',
  length: 'Records',
  Records: 'Records',
  Message: 'Sns',
  bucket: 's3',
  object: 's3',
};

/** Whether the envelope is without the member, at the place where those that have it have it. */
function lacks(envelope: Envelope, name: string): boolean {
  switch (name) {
    case 'Records':
      // Within the bodies of a queue there may be another envelope.
      return envelope === 'eventbridge' || envelope === 'rewritten' || envelope === 'sqs';
    case 's3':
      return envelope !== 's3';
    case 'detail':
      return envelope !== 'eventbridge';
    case 'body':
      return envelope !== 'sqs';
    case 'Sns':
      return envelope !== 'sns';
    default:
      return envelope === 'sqs' || envelope === 'sns';
  }
}

function fixFor(look: Look, reached: Reached, envelope: Envelope, name: string): Fix {
  const { advice } = ENVELOPES[envelope];
  if (envelope !== 'sqs' || name !== '"Records"') return tell(advice);
  const uuids = new Set(reached.hops.flatMap(({ mapping }) => mapping?.uuid ?? []));
  const wrapped = look.hops.flatMap(({ kind, subscription }) => {
    const attributes = valueOf(subscription?.attributes);
    const isWrapped = kind === 'sqs' && uuids.size > 0 && attributes?.raw === false;
    return isWrapped && subscription?.arn !== undefined ? [subscription.arn] : [];
  });
  if (wrapped.length === 0) return tell(advice);
  const [subscription] = wrapped;
  return {
    ...ask(
      call('sns', 'SetSubscriptionAttributes', {
        SubscriptionArn: subscription,
        AttributeName: 'RawMessageDelivery',
        AttributeValue: 'true',
      }),
    ),
    advice:
      'Or parse the body of the message first and then the Message in it. Other readers of the queue have to follow.',
  };
}
