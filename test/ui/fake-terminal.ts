import { PassThrough, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { createIo, type ColorChoice, type Environment, type Io } from '../../src/ui/io.ts';

/** A stream that looks like a terminal (or a pipe) and remembers what was written, as text. */
export class FakeOutput extends Writable {
  readonly isTTY: boolean;
  columns: number | undefined;
  rows = 24;
  text = '';
  private readonly watchers: (() => void)[] = [];

  constructor(isTTY: boolean, columns: number | undefined = isTTY ? 80 : undefined) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.text += chunk.toString();
    callback();
    for (const watcher of [...this.watchers]) watcher();
  }

  get plain(): string {
    return stripVTControlCharacters(this.text);
  }

  /** Resolves once `condition` holds; the test's own timeout is the limit. */
  async until(condition: (output: this) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => this.watchers.push(resolve));
    }
  }
}

export class FakeInput extends PassThrough {
  readonly isTTY: boolean;
  isRaw = false;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    return this;
  }
}

export interface FakeTerminal {
  readonly stdin: FakeInput;
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  readonly io: Io;
}

export function fakeTerminal(
  options: {
    readonly stdin?: boolean;
    readonly stdout?: boolean;
    readonly stderr?: boolean;
    readonly columns?: number;
    readonly env?: Environment;
    readonly color?: ColorChoice;
  } = {},
): FakeTerminal {
  const stdin = new FakeInput(options.stdin ?? true);
  const stdout = new FakeOutput(options.stdout ?? true, options.columns);
  const stderr = new FakeOutput(options.stderr ?? true, options.columns);
  const io = createIo(
    { stdin, stdout, stderr },
    { env: options.env ?? { TERM: 'xterm', LANG: 'C.UTF-8' }, color: options.color ?? 'never' },
  );
  return { stdin, stdout, stderr, io };
}

/** A small deterministic generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
