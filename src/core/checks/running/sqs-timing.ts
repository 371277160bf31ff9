import { formatDuration } from '../../duration.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { QueueNode } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { ask, call, safe, tell } from '../../doctor/fixes.ts';
import { metricMaximum } from '../../doctor/metrics.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { nameOf } from '../../trace-destination.ts';
import { about, configurationOf, onceEach } from './about.ts';
import { isOff } from './mappings.ts';

/** What AWS advises. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const TIMES = 6;
const MAXIMUM_VISIBILITY_SECONDS = 43_200;

/** A function that fails for an hour is not rare. */
const SHORT_RETENTION_SECONDS = 3600;

const seconds = (count: number) => formatDuration(count * 1000);

/** Times of a queue that do not go together with those of its function. */
export const sqsTiming: Check = {
  id: 'sqs-timing',
  reads: [
    'queues.attributes',
    'queues.mappings',
    'functions.configuration',
    'functions.qualified',
    'metrics',
  ],
  judge(look) {
    return onceEach(look, 'sqs').flatMap((hop) => {
      const node = look.facts.queues[hop.arn];
      if (!node) return [];
      return [visibility(look, hop, node), delay(look, hop, node), retention(look, hop, node)].flatMap(
        (finding) => finding ?? [],
      );
    });
  },
};

function visibility(look: Look, hop: Hop, node: QueueNode): Finding | undefined {
  const attributes = look.value(node.attributes);
  const readers = (look.value(node.mappings) ?? []).flatMap((mapping) => {
    const functionNode = isOff(mapping) ? undefined : look.facts.functions[mapping.functionArn];
    const reading = functionNode && configurationOf(functionNode);
    const timeout = look.value(reading)?.timeoutSeconds;
    return timeout === undefined ? [] : [{ mapping, reading, timeout }];
  });
  const needed = (one: (typeof readers)[number]) => TIMES * one.timeout + one.mapping.windowSeconds;
  const [slowest] = [...readers].sort((a, b) => needed(b) - needed(a));
  if (!attributes || !slowest) return undefined;
  const { visibilitySeconds, url } = attributes;
  const { mapping, reading, timeout } = slowest;
  const { windowSeconds } = mapping;
  if (visibilitySeconds >= needed(slowest)) return undefined;
  const isShorter = visibilitySeconds < timeout;
  const isTight = visibilitySeconds < timeout + windowSeconds;
  const what = `messages of ${called(hop.arn)} come back after ${seconds(visibilitySeconds)}`;
  const who = called(mapping.functionArn);
  const wanted = Math.min(needed(slowest), MAXIMUM_VISIBILITY_SECONDS);
  return {
    id: 'sqs-timing',
    verdict: isShorter ? 'broken' : isTight ? 'suspected' : 'risk',
    severity: isTight ? 'DUP' : 'RISK',
    ...about(hop),
    message: isShorter
      ? `${what}, but ${who} may work for ${seconds(timeout)}, so it gets some twice`
      : isTight
        ? `${what}, but ${who} may wait for a batch and work for ${seconds(timeout + windowSeconds)}, so it gets some twice`
        : `${what}, less than six times the ${seconds(timeout)} that ${who} may work, so retries come too soon`,
    evidence: [
      evidence(node.attributes, 'VisibilityTimeout', String(visibilitySeconds)),
      evidence(reading, 'Timeout', String(timeout)),
      ...(windowSeconds === 0
        ? []
        : [evidence(node.mappings, 'MaximumBatchingWindowInSeconds', String(windowSeconds))]),
    ],
    fix: safe(
      call('sqs', 'SetQueueAttributes', { QueueUrl: url, Attributes: { VisibilityTimeout: String(wanted) } }),
    ),
  };
}

function delay(look: Look, hop: Hop, node: QueueNode): Finding | undefined {
  const attributes = look.value(node.attributes);
  if (!attributes || attributes.delaySeconds === 0) return undefined;
  const { delaySeconds, url } = attributes;
  return {
    id: 'sqs-timing',
    // Somebody may want it so.
    verdict: 'risk',
    severity: 'LATE',
    ...about(hop),
    message: `${called(hop.arn)} holds every message back for ${seconds(delaySeconds)}`,
    evidence: [evidence(node.attributes, 'DelaySeconds', String(delaySeconds))],
    fix: ask(call('sqs', 'SetQueueAttributes', { QueueUrl: url, Attributes: { DelaySeconds: '0' } })),
  };
}

function retention(look: Look, hop: Hop, node: QueueNode): Finding | undefined {
  const kept = look.value(node.attributes)?.retentionSeconds;
  if (kept === undefined) return undefined;
  const oldest = metricMaximum(look, 'AWS/SQS', 'ApproximateAgeOfOldestMessage', nameOf(hop.arn)) ?? 0;
  const isNear = oldest >= 0.9 * kept;
  if (!isNear && kept >= SHORT_RETENTION_SECONDS) return undefined;
  return {
    id: 'sqs-timing',
    verdict: isNear ? 'suspected' : 'risk',
    severity: isNear ? 'SOME' : 'RISK',
    ...about(hop),
    message: isNear
      ? `${called(hop.arn)} keeps messages for ${seconds(kept)}, and some waited that long: they expire unread`
      : `${called(hop.arn)} keeps messages for ${seconds(kept)} only: what is not read by then is lost`,
    evidence: [
      evidence(node.attributes, 'MessageRetentionPeriod', String(kept)),
      ...(isNear ? [evidence(look.facts.metrics, 'ApproximateAgeOfOldestMessage', String(oldest))] : []),
    ],
    fix: tell('Have the queue keep its messages longer (MessageRetentionPeriod, 14 days at most).'),
  };
}
