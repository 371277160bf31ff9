import type { TestUploadResult, UploadReport } from '../../commands/test-upload.ts';
import type { Delivery } from '../../commands/watch-deliveries.ts';
import { formatBytes } from '../../core/duration.ts';
import { sanitize, sanitizeBlock } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, elapsed } from './parts.ts';

export function viewTestUpload(result: TestUploadResult, options: ViewOptions): readonly string[] {
  if (result.uploads) return viewMany(result.uploads, options);
  const lines = viewUpload(result, options);
  const shown = result.deliveries.find(({ record }) => record !== null);
  return shown?.record ? [...lines, ...recordLines(shown.record.raw, options)] : lines;
}

export function viewUpload(upload: UploadReport, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const name = sanitize(`s3://${upload.bucket}/${upload.key}`);
  const lines = [
    `${theme.key(name)}  ${formatBytes(upload.size)}${upload.versionId === null ? '' : `, version ${sanitize(upload.versionId)}`}`,
  ];
  for (const delivery of upload.deliveries) lines.push(...deliveryLines(delivery, options));
  return lines;
}

function deliveryLines(delivery: Delivery, { theme }: ViewOptions): readonly string[] {
  const to = `rule ${sanitize(delivery.ruleId)} ${theme.symbols.arrow} ${destinationText(delivery.destination)}`;
  if (delivery.status === 'missing') {
    return [
      `${theme.bad(theme.symbols.failed)} the event was not seen: ${to}`,
      `  looked in ${sanitize(delivery.logGroup)}`,
    ];
  }
  const { hops, record, invocation } = delivery;
  const ended =
    invocation === null || invocation === 'ok' ? '' : `, but the invocation ended with ${invocation}`;
  const mark = ended === '' ? theme.good(theme.symbols.done) : theme.warn(theme.symbols.done);
  return [
    `${mark} ${sanitize(record?.eventName ?? '')} arrived: ${to}${ended}`,
    `  event ${elapsed(hops.eventMs)}, invocation ${elapsed(hops.invocationMs)}, log visible ${elapsed(hops.logVisibleMs)}`,
    `  ${theme.dim(`invocation ${sanitize(delivery.requestId ?? 'unknown')}`)}`,
    `  ${theme.dim(`log stream ${sanitize(delivery.logStream ?? 'unknown')}`)}`,
  ];
}

/** The record as the function got it. */
function recordLines(raw: unknown, { theme, plain }: ViewOptions): readonly string[] {
  const text = sanitizeBlock(JSON.stringify(raw, undefined, 2));
  return ['', ...text.split('\n').map((line) => (plain ? line : theme.dim(line)))];
}

function viewMany(uploads: readonly UploadReport[], options: ViewOptions): readonly string[] {
  const { theme } = options;
  const deliveries = uploads.flatMap((upload) => upload.deliveries);
  const missing = uploads.filter((upload) => upload.deliveries.some(({ status }) => status === 'missing'));
  const times = deliveries
    .flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]))
    .sort((a, b) => a - b);
  const at = (share: number) =>
    elapsed(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? null);
  const mark = missing.length === 0 ? theme.good(theme.symbols.done) : theme.bad(theme.symbols.failed);
  return [
    `${mark} ${uploads.length - missing.length} of ${uploads.length} events arrived`,
    ...(times.length === 0 ? [] : [`  log visible: median ${at(0.5)}, 95 % ${at(0.95)}, slowest ${at(1)}`]),
    ...missing
      .slice(0, 20)
      .map((upload) => `  not seen: ${theme.key(sanitize(`s3://${upload.bucket}/${upload.key}`))}`),
  ];
}
