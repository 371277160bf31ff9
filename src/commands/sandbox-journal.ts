import { formatInstant } from '../core/duration.ts';
import { findSandbox } from '../sandbox/background.ts';
import { askControl } from '../sandbox/control-client.ts';
import type { JournalEntry } from '../sandbox/journal.ts';
import type { Context } from './context.ts';
import { requireSandbox } from './sandbox-running.ts';

export interface SandboxJournalInput {
  /** Goes on with what happens from now. */
  readonly follow: boolean;
  /** Epoch ms. */
  readonly since?: number | undefined;
  readonly type?: JournalEntry['type'] | undefined;
  /** Only requests that were refused, messages that did not arrive, invocations that went wrong. */
  readonly failed: boolean;
}

interface ItemBase {
  readonly seq: number;
  /** ISO 8601, UTC, of the sandbox's clock. */
  readonly time: string;
}

export type SandboxJournalItem =
  | (ItemBase & {
      readonly type: 'request';
      readonly service: string;
      readonly operation: string;
      /** 0: the connection was cut. */
      readonly status: number;
      readonly errorCode: string | null;
      readonly requestId: string;
      readonly durationMs: number;
      readonly fault: string | null;
    })
  | (ItemBase & {
      readonly type: 'delivery';
      readonly via: 's3' | 'eventbridge' | 'sns' | 'lambda';
      readonly bucket: string | null;
      readonly key: string | null;
      readonly eventName: string;
      readonly configurationId: string;
      readonly destination: string;
      readonly outcome: 'delivered' | 'refused' | 'dropped';
      readonly reason: string | null;
      readonly fault: string | null;
    })
  | (ItemBase & {
      readonly type: 'invocation';
      readonly functionName: string;
      readonly requestId: string;
      readonly attempt: number;
      readonly outcome: 'ok' | 'error' | 'timeout' | 'throttled' | 'dropped';
      readonly reason: string | null;
    });

export interface SandboxJournalResult {
  readonly status: 'ok';
  /** `ended`: the sandbox did, while it was followed. */
  readonly state: 'complete' | 'ended';
}

const PAGE = 1_000;
/** How long the sandbox holds an answer back when nothing happens. */
const WAIT_MS = 20_000;

/**
 * What was asked of the shared sandbox, what it delivered where and what it ran, oldest first.
 *
 * @throws S3evtError NOT_FOUND when none runs, SANDBOX_FAILED when it does not answer.
 */
export async function runSandboxJournal(
  input: SandboxJournalInput,
  ctx: Context<SandboxJournalItem>,
): Promise<SandboxJournalResult> {
  const { endpoint } = await requireSandbox(ctx);
  const { signal } = ctx;
  let after = 0;
  let isFollowing = false;
  for (;;) {
    const query = new URLSearchParams({ after: String(after), limit: String(PAGE) });
    const waitMs = isFollowing ? WAIT_MS : 0;
    if (isFollowing) query.set('wait', String(waitMs));
    let page: readonly JournalEntry[];
    try {
      const answer = await askControl('GET', endpoint, '/_sandbox/journal', { query, signal, waitMs });
      page = answer as readonly JournalEntry[];
    } catch (error) {
      signal.throwIfAborted();
      // It ended while it was followed, which is no failure of this command.
      if (isFollowing && !(await findSandbox(ctx.env))) return { status: 'ok', state: 'ended' };
      throw error;
    }
    for (const entry of page) {
      after = entry.seq;
      if (passes(entry, input)) await ctx.item(itemOf(entry));
      // A reader that is slow must not keep Ctrl-C waiting.
      signal.throwIfAborted();
    }
    if (page.length === PAGE) continue;
    if (!input.follow) return { status: 'ok', state: 'complete' };
    isFollowing = true;
  }
}

function passes(entry: JournalEntry, { since, type, failed }: SandboxJournalInput): boolean {
  if (since !== undefined && entry.at < since) return false;
  if (type !== undefined && entry.type !== type) return false;
  return !failed || isFailed(entry);
}

function isFailed(entry: JournalEntry): boolean {
  switch (entry.type) {
    case 'request':
      return entry.status === 0 || entry.status >= 400;
    case 'delivery':
      return entry.outcome !== 'delivered';
    case 'invocation':
      return entry.outcome !== 'ok';
  }
}

function itemOf(entry: JournalEntry): SandboxJournalItem {
  const { seq, at } = entry;
  const base = { seq, time: formatInstant(at) };
  switch (entry.type) {
    case 'request': {
      const { type, service, operation, status, requestId, startedAt, endedAt } = entry;
      const durationMs = Math.round(endedAt - startedAt);
      const { errorCode = null, fault = null } = entry;
      return { type, ...base, service, operation, status, errorCode, requestId, durationMs, fault };
    }
    case 'delivery': {
      const { type, via, eventName, configurationId, destination, outcome } = entry;
      const { bucket = null, key = null, reason = null, fault = null } = entry;
      const where = { via, bucket, key, eventName, configurationId, destination };
      return { type, ...base, ...where, outcome, reason, fault };
    }
    case 'invocation': {
      const { type, functionName, requestId, attempt, outcome, reason = null } = entry;
      return { type, ...base, functionName, requestId, attempt, outcome, reason };
    }
  }
}
