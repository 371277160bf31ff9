import type { FilteredLogEvent, FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { S3evtError } from '../../core/errors.ts';
import type { Aws } from '../clients.ts';
import { takeBody } from '../take-body.ts';

/** Events that FilterLogEvents gives at once, at most. */
const PAGE_EVENTS = 10_000;

export interface LogPage {
  /** The events in order, some hundred at a time; each part is made when it is asked for. Once. */
  readonly parts: Iterable<readonly FilteredLogEvent[]>;
  /** Of the next page; a page may be empty and still have a next one. */
  readonly nextToken?: string | undefined;
}

export type LogQuery = FilterLogEventsCommandInput & { readonly logGroupName: string };

/** One page of a log group, as large as it may be unless the query has a limit. Rejects with S3evtError. */
export async function readLogPage(aws: Aws, query: LogQuery): Promise<LogPage> {
  const [logs, { FilterLogEventsCommand }] = await Promise.all([
    aws.logs(),
    import('@aws-sdk/client-cloudwatch-logs'),
  ]);
  const command = new FilterLogEventsCommand({ limit: PAGE_EVENTS, ...query });
  const taken = takeBody(command, parseLogPage);
  const { events = [], nextToken } = await aws.call((send) => logs.send(command, send), {
    action: 'logs:FilterLogEvents',
    resource: query.logGroupName,
  });
  return taken() ?? { parts: [events], nextToken };
}

/**
 * All pages of a query. The next one is asked for before the one at hand is given, so that its way here passes while this one is
 * worked on.
 */
export async function* readLogPages(aws: Aws, query: LogQuery): AsyncGenerator<readonly FilteredLogEvent[]> {
  let coming: Promise<LogPage> | undefined = readLogPage(aws, query);
  while (coming !== undefined) {
    const page: LogPage = await coming;
    const { parts, nextToken } = page;
    coming = nextToken === undefined ? undefined : readLogPage(aws, { ...query, nextToken });
    // A failure is told when its turn comes. To a caller who has stopped by then it is none.
    coming?.catch(() => undefined);
    yield* parts;
  }
}

/** How an answer begins in AWS's notation, without blanks; the group is how each event begins. */
const BEGINNING = /^\{"events":\[(\{"\w+":)/;

/** Some hundred events: few enough to be gone when the next ones are made. */
const PART_CHARS = 128 * 1024;

/** As it may come: some servers write null for what there is not, which the SDK's deserializer would leave out. */
interface Document {
  readonly events?: readonly FilteredLogEvent[] | null;
  readonly nextToken?: string | null;
}

/**
 * The text of an answer to FilterLogEvents. In AWS's notation it is parsed in parts, since ten thousand objects at once are
 * copied by the garbage collector again and again while they are worked on; in any other as a whole. Throws when it is no JSON, or
 * not to its end.
 */
export function parseLogPage(text: string): LogPage {
  const event = BEGINNING.exec(text)?.[1];
  // In a string this cannot stand: its quotes have backslashes.
  const between = `},${event ?? ''}`;
  const last = event === undefined ? -1 : text.lastIndexOf(between);
  if (last >= 0) {
    // What follows the events stands behind the last one.
    const { events, nextToken } = JSON.parse(`{"events":[${text.slice(last + 2)}`) as Document;
    // Not the last one of another list whose items begin alike.
    if (typeof events?.[0]?.message === 'string')
      return { parts: partsOf(text, between, last + 1, events), nextToken: nextToken ?? undefined };
  }
  const { events, nextToken } = JSON.parse(text) as Document;
  return { parts: [events ?? []], nextToken: nextToken ?? undefined };
}

function* partsOf(
  text: string,
  between: string,
  end: number,
  rest: readonly FilteredLogEvent[],
): Generator<readonly FilteredLogEvent[]> {
  let from = text.indexOf('[') + 1;
  while (from < end) {
    const next = text.indexOf(between, from + PART_CHARS);
    const to = next < 0 || next + 1 > end ? end : next + 1;
    yield eventsIn(text.slice(from, to));
    from = to + 1;
  }
  yield rest;
}

/** The end of the page was JSON: a server that breaks it off in its middle is none of AWS's. */
function eventsIn(part: string): readonly FilteredLogEvent[] {
  try {
    return JSON.parse(`[${part}]`) as FilteredLogEvent[];
  } catch (cause) {
    throw new S3evtError('AWS_ERROR', 'a page of the log is not JSON in its middle', { cause });
  }
}
