import type { TestUploadResult, UploadReport } from '../../commands/test-upload.ts';
import type { Delivery } from '../../commands/delivery.ts';
import { formatBytes } from '../../core/duration.ts';
import { sanitize, sanitizeBlock } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, elapsed } from './parts.ts';
import { viewVerdict } from './verdict.ts';

export function viewTestUpload(result: TestUploadResult, options: ViewOptions): readonly string[] {
  const doctor = result.doctor === null ? [] : ['', ...viewVerdict(result.doctor, options)];
  if (result.uploads) return [...viewMany(result.uploads, options), ...doctor];
  const lines = [...viewUpload(result, options), ...doctor];
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

function deliveryLines(delivery: Delivery, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { consumer, detail } = delivery;
  const further = consumer === null ? '' : ` ${theme.symbols.arrow} ${destinationText(consumer)}`;
  const to = `rule ${sanitize(delivery.ruleId)} ${theme.symbols.arrow} ${destinationText(delivery.destination)}${further}`;
  const why = detail === null ? [] : [`  ${sanitize(detail)}`];
  if (delivery.status === 'missing') {
    return [`${theme.bad(theme.symbols.failed)} the event was not seen: ${to}`, ...looked(delivery), ...why];
  }
  const { hops, record, invocation, latencyMs } = delivery;
  const ended =
    invocation === null || invocation === 'ok' ? '' : `, but the invocation ended with ${invocation}`;
  const unexpected = delivery.status === 'unexpected';
  const good = ended === '' && !unexpected;
  const mark = unexpected
    ? theme.bad(theme.symbols.failed)
    : (good ? theme.good : theme.warn)(theme.symbols.done);
  const what = `${sanitize(record?.eventName ?? 'an event')} ${unexpected ? 'was not expected' : 'arrived'}`;
  const lines = [`${mark} ${what}: ${to}${ended}`];
  const event = hops.eventMs === null ? '' : `event ${elapsed(hops.eventMs)}, `;
  if (delivery.via !== 'log') {
    return [...lines, `  ${event}${SEEN[delivery.via]} ${elapsed(latencyMs)}`, ...why];
  }
  return [
    ...lines,
    `  ${event}invocation ${elapsed(hops.invocationMs)}, log visible ${elapsed(hops.logVisibleMs)}`,
    `  ${theme.dim(`invocation ${sanitize(delivery.requestId ?? 'unknown')}`)}`,
    `  ${theme.dim(`log stream ${sanitize(delivery.logStream ?? 'unknown')}`)}`,
    ...why,
  ];
}

const SEEN = { tap: 'seen by the tap', counter: 'counted', peek: 'seen in the queue' } as const;

function looked({ via, logGroup }: Delivery): readonly string[] {
  if (logGroup !== null) return [`  looked in ${sanitize(logGroup)}`];
  return via === 'tap' ? ['  the tap did not see it'] : [];
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
