/**
 * CloudTrail of the sandbox: the event history of an account, without trails. Events are there at once; on AWS they come within
 * about five minutes. A call into another account is in the caller's history only, where AWS tells the owner of a resource too.
 */
import type * as Client from '@aws-sdk/client-cloudtrail';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { readToken, writeToken } from '../page-token.ts';
import { trailEvent, type RecordedRequest, type TrailEvent } from './record.ts';

export interface CloudTrailService {
  readonly handlers: Handlers<typeof Client>;
  record(request: RecordedRequest): void;
  /** Forgets all events. */
  reset(): void;
}

/** AWS keeps 90 days; here the oldest go beyond so many. */
const MAX_EVENTS = 2_000;
const MAX_RESULTS = 50;

export function createCloudTrailService(env: SandboxEnv): CloudTrailService {
  /** Oldest first. */
  let events: TrailEvent[] = [];
  /** Of the first one kept, counted from the start. */
  let dropped = 0;

  return {
    record(request) {
      events.push(trailEvent(env, request));
      // In blocks: dropping one at a time would copy them all each time.
      if (events.length < MAX_EVENTS * 1.5) return;
      dropped += events.length - MAX_EVENTS;
      events = events.slice(-MAX_EVENTS);
    },
    handlers: {
      /**
       * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html. Its limit of two calls a second is
       * kept only by a fault that throttles. The errors are the model's, their texts UNKNOWN.
       */
      LookupEvents(input, ctx) {
        const { StartTime, EndTime, MaxResults = MAX_RESULTS, LookupAttributes = [], NextToken } = input;
        if (MaxResults < 1 || MaxResults > MAX_RESULTS) {
          throw new AwsError(
            'InvalidMaxResultsException',
            `The specified value for max results is invalid: it must be between 1 and ${MAX_RESULTS}.`,
          );
        }
        const start = StartTime?.getTime() ?? -Infinity;
        const end = EndTime?.getTime() ?? Infinity;
        if (start > end) {
          throw new AwsError('InvalidTimeRangeException', 'The start time occurs after the end time.');
        }
        const [attribute, ...others] = LookupAttributes;
        if (others.length > 0) {
          throw new AwsError(
            'InvalidLookupAttributesException',
            'Only one lookup attribute can be specified.',
          );
        }
        const matches = attribute ? matcherOf(attribute) : () => true;
        // A token belongs to one request; new events do not move its pages.
        const scope = JSON.stringify([ctx.region, StartTime, EndTime, LookupAttributes]);
        const before = positionIn(NextToken, scope, env.clock.now()) ?? dropped + events.length;

        const page: Client.Event[] = [];
        let position = Math.min(before - dropped, events.length);
        let next: number | undefined;
        while (position > 0 && next === undefined) {
          const candidate = events[--position];
          if (candidate?.region !== ctx.region || candidate.at < start || candidate.at > end) continue;
          if (!matches(candidate.event)) continue;
          if (page.length === MaxResults) next = dropped + position + 1;
          else page.push(candidate.event);
        }
        return {
          Events: page,
          ...(next !== undefined && {
            NextToken: writeToken('LookupEvents', scope, env.clock.now(), [next]),
          }),
        };
      },
    },
    reset() {
      dropped += events.length;
      events = [];
    },
  };
}

function positionIn(token: string | undefined, scope: string, now: number): number | undefined {
  if (token === undefined) return undefined;
  const [position] = readToken('LookupEvents', scope, now, token) ?? [];
  if (typeof position !== 'number') {
    throw new AwsError('InvalidNextTokenException', 'The specified next token is invalid.');
  }
  return position;
}

function matcherOf({
  AttributeKey,
  AttributeValue,
}: Client.LookupAttribute): (event: Client.Event) => boolean {
  switch (AttributeKey) {
    case 'EventId':
    case 'EventName':
    case 'EventSource':
    case 'Username':
    case 'ReadOnly':
    case 'AccessKeyId':
      return (event) => event[AttributeKey] === AttributeValue;
    case 'ResourceName':
    case 'ResourceType':
      return ({ Resources = [] }) => Resources.some((resource) => resource[AttributeKey] === AttributeValue);
    case undefined:
      break;
  }
  throw new AwsError('InvalidLookupAttributesException', 'The lookup attribute is invalid.');
}
