import { request } from 'node:http';
import { S3evtError } from '../core/errors.ts';

const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

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

/** @throws S3evtError SANDBOX_FAILED when the answer is no success. */
export async function postControl(endpoint: string, path: string): Promise<void> {
  const { status } = await call('POST', endpoint, path);
  if (status < 300) return;
  throw new S3evtError('SANDBOX_FAILED', `the sandbox at ${endpoint} answered ${status} to ${path}`);
}

/** Plain node:http without a pool: an idle connection would keep the calling command from ending. */
function call(method: string, endpoint: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const req = request(`${endpoint}${path}`, { method, agent: false, timeout: ANSWER_MS }, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MAX_ANSWER_BYTES) req.destroy(new Error('answer too long'));
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new NoAnswer(`no answer within ${ANSWER_MS} ms`)));
    req.on('error', reject);
    req.end();
  });
}
