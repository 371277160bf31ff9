import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { S3evtError } from '../core/errors.ts';
import { formatFault } from './fault-spec.ts';
import type { Faults } from './faults.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { readFaults } from './read-faults.ts';
import type { Services } from './services.ts';
import type { LifecycleRun } from './services/s3/lifecycle-run.ts';
import type { RunningSandbox } from './state-file.ts';
import { AwsError } from './wire/types.ts';

export interface ControlActions {
  readonly identity: () => RunningSandbox;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly runLifecycle: Services['runLifecycle'];
  readonly reset: () => Promise<void>;
  /** Called after the answer has been sent. */
  readonly stop: () => void;
  readonly touch: () => void;
  readonly onError: (error: unknown) => void;
}

const DAY_MS = 86_400_000;
const MOST_WAIT_MS = 30_000;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/i;

/**
 * Whether a web page may be behind the request. Browsers can be made to talk to 127.0.0.1 by any page: they send Origin
 * with every POST, and after DNS rebinding the Host is the page's own.
 */
function comesFromElsewhere({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || !LOOPBACK.test((headers.host ?? '').replace(/:\d+$/, ''));
}

/**
 * Whether a page of another site sent this service request. Pages of this machine (a web application under development)
 * may use the sandbox; others must not, since CreateFunction runs what it is given.
 */
export function isForeignOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return false;
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:]+)(?::\d+)?$/i.exec(origin)?.[1];
  return host === undefined || !(LOOPBACK.test(host) || /\.localhost$/i.test(host));
}

/** The routes below `/_sandbox/`, the Runtime API aside; `rest` is what follows that prefix. */
export function serveControl(
  actions: ControlActions,
  request: IncomingMessage,
  response: ServerResponse,
  rest: string,
): void {
  request.resume();
  const reply = (status: number, body: unknown, after?: () => void) => {
    const text = `${JSON.stringify(body)}\n`;
    response
      .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      .end(text, after);
  };
  if (comesFromElsewhere(request)) {
    reply(403, { message: 'The control routes answer to programs on this machine only.' });
    return;
  }
  actions.touch();
  const [path = '', search = ''] = rest.split(/\?(.*)/s);
  const query = new URLSearchParams(search);
  const route = `${request.method ?? ''} ${path}`;
  if (route === 'POST stop') {
    reply(202, { status: 'ok' }, actions.stop);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client is gone')));
  answerOf(actions, route, query, gone.signal).then(
    (body) =>
      body === undefined ? reply(404, { message: 'There is no such control route.' }) : reply(200, body),
    (error: unknown) => {
      if (gone.signal.aborted) return;
      if (error instanceof S3evtError) {
        const { code, message, hint } = error;
        reply(400, { code, message, hint });
        return;
      }
      actions.onError(error);
      reply(500, { message: 'That failed inside the sandbox.' });
    },
  );
}

/** Undefined: there is no such route. */
async function answerOf(
  actions: ControlActions,
  route: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<unknown> {
  switch (route) {
    case 'GET health':
      return { name: 's3evt-sandbox', version: 1, ...actions.identity() };
    case 'GET journal':
      return journalPage(actions, query, signal);
    case 'GET faults':
      return actions.faults.list().map(formatFault);
    case 'POST faults': {
      // All of them are read before the first one acts.
      for (const rule of await readFaults(query.getAll('spec'))) actions.faults.add(rule);
      return actions.faults.list().map(formatFault);
    }
    case 'DELETE faults':
      actions.faults.clear();
      return [];
    case 'POST lifecycle': {
      const bucket = query.get('bucket');
      const days = numberIn(query, 'days', 0);
      const now = actions.clock.now() + days * DAY_MS;
      return lifecycle(actions, now, bucket ?? undefined);
    }
    case 'POST reset':
      await actions.reset();
      return { status: 'ok' };
    default:
      return undefined;
  }
}

function lifecycle({ runLifecycle }: ControlActions, now: number, bucket: string | undefined): LifecycleRun {
  try {
    return runLifecycle({ now, ...(bucket !== undefined && { bucket }) });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new S3evtError('NOT_FOUND', `the sandbox has no bucket ${bucket ?? ''}`, { cause: error });
  }
}

/**
 * The entries after `after`, at most `limit` of them. While there is none the answer waits for `wait` milliseconds, so that a
 * follower learns of one at once and asks seldom.
 */
async function journalPage(
  { journal, clock }: ControlActions,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<readonly JournalEntry[]> {
  const after = numberIn(query, 'after', 0);
  const limit = numberIn(query, 'limit', Infinity);
  const wait = Math.min(numberIn(query, 'wait', 0), MOST_WAIT_MS);
  const page = journal.after(after, limit);
  if (page.length > 0 || wait === 0) return page;
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  try {
    await Promise.race([
      clock.sleep(wait, either),
      journal.waitFor((entry) => entry.seq > after, either).catch(() => undefined),
    ]);
  } finally {
    enough.abort(new Error('answered'));
  }
  return journal.after(after, limit);
}

function numberIn(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}
