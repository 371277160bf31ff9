import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Journal } from './journal.ts';
import type { RunningSandbox } from './state-file.ts';

export interface ControlActions {
  readonly identity: () => RunningSandbox;
  readonly journal: Journal;
  readonly reset: () => Promise<void>;
  /** Called after the answer has been sent. */
  readonly stop: () => void;
  readonly touch: () => void;
  readonly onError: (error: unknown) => void;
}

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
  switch (`${request.method ?? ''} ${rest.replace(/\?.*$/s, '')}`) {
    case 'GET health':
      reply(200, { name: 's3evt-sandbox', version: 1, ...actions.identity() });
      return;
    case 'GET journal':
      reply(200, actions.journal.entries());
      return;
    case 'POST reset':
      actions.reset().then(
        () => reply(200, { status: 'ok' }),
        (error: unknown) => {
          actions.onError(error);
          reply(500, { message: 'The reset failed.' });
        },
      );
      return;
    case 'POST stop':
      reply(202, { status: 'ok' }, actions.stop);
      return;
    default:
      reply(404, { message: 'There is no such control route.' });
  }
}
