import type { Check, Look } from '../../doctor/check.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { REACHED_READS, reachedFunctions, type Reached } from '../outcome/runs.ts';
import { logDenials } from './log-role.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html: it can take 5 to 10 minutes. */
const INGESTION_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/**
 * The log cannot tell: it is late, was deleted, or keeps lines for a shorter time. No finding, since nothing is wrong, but something
 * that could not be looked at: silence of the log must not be read as "never invoked".
 */
export const logsLateOrExpired: Check = {
  id: 'logs-late-or-expired',
  reads: [...REACHED_READS, 'functions.log', 'roles.simulated', 'metrics', 'object.head'],
  judge(look) {
    for (const reached of reachedFunctions(look)) {
      const why = whyNothing(look, reached) ?? whyNoLonger(look, reached);
      if (why === undefined) continue;
      look.value({
        state: 'failed',
        call: 'logs:FilterLogEvents',
        resource: reached.node.log?.name ?? reached.node.name,
        message: why,
      });
    }
    return [];
  },
};

/** Invocations by the metrics, and not a line. */
function whyNothing(look: Look, reached: Reached): string | undefined {
  const { log, name } = reached.node;
  const seen = valueOf(log?.seen);
  const isGone = isAbsent(log?.group);
  if (!log || !(isGone || seen?.lines === 0)) return undefined;
  const { configuration } = reached;
  // These are causes of their own.
  if (configuration?.logFormat === 'JSON' && /^(?:WARN|ERROR)$/.test(configuration.systemLogLevel ?? ''))
    return undefined;
  if ((logDenials(look, reached)?.denied.length ?? 0) > 0) return undefined;
  const series = look
    .value(look.facts.metrics)
    ?.find((one) => one.namespace === 'AWS/Lambda' && one.name === 'Invocations' && one.of === name);
  const times = (series?.points ?? []).filter(([, value]) => value > 0).map(([time]) => time);
  if (times.length === 0) return undefined;
  if (Math.max(...times) > look.facts.at - INGESTION_MS) {
    return 'the function ran a few minutes ago, and log lines can take 10 minutes to arrive: look again then';
  }
  return isGone
    ? 'the function ran, but its log group is not there: somebody deleted it'
    : 'the function ran, but its log group has no lines of that time';
}

/** The object is older than what the log keeps. */
function whyNoLonger(look: Look, { node }: Reached): string | undefined {
  const days = valueOf(node.log?.group)?.retentionDays;
  const modified = valueOf(look.facts.object?.head)?.modified;
  if (days === undefined || modified === undefined || modified >= look.facts.at - days * DAY_MS)
    return undefined;
  return `the log keeps lines for ${days} days, and the object is older`;
}
