/**
 * Takes apart what a runtime writes to its one output descriptor. Plain output is cut into lines; the bootstraps
 * frame what AWS keeps together as one log event (a multi-line console.log, a traceback) and mark the end of an
 * invocation's output:
 *
 *     \x1e TOKEN L BYTES \n …BYTES…      one log event
 *     \x1e TOKEN E REQUEST-ID \n         end of output of that invocation
 *
 * (without the spaces before `L` and `E`). The token is secret to the bootstrap, so that a handler's own output
 * cannot be taken for a frame.
 */
export type OutputItem =
  | { readonly type: 'line' | 'event'; readonly text: string }
  | { readonly type: 'end'; readonly requestId: string };

/** A line without an end is cut here, as CloudWatch Logs bounds an event (256 KB for most of its life). */
const MAX_LINE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export class OutputReader {
  readonly #prefix: Buffer;
  #rest: Buffer = Buffer.alloc(0);

  constructor(token: string) {
    this.#prefix = Buffer.from(`\x1e${token}`);
  }

  push(chunk: Buffer): readonly OutputItem[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const items: OutputItem[] = [];
    let at = 0;
    while (at < data.length) {
      const next = this.#next(data, at, items);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = data.subarray(at);
    return items;
  }

  /** The output has ended: an unfinished line is a line. */
  end(): readonly OutputItem[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [{ type: 'line', text: rest.toString('utf8') }];
  }

  /** Reads one item at `at`; returns where the next begins, or undefined when more data is needed. */
  #next(data: Buffer, at: number, items: OutputItem[]): number | undefined {
    const newline = data.indexOf(NEWLINE, at);
    const lineEnd = newline < 0 ? data.length : newline;
    const frame = data.subarray(at, lineEnd).indexOf(this.#prefix);
    if (frame > 0) {
      // A frame ends an unfinished line: print('x', end='') before an invocation's end.
      items.push({ type: 'line', text: data.toString('utf8', at, at + frame) });
      return at + frame;
    }
    if (frame === 0) {
      return newline < 0 ? undefined : this.#frame(data, at + this.#prefix.length, newline, items);
    }
    if (newline >= 0) {
      items.push({ type: 'line', text: data.toString('utf8', at, newline) });
      return newline + 1;
    }
    if (data.length - at < MAX_LINE_BYTES) return undefined;
    items.push({ type: 'line', text: data.toString('utf8', at) });
    return data.length;
  }

  #frame(data: Buffer, from: number, newline: number, items: OutputItem[]): number | undefined {
    const header = data.toString('latin1', from, newline);
    if (header.startsWith('E')) {
      items.push({ type: 'end', requestId: header.slice(1) });
      return newline + 1;
    }
    const end = newline + 1 + Number(header.slice(1));
    if (!(end <= data.length)) return undefined;
    items.push({ type: 'event', text: data.toString('utf8', newline + 1, end) });
    return end;
  }
}
