/** Where function logs go: the Logs service of one region. */
export interface LogSink {
  /**
   * Appends events with the rights of the execution role; group and stream are created on first use. What the role may not do
   * is not done, and nobody is told. Timestamps are milliseconds since the epoch.
   */
  append(
    group: string,
    stream: string,
    lines: readonly { timestamp: number; message: string }[],
    roleArn: string,
  ): void;
}
