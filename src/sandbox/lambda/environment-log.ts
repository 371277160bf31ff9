import type { SandboxEnv } from '../env.ts';
import type { ExecutionSpec } from './execution.ts';
import type { LogSink } from './log-sink.ts';
import type { OutputItem } from './output-reader.ts';
import { passesLevel, platformLog, type PlatformLog } from './platform-log.ts';

const TAIL_BYTES = 4096;

/** The log stream of one environment, and the tail of its current invocation. */
export class EnvironmentLog {
  readonly stream: string;
  readonly lines: PlatformLog;
  readonly #spec: ExecutionSpec;
  readonly #now: () => number;
  readonly #sink: LogSink;
  #tail: string | undefined;

  constructor(spec: ExecutionSpec, env: SandboxEnv, sink: LogSink) {
    this.#spec = spec;
    this.#sink = sink;
    this.#now = () => env.clock.now();
    this.lines = platformLog(spec, this.#now);
    const day = new Date(env.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html: in a group of one's own
    // choice the stream also names the function.
    const owner = spec.logging.group === `/aws/lambda/${spec.functionName}` ? '' : spec.functionName;
    this.stream = `${day}/${owner}[${spec.version}]${env.ids.hex(32)}`;
  }

  /** Lines of Lambda itself. */
  system(messages: readonly string[]): void {
    if (messages.length === 0) return;
    const timestamp = this.#now();
    if (this.#tail !== undefined) this.#tail = (this.#tail + messages.join('')).slice(-2 * TAIL_BYTES);
    this.#sink.append(
      this.#spec.logging.group,
      this.stream,
      messages.map((message) => ({ timestamp, message })),
      this.#spec.role,
    );
  }

  /** What the function wrote. Framed events have passed the level filter in the runtime, plain lines have not. */
  application(items: readonly OutputItem[]): void {
    const messages: string[] = [];
    for (const item of items) {
      if (item.type === 'event') messages.push(item.text);
      else if (item.type === 'line' && item.text !== '' && this.#passes(item.text))
        messages.push(`${item.text}\n`);
    }
    this.system(messages);
  }

  startTail(): void {
    this.#tail = '';
  }

  endTail(): Uint8Array {
    const tail = Buffer.from(this.#tail ?? '');
    this.#tail = undefined;
    return tail.subarray(-TAIL_BYTES);
  }

  /** With JSON logs and a level, a plain line counts by the `level` that it states, else as INFO. */
  #passes(line: string): boolean {
    const { format, applicationLevel } = this.#spec.logging;
    if (format === 'Text' || applicationLevel === undefined) return true;
    return passesLevel(applicationLevel, statedLevel(line));
  }
}

function statedLevel(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('level' in value)) return undefined;
    return typeof value.level === 'string' ? value.level : undefined;
  } catch {
    return undefined;
  }
}
