import { fstatSync, writeSync } from 'node:fs';
import type { OutputStream } from '../ui/io.ts';

/** An empty pipe takes as much without making the writer wait. */
const AT_ONCE_BYTES = 4096;

/**
 * stdout or stderr of the process: Node's own `stream`, but for the first few lines into a pipe or a file, which are written without
 * it. For a pipe it brings all of Node's network modules, a tenth of a start and more than the rest of telling a mistake. It takes over
 * as soon as there is more to write, since while it waits for a slow reader, signals and timers go on, and whenever a write fails,
 * so that failures are told in one way.
 */
export function standardOutput(fd: number, stream: () => OutputStream): OutputStream {
  if (!isPipeOrFile(fd)) return stream();
  let room = AT_ONCE_BYTES;
  let taken: OutputStream | undefined;
  const listeners: Parameters<OutputStream['on']>[] = [];

  function takeOver(): OutputStream {
    const opened = stream();
    for (const [event, listener] of listeners) opened.on(event, listener);
    return (taken = opened);
  }

  return {
    get destroyed() {
      return taken?.destroyed ?? false;
    },
    get writableEnded() {
      return taken?.writableEnded ?? false;
    },
    on(event, listener) {
      if (taken === undefined) listeners.push([event, listener]);
      else taken.on(event, listener);
    },
    write(text, done) {
      if (taken !== undefined) return taken.write(text, done);
      const bytes = Buffer.from(text);
      const written = bytes.length <= room ? tryWrite(fd, bytes) : 0;
      room -= written;
      if (written < bytes.length) return takeOver().write(bytes.subarray(written), done);
      if (done !== undefined) process.nextTick(done);
      return true;
    },
  };
}

function isPipeOrFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isFile();
  } catch {
    // Closed by whoever started the program.
    return false;
  }
}

/** The number of bytes that were taken. */
function tryWrite(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
