import { request } from 'node:http';
import { S3evtError, type ErrorCode } from '../core/errors.ts';

const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Of a page of the journal: keys have up to 1,024 bytes. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** The parsed body of a sandbox's health route; rejects when nobody listens there or nobody answers in time. */
export type FetchHealth = (endpoint: string) => Promise<unknown>;

/** Someone accepted the connection but said nothing for 5 s. */
export class NoAnswer extends Error {}

/** @throws NoAnswer; node:http's errors; SyntaxError when it is no sandbox. */
export async function healthOf(endpoint: string): Promise<unknown> {
  const { body } = await call('GET', endpoint, '/_sandbox/health');
  return JSON.parse(body) as unknown;
}

export function instanceIn(health: unknown): unknown {
  return typeof health === 'object' && health !== null && 'instance' in health ? health.instance : undefined;
}

export interface ControlOptions {
  readonly query?: URLSearchParams;
  /** Ends the call, which rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the answer may take beside the usual ones. */
  readonly waitMs?: number;
}

/**
 * Asks a control route and returns its parsed answer.
 *
 * @throws S3evtError as the sandbox says when it refuses, SANDBOX_FAILED for other failures; as healthOf when nobody
 *   answers.
 */
export async function askControl(
  method: 'GET' | 'POST' | 'DELETE',
  endpoint: string,
  path: string,
  options: ControlOptions = {},
): Promise<unknown> {
  const query = options.query === undefined ? '' : `?${options.query.toString()}`;
  const { status, body } = await call(method, endpoint, `${path}${query}`, options, MAX_PAGE_BYTES);
  if (status < 300) return body === '' ? undefined : (JSON.parse(body) as unknown);
  if (status !== 400) {
    throw new S3evtError('SANDBOX_FAILED', `the sandbox at ${endpoint} answered ${status} to ${path}`);
  }
  const { code, message, hint } = JSON.parse(body) as Pick<S3evtError, 'message'> & {
    readonly code: ErrorCode;
    readonly hint?: string;
  };
  throw new S3evtError(code, message, hint === undefined ? {} : { hint });
}

/** Plain node:http without a pool: an idle connection would keep the calling command from ending. */
function call(
  method: string,
  endpoint: string,
  path: string,
  { signal, waitMs = 0 }: ControlOptions = {},
  mostBytes = MAX_ANSWER_BYTES,
): Promise<{ status: number; body: string }> {
  const timeout = ANSWER_MS + waitMs;
  const options = { method, agent: false, timeout, ...(signal && { signal }) };
  return new Promise((resolve, reject) => {
    const req = request(`${endpoint}${path}`, options, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > mostBytes) req.destroy(new Error('answer too long'));
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new NoAnswer(`no answer within ${timeout} ms`)));
    req.on('error', reject);
    req.end();
  });
}
