import { clearLine, cursorTo, moveCursor, type Direction } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';
import type { InputStream, OutputStream } from './io.ts';

/** What ora and inquirer draw on: the terminal behind it, with the parts of tty.WriteStream that they use. */
export type Surface = Writable & { readonly rows: number };

/**
 * A terminal of its own for a spinner or a question, for two reasons. A terminal may say that it is 0 columns wide (one
 * without a size yet, as under `script` or a fresh pty): ora would then erase infinitely many lines. And inquirer ends the
 * stream it draws on unless that is the process's own; ours is used afterwards.
 */
export function createSurface(stream: OutputStream): Surface {
  const surface = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, callback) {
      // Without waiting: what is written to the terminal next must not overtake this.
      stream.write(chunk);
      callback();
    },
  });
  return Object.defineProperties(surface, {
    isTTY: { value: true },
    columns: { get: () => positive(stream.columns) ?? 80 },
    rows: { get: () => positive(stream.rows) ?? 24 },
    cursorTo: { value: (x: number) => cursorTo(surface, x) },
    moveCursor: { value: (x: number, y: number) => moveCursor(surface, x, y) },
    clearLine: { value: (direction: Direction) => clearLine(surface, direction) },
  }) as Surface;
}

/**
 * What readline reads instead of stdin, for one question. On stdin itself it would turn a read error (a terminal that hung
 * up: EIO) into an uncaught exception, and when it closes (Ctrl-D) inquirer would wait for ever. readline pauses its input
 * when it closes, but also when the program comes back from Ctrl-Z: then raw mode is on again and the question goes on.
 */
export function createKeyboard(
  stdin: InputStream,
  onClosed: () => void,
): { readonly stream: PassThrough; readonly type: (chunk: unknown) => void } {
  const stream = new PassThrough();
  Object.defineProperties(stream, {
    isTTY: { value: true },
    isRaw: { get: () => stdin.isRaw },
    setRawMode: { value: (mode: boolean) => stdin.setRawMode?.(mode) },
  });
  stream.on('pause', () => {
    setImmediate(() => {
      if (stdin.isRaw === true) stream.resume();
      else onClosed();
    });
  });
  return { stream, type: (chunk: unknown) => void stream.write(chunk) };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
