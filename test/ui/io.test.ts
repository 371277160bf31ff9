import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createIo, type ColorChoice, type Environment } from '../../src/ui/io.ts';
import { FakeInput, FakeOutput, fakeTerminal } from './fake-terminal.ts';

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A pipe whose writes complete only when the test says so. */
class SlowPipe extends Writable {
  readonly chunks: string[] = [];
  private complete: ((error?: Error) => void) | undefined;

  constructor(highWaterMark: number) {
    super({ decodeStrings: false, highWaterMark });
  }
  override _write(chunk: string, _encoding: BufferEncoding, callback: (error?: Error) => void): void {
    this.chunks.push(chunk);
    this.complete = callback;
  }
  release(error?: Error): void {
    const complete = this.complete;
    this.complete = undefined;
    complete?.(error);
  }
}

function ioOn(stdout: Writable) {
  return createIo(
    { stdin: new FakeInput(false), stdout, stderr: new FakeOutput(false) },
    { env: {}, color: 'auto' },
  );
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('colour', () => {
  it.each<[string, Environment, ColorChoice, boolean, boolean]>([
    ['a terminal', {}, 'auto', true, true],
    ['a pipe', {}, 'auto', false, false],
    ['NO_COLOR', { NO_COLOR: '1' }, 'auto', true, false],
    ['NO_COLOR=0 is not empty', { NO_COLOR: '0' }, 'auto', true, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, 'auto', true, true],
    ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, 'auto', false, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, 'auto', true, false],
    ['FORCE_COLOR=false', { FORCE_COLOR: 'false' }, 'auto', true, false],
    ['an empty FORCE_COLOR', { FORCE_COLOR: '' }, 'auto', false, false],
    ['FORCE_COLOR over NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, 'auto', false, true],
    ['TERM=dumb', { TERM: 'dumb' }, 'auto', true, false],
    ['--color always over NO_COLOR', { NO_COLOR: '1', TERM: 'dumb' }, 'always', false, true],
    ['--color never over FORCE_COLOR', { FORCE_COLOR: '1' }, 'never', true, false],
  ])('%s', (_name, env, color, isTTY, expected) => {
    expect(fakeTerminal({ stdout: isTTY, env, color }).io.stdout.color).toBe(expected);
  });

  it('is judged for stdout and stderr separately', () => {
    const { io } = fakeTerminal({ stdout: false, stderr: true, color: 'auto' });
    expect([io.stdout.color, io.stderr.color]).toEqual([false, true]);
    expect([io.stdout.isTTY, io.stderr.isTTY, io.stdinIsTTY]).toEqual([false, true, true]);
  });
});

it.each<[Environment, boolean]>([
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
  [{ LC_ALL: '', LC_CTYPE: 'UTF-8', LANG: 'C' }, true],
  [{}, false],
  [{ WT_SESSION: 'x' }, true],
  [{ LANG: 'C.UTF-8', TERM: 'linux' }, false],
  [{ LANG: 'C.UTF-8', TERM: 'dumb' }, false],
])('unicode with %j', (env, expected) => {
  expect(fakeTerminal({ env }).io.stderr.unicode).toBe(expected);
});

it.each<[Environment, boolean, boolean]>([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{ CI: 'true' }, true, false],
  [{ CI: 'false' }, true, true],
])('redrawing with %j on a terminal: %s', (env, isTTY, expected) => {
  expect(fakeTerminal({ stderr: isTTY, env }).io.stderr.canRedraw).toBe(expected);
});

it('knows the columns of now', () => {
  const { io, stdout } = fakeTerminal({ columns: 100 });
  expect(io.stdout.columns).toBe(100);
  stdout.columns = 60;
  expect(io.stdout.columns).toBe(60);
  stdout.columns = 0;
  expect(io.stdout.columns).toBe(80);
  expect(fakeTerminal({ stdout: false }).io.stdout.columns).toBe(80);
});

describe('writing', () => {
  it.each([
    ['a pipe', false],
    ['a terminal', true],
  ])('of results goes to %s in one piece per turn, in order', async (_name, isTTY) => {
    const stream = Object.assign(new SlowPipe(1000), { isTTY });
    const io = ioOn(stream);
    for (const text of ['a', 'b', 'c']) await io.stdout.write(text);
    expect(stream.chunks).toEqual([]);
    await settled();
    expect(stream.chunks).toEqual(['abc']);
  });

  it.each([
    ['a pipe', false],
    ['a terminal', true],
  ])('to stderr reaches %s at once', (_name, stderr) => {
    const terminal = fakeTerminal({ stderr });
    void terminal.io.stderr.write('a');
    expect(terminal.stderr.text).toBe('a');
  });

  describe('to stdout and stderr of one terminal', () => {
    it('keeps the order in which it was said', async () => {
      const screen = new FakeOutput(true);
      const io = createIo(
        { stdin: new FakeInput(true), stdout: screen, stderr: screen },
        { env: {}, color: 'auto' },
      );
      void io.stdout.write('result ');
      void io.stderr.write('note ');
      void io.stdout.write('more ');
      void io.stderr.write('end');
      await settled();
      expect(screen.text).toBe('result note more end');
    });

    it('shows results before a question or a spinner that waits for stderr draws', () => {
      const { io, stdout } = fakeTerminal();
      void io.stdout.write('result');
      void io.stderr.flush();
      expect(stdout.text).toBe('result');
    });

    it('but a note hurries nothing along that goes into a pipe', async () => {
      const { io, stdout } = fakeTerminal({ stdout: false });
      void io.stdout.write('result');
      void io.stderr.write('note');
      expect(stdout.text).toBe('');
      await io.stdout.flush();
      expect(stdout.text).toBe('result');
    });
  });

  it('resolves only when the stream can take more', async () => {
    const pipe = new SlowPipe(4);
    const io = ioOn(pipe);
    await io.stdout.write('first');
    await settled();
    let resolved = false;
    const writing = io.stdout.write('second').then(() => {
      resolved = true;
    });
    await settled();
    expect([resolved, pipe.chunks]).toEqual([false, ['first']]);
    pipe.release();
    await settled();
    // The stream drained, took the rest and is full again.
    expect([resolved, pipe.chunks]).toEqual([false, ['first', 'second']]);
    pipe.release();
    await writing;
  });

  it('does not wait for the end of the turn when much is pending', () => {
    const pipe = new SlowPipe(1000);
    void ioOn(pipe).stdout.write('x'.repeat(70_000));
    expect(pipe.chunks).toHaveLength(1);
  });

  it('flushes until the last write has completed', async () => {
    const pipe = new SlowPipe(1000);
    const io = ioOn(pipe);
    void io.stdout.write('a');
    let flushed = false;
    const flushing = io.stdout.flush().then(() => {
      flushed = true;
    });
    await settled();
    expect([flushed, pipe.chunks]).toEqual([false, ['a']]);
    pipe.release();
    await flushing;
    await io.stdout.flush();
  });
});

describe('a reader that goes away', () => {
  it('closes the output, calls back once and throws nothing', async () => {
    const pipe = new SlowPipe(1);
    const io = ioOn(pipe);
    const onClosed = vi.fn();
    io.stdout.onClosed(onClosed);
    void io.stdout.write('a');
    await settled();
    const waiting = io.stdout.write('b');
    const flushing = io.stdout.flush();
    pipe.release(errorOf('EPIPE'));
    await waiting;
    await flushing;
    expect([io.stdout.closed, onClosed.mock.calls.length]).toEqual([true, 1]);
    await io.stdout.write('c');
    await io.stdout.flush();
    expect(pipe.chunks).toEqual(['a']);

    const late = vi.fn();
    io.stdout.onClosed(late);
    expect(late).toHaveBeenCalledOnce();
  });

  it('is noticed on a stream that was destroyed or ended', async () => {
    for (const end of [(pipe: SlowPipe) => pipe.destroy(), (pipe: SlowPipe) => pipe.end()]) {
      const pipe = new SlowPipe(1000);
      const io = ioOn(pipe);
      end(pipe);
      await io.stdout.write('a');
      await io.stdout.flush();
      expect(io.stdout.closed).toBe(true);
    }
  });

  it('is told apart from a full disk', async () => {
    const pipe = new SlowPipe(1000);
    const io = ioOn(pipe);
    await io.stdout.write('a');
    await settled();
    pipe.release(errorOf('ENOSPC'));
    await expect(io.stdout.flush()).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      message: 'could not write to stdout: ENOSPC',
    });
  });
});
