/**
 * The lines that Lambda itself writes to a function's log, in text and in JSON. Texts as recorded from AWS; JSON after
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html and, for the level of each event,
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html.
 */
import { createHash } from 'node:crypto';
import type { ExecutionSpec, LogLevel } from './execution.ts';

export interface InvocationReport {
  readonly requestId: string;
  readonly durationMs: number;
  /** Only for the first invocation of an environment. */
  readonly initMs: number | undefined;
  readonly maxMemoryMb: number;
  /** `error`: the handler failed, which the text form does not show; `failure`: the runtime itself did. */
  readonly status: 'success' | 'error' | 'failure' | 'timeout';
  readonly errorType: string | undefined;
}

export interface InitReport {
  readonly durationMs: number;
  readonly phase: 'init' | 'invoke';
  readonly status: 'error' | 'timeout';
  readonly errorType: string | undefined;
}

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** Whether a line of `level` passes a configured minimum; an absent or unknown level counts as INFO. */
export function passesLevel(minimum: LogLevel | undefined, level: string | undefined): boolean {
  const rank = LEVELS.indexOf((level ?? 'INFO').toUpperCase() as LogLevel);
  return (rank < 0 ? LEVELS.indexOf('INFO') : rank) >= LEVELS.indexOf(minimum ?? 'TRACE');
}

/** `python:3.13.v1`: AWS counts up the last part with every patch; the sandbox runs the machine's interpreter. */
export function runtimeVersion(runtime: string): string {
  const [, name = runtime, version = ''] = /^([a-z]+)(.*)$/.exec(runtime) ?? [];
  return `${name}:${version.replace(/\.x$/, '')}.v1`;
}

export function runtimeVersionArn(region: string, runtime: string): string {
  return `arn:aws:lambda:${region}::runtime:${createHash('sha256').update(runtime).digest('hex')}`;
}

const hundredths = (ms: number) => Math.round(ms * 100) / 100;

/** Initialisation is billed since August 2025 (https://aws.amazon.com/lambda/pricing/). */
const billedMs = (report: InvocationReport) =>
  Math.ceil(hundredths(report.durationMs + (report.initMs ?? 0)));

export interface PlatformLog {
  initStart(): readonly string[];
  initDone(durationMs: number): readonly string[];
  initReport(report: InitReport): readonly string[];
  start(requestId: string): readonly string[];
  /** `END` and `REPORT`. */
  end(report: InvocationReport): readonly string[];
}

export function platformLog(spec: ExecutionSpec, now: () => number): PlatformLog {
  return spec.logging.format === 'JSON' ? jsonLog(spec, now) : textLog(spec);
}

function textLog(spec: ExecutionSpec): PlatformLog {
  const status = (name: string, errorType: string | undefined) =>
    `Status: ${name}${errorType === undefined ? '' : `\tError Type: ${errorType}`}`;
  return {
    initStart: () => [
      `INIT_START Runtime Version: ${runtimeVersion(spec.runtime)}\tRuntime Version ARN: ${runtimeVersionArn(spec.region, spec.runtime)}\n`,
    ],
    initDone: () => [],
    initReport: (report) => [
      `INIT_REPORT Init Duration: ${report.durationMs.toFixed(2)} ms\tPhase: ${report.phase}\t${status(report.status, report.errorType)}\n`,
    ],
    start: (requestId) => [`START RequestId: ${requestId} Version: ${spec.version}\n`],
    end(report) {
      const init = report.initMs === undefined ? '' : `Init Duration: ${report.initMs.toFixed(2)} ms\t`;
      let ending = '';
      if (report.status === 'timeout') ending = status('timeout', undefined);
      if (report.status === 'failure') ending = status('error', report.errorType);
      return [
        `END RequestId: ${report.requestId}\n`,
        `REPORT RequestId: ${report.requestId}\tDuration: ${report.durationMs.toFixed(2)} ms\t` +
          `Billed Duration: ${billedMs(report)} ms\tMemory Size: ${spec.memoryMb} MB\t` +
          `Max Memory Used: ${report.maxMemoryMb} MB\t${init}${ending}\n`,
      ];
    },
  };
}

function jsonLog(spec: ExecutionSpec, now: () => number): PlatformLog {
  // Whether AWS ends these events with a newline is UNKNOWN; JSON readers do not care, and text lines do end so.
  const line = (level: LogLevel, type: string, record: object): readonly string[] =>
    passesLevel(spec.logging.systemLevel, level)
      ? [`${JSON.stringify({ time: new Date(now()).toISOString(), type: `platform.${type}`, record })}\n`]
      : [];
  const failed = (errorType: string | undefined) => (errorType === undefined ? {} : { errorType });
  return {
    initStart: () =>
      line('INFO', 'initStart', {
        initializationType: 'on-demand',
        phase: 'init',
        runtimeVersion: runtimeVersion(spec.runtime),
        runtimeVersionArn: runtimeVersionArn(spec.region, spec.runtime),
        functionName: spec.functionName,
        functionVersion: spec.version,
      }),
    initDone: (durationMs) => [
      ...line('DEBUG', 'initRuntimeDone', {
        initializationType: 'on-demand',
        phase: 'init',
        status: 'success',
      }),
      ...line('DEBUG', 'initReport', {
        initializationType: 'on-demand',
        phase: 'init',
        status: 'success',
        metrics: { durationMs: hundredths(durationMs) },
      }),
    ],
    initReport(report) {
      const record = {
        initializationType: 'on-demand',
        phase: report.phase,
        status: report.status,
        ...failed(report.errorType),
      };
      return [
        ...line('WARN', 'initRuntimeDone', record),
        ...line('WARN', 'initReport', { ...record, metrics: { durationMs: hundredths(report.durationMs) } }),
      ];
    },
    start: (requestId) => line('INFO', 'start', { requestId, version: spec.version }),
    end(report) {
      const { requestId, status } = report;
      const good = status === 'success';
      const durationMs = hundredths(report.durationMs);
      return [
        ...line(good ? 'DEBUG' : 'WARN', 'runtimeDone', {
          requestId,
          status,
          ...failed(report.errorType),
          metrics: { durationMs },
        }),
        ...line(good ? 'INFO' : 'WARN', 'report', {
          requestId,
          metrics: {
            durationMs,
            billedDurationMs: billedMs(report),
            memorySizeMB: spec.memoryMb,
            maxMemoryUsedMB: report.maxMemoryMb,
            ...(report.initMs !== undefined && { initDurationMs: hundredths(report.initMs) }),
          },
          status,
          ...failed(report.errorType),
        }),
      ];
    },
  };
}
