/** Where function logs go: the Logs service of one region. */
export interface LogSink {
  /** Appends events; group and stream are created on first use. Timestamps are milliseconds since the epoch. */
  append(group: string, stream: string, lines: readonly { timestamp: number; message: string }[]): void;
}
