/** PutEvents: events of customers, on any bus of theirs. */
import type * as Client from '@aws-sdk/client-eventbridge';
import { eventTime, type EventBridgeEvent } from '../../delivery/eventbridge-event.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin } from '../constraints.ts';
import { busNameIn, checkParameters, validation, type EventsState } from './parameters.ts';
import { DEFAULT_BUS, type EventBus } from './store.ts';

/** "The total entry size must be less than 1MB" (API reference; it was 256 KB before 2026). */
const MAX_TOTAL_BYTES = 1_048_576;

/** "PutEvents will only process nested JSON up to 1000 levels deep." */
const MAX_DEPTH = 1000;

type Publish = (bus: EventBus, event: EventBridgeEvent) => void;

export function putEventsHandlers(
  state: EventsState,
  publish: Publish,
): Pick<Handlers<typeof Client>, 'PutEvents'> {
  return {
    PutEvents(input, ctx) {
      const entries = input.Entries ?? [];
      const shown = entries.map(entryText);
      checkParameters(lengthWithin(shown, 'entries', 1, 10));
      if (input.EndpointId !== undefined) {
        throw new AwsError('NotImplemented', 'Global endpoints are not implemented by the sandbox', {
          status: 501,
        });
      }
      const total = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
      if (total > MAX_TOTAL_BYTES) {
        throw validation('Total size of the entries in the request is over the limit.');
      }
      const results = entries.map((entry) => putEntry(state, ctx, publish, entry));
      return {
        FailedEntryCount: results.filter((result) => result.ErrorCode !== undefined).length,
        Entries: results,
      };
    },
  };
}

/** A bus by name is the caller's own, by ARN anybody's in the Region. The sandbox has those of one account. */
function busOf({ env, store }: EventsState, ctx: RequestContext, nameOrArn: string): EventBus | undefined {
  const bus = store.bus(ctx.region, busNameIn(nameOrArn));
  const isNamed = !nameOrArn.startsWith('arn:');
  return isNamed ? (ctx.account === env.account ? bus : undefined) : bus?.arn === nameOrArn ? bus : undefined;
}

function putEntry(
  state: EventsState,
  ctx: RequestContext,
  publish: Publish,
  entry: Client.PutEventsRequestEntry,
): Client.PutEventsResultEntry {
  const { env } = state;
  for (const member of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[member]) continue;
    const reason = `Reason: ${member} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${member} is not valid. ${reason}` };
  }
  const { Source: source = '', DetailType: detailType = '', EventBusName: busName = DEFAULT_BUS } = entry;
  if (source.startsWith('aws.')) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    };
  }
  const detail = readDetail(entry.Detail ?? '');
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const event: EventBridgeEvent = {
    version: '0',
    id: env.ids.uuid(),
    'detail-type': detailType,
    source,
    account: ctx.account,
    time: eventTime(entry.Time?.getTime() ?? env.clock.now()),
    region: ctx.region,
    resources: entry.Resources ?? [],
    detail,
  };
  // An event for a bus that does not exist is accepted and lost (recorded).
  const bus = busOf(state, ctx, busName);
  if (bus) publish(bus, event);
  return { EventId: event.id };
}

/** A JSON object, or undefined. */
function readDetail(text: string): Readonly<Record<string, unknown>> | undefined {
  if (depth(text) > MAX_DEPTH) return undefined;
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail !== null && !Array.isArray(detail)
      ? (detail as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Of brackets outside of strings. */
function depth(json: string): number {
  let open = 0;
  let deepest = 0;
  let isQuoted = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) i += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++open);
    else if (character === '}' || character === ']') open--;
  }
  return deepest;
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function entryBytes(entry: Client.PutEventsRequestEntry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
  return bytes + (entry.Time ? 14 : 0);
}

/** As the error of a request with too many entries prints them. */
function entryText(entry: Client.PutEventsRequestEntry): string {
  const members = {
    time: entry.Time?.toISOString(),
    source: entry.Source,
    resources: entry.Resources && `[${entry.Resources.join(', ')}]`,
    detailType: entry.DetailType,
    detail: entry.Detail,
    eventBusName: entry.EventBusName,
    traceHeader: entry.TraceHeader,
    kmsKeyIdentifier: undefined,
    internalMetadata: undefined,
  };
  const shown = Object.entries(members).map(([name, value]) => `${name}=${value ?? 'null'}`);
  return `PutEventsRequestEntry(${shown.join(', ')})`;
}
