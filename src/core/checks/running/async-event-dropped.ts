import { formatDuration } from '../../duration.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventInvokeConfiguration } from '../../doctor/facts.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, counted, evidence } from '../../doctor/words.ts';
import { about, configurationOf, functionsOf, type FunctionHop } from './about.ts';

/** Defaults. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const MAXIMUM_AGE_SECONDS = 21_600;
const MAXIMUM_RETRIES = 2;

const SHORT_AGE_SECONDS = 3600;

/** Lambda gave events up: they became too old, or all attempts failed. */
export const asyncEventDropped: Check = {
  id: 'async-event-dropped',
  reads: ['metrics', 'functions.eventInvoke', 'functions.configuration', 'functions.qualified', 'identity'],
  judge(look) {
    return functionsOf(look)
      .filter(({ hop }) =>
        // Behind a queue Lambda invokes without a queue of its own.
        look.hops.some(({ arn, sender }) => arn === hop.arn && sender !== undefined),
      )
      .flatMap((one) => droppedFinding(look, one) ?? riskFinding(look, one) ?? []);
  },
};

function settingsOf(look: Look, { node }: FunctionHop): EventInvokeConfiguration | undefined {
  const wanted = node.qualifier ?? '$LATEST';
  return look.value(node.eventInvoke)?.find(({ qualifier }) => qualifier === wanted);
}

function isShort({ maximumAgeSeconds, maximumRetries }: EventInvokeConfiguration): boolean {
  return (maximumAgeSeconds ?? MAXIMUM_AGE_SECONDS) < SHORT_AGE_SECONDS || maximumRetries === 0;
}

function described({ maximumAgeSeconds, maximumRetries }: EventInvokeConfiguration): string {
  const age = formatDuration((maximumAgeSeconds ?? MAXIMUM_AGE_SECONDS) * 1000);
  return `${age}, ${maximumRetries ?? MAXIMUM_RETRIES} retries`;
}

function droppedFinding(look: Look, one: FunctionHop): Finding | undefined {
  const { hop, node } = one;
  const count = metricSum(look, 'AWS/Lambda', 'AsyncEventsDropped', node.name) ?? 0;
  if (count === 0) return undefined;
  const settings = settingsOf(look, one);
  const { onFailure } = settings ?? {};
  const configuration = configurationOf(node);
  const kept = onFailure ?? valueOf(configuration)?.deadLetterArn;
  const missed = `${called(hop.arn)} missed ${counted(count, 'event')}, which Lambda gave up`;
  return {
    id: 'async-event-dropped',
    verdict: 'broken',
    severity: 'SOME',
    ...about(hop),
    message:
      kept === undefined
        ? `${missed}, and nothing keeps such events`
        : `${missed}; such events are to go to ${called(kept)}`,
    evidence: [
      evidence(look.facts.metrics, 'AsyncEventsDropped', String(count)),
      ...(settings ? [evidence(node.eventInvoke, 'EventInvokeConfig', described(settings))] : []),
      ...(kept === undefined
        ? []
        : onFailure === undefined
          ? [evidence(configuration, 'DeadLetterConfig.TargetArn', kept)]
          : [evidence(node.eventInvoke, 'DestinationConfig.OnFailure', kept)]),
    ],
    fix: settings && isShort(settings) ? lengthened(look, one) : DROPPED_ADVICE,
  };
}

const DROPPED_ADVICE = tell(
  'Mend what makes the function fail or wait, and give it a destination for failed events, so that the next ones are kept. Other callers of the function count here too.',
);

function riskFinding(look: Look, one: FunctionHop): Finding | undefined {
  const { hop, node } = one;
  const settings = settingsOf(look, one);
  if (!settings || !isShort(settings) || settings.onFailure !== undefined) return undefined;
  const configuration = look.value(configurationOf(node));
  if (!configuration || configuration.deadLetterArn !== undefined) return undefined;
  return {
    id: 'async-event-dropped',
    verdict: 'risk',
    severity: 'RISK',
    ...about(hop),
    message: `${called(hop.arn)} loses an event soon (${described(settings)}) when it fails or is busy, and nothing keeps it`,
    evidence: [
      evidence(node.eventInvoke, 'EventInvokeConfig', described(settings)),
      evidence(configurationOf(node), 'DeadLetterConfig', 'absent'),
    ],
    fix: lengthened(look, one),
  };
}

function lengthened(look: Look, { node }: FunctionHop): Fix {
  return {
    ...ask(
      call('lambda', 'UpdateFunctionEventInvokeConfig', {
        ...functionInput(node, valueOf(look.facts.identity)?.account),
        MaximumEventAgeInSeconds: MAXIMUM_AGE_SECONDS,
        MaximumRetryAttempts: MAXIMUM_RETRIES,
      }),
    ),
    advice: 'A destination for failed events keeps what is given up even so.',
  };
}
