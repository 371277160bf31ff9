import { S3evtError } from '../core/errors.ts';
import type { OutputStream } from './io.ts';

/** Text is handed over in pieces of about this many characters: one system call, not a thousand. */
const BATCH_CHARACTERS = 64 * 1024;

/** The reader went away: `| head -1`, a closed terminal (EIO), a pipe of Windows (EOF). Not a failure. */
const READER_GONE: readonly string[] = [
  'EPIPE',
  'EOF',
  'EIO',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
];

export interface Writer {
  readonly closed: boolean;
  write(text: string): Promise<void>;
  /** Hands over at once what was written, unless the stream takes no more. */
  readonly push: () => void;
  flush(): Promise<void>;
  onClosed(callback: () => void): void;
}

/**
 * Writes with back-pressure and survives a reader that goes away. `name` stands in the error of a stream that fails for
 * another reason (a full disk), which `flush` throws. With `batched`, what is written within one turn of the event loop
 * goes out together. `before` is called at the start of each `write` and `flush`.
 */
export function createWriter(
  stream: OutputStream,
  name: string,
  { batched, before }: { readonly batched: boolean; readonly before?: () => void },
): Writer {
  let pending = '';
  let inFlight = 0;
  let blocked = false;
  let scheduled = false;
  let closed = false;
  let failure: S3evtError | undefined;
  const closedCallbacks: (() => void)[] = [];
  /** Resolved when the stream takes more; `flush` also waits for each write that completes. */
  let roomWaiters: (() => void)[] = [];
  let changeWaiters: (() => void)[] = [];

  function changed(): void {
    const waiters = changeWaiters;
    changeWaiters = [];
    for (const wake of waiters) wake();
  }

  function unblock(): void {
    blocked = false;
    const waiters = roomWaiters;
    roomWaiters = [];
    for (const wake of waiters) wake();
    changed();
  }

  function close(): void {
    if (closed) return;
    closed = true;
    pending = '';
    unblock();
    for (const callback of closedCallbacks) callback();
  }

  function fail(error: NodeJS.ErrnoException): void {
    if (!closed && !READER_GONE.includes(error.code ?? '')) {
      failure = new S3evtError('FILE_UNWRITABLE', `could not write to ${name}: ${error.message}`, {
        cause: error,
      });
    }
    close();
  }

  function push(): void {
    if (closed || blocked || pending === '') return;
    if (stream.destroyed || stream.writableEnded) {
      close();
      return;
    }
    const text = pending;
    pending = '';
    inFlight += 1;
    const room = stream.write(text, (error) => {
      inFlight -= 1;
      // Told here before the 'error' event: `flush` must not end in between.
      if (error != null) fail(error);
      changed();
    });
    if (!room) blocked = true;
  }

  stream.on('drain', () => {
    blocked = false;
    push();
    if (!isBlocked()) unblock();
  });
  stream.on('close', close);
  stream.on('error', fail);

  /** Asks anew after `push`, which the compiler cannot see through. */
  function isBlocked(): boolean {
    return blocked;
  }

  return {
    get closed() {
      return closed;
    },
    write(text) {
      before?.();
      if (closed || text === '') return Promise.resolve();
      pending += text;
      if (!batched || pending.length >= BATCH_CHARACTERS) {
        push();
      } else if (!scheduled) {
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          push();
        });
      }
      return isBlocked() ? new Promise((resolve) => roomWaiters.push(resolve)) : Promise.resolve();
    },
    push,
    async flush() {
      before?.();
      for (;;) {
        push();
        if (closed || (pending === '' && inFlight === 0)) break;
        await new Promise<void>((resolve) => changeWaiters.push(resolve));
      }
      if (failure !== undefined) throw failure;
    },
    onClosed(callback) {
      if (closed) callback();
      else closedCallbacks.push(callback);
    },
  };
}
