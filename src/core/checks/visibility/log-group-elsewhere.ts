import type { Check, Look } from '../../doctor/check.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { defaultLogGroup } from '../../names.ts';
import { about, REACHED_READS, reachedFunctions, type Reached } from '../outcome/runs.ts';

/**
 * The log is not where people look, or not all of it is written. That is how somebody set it up: nothing is broken, but the absence of
 * lines proves nothing. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
 */
export const logGroupElsewhere: Check = {
  id: 'log-group-elsewhere',
  reads: [...REACHED_READS, 'functions.log', 'metrics', 'identity'],
  judge: (look) =>
    reachedFunctions(look).flatMap((reached) => {
      const seen = valueOf(reached.node.log?.seen);
      // Who finds the invocations, or what they were told, needs no word about the place.
      if (seen && seen.invocations.length + seen.records.length > 0) return [];
      const found = unsearchable(reached) ?? hidden(look, reached) ?? moved(look, reached);
      return found ? [found] : [];
    }),
};

type Part = Pick<Finding, 'message' | 'evidence' | 'fix'>;

function risk(reached: Reached, part: Part): Finding {
  return { id: 'log-group-elsewhere', verdict: 'risk', severity: 'BLIND', ...about(reached), ...part };
}

/** FilterLogEvents works in groups of the standard class only. */
function unsearchable(reached: Reached): Finding | undefined {
  const { log } = reached.node;
  const group = valueOf(log?.group);
  if (!log || !group || group.class === '' || group.class === 'STANDARD') return undefined;
  return risk(reached, {
    message: `the log of ${called(reached.arn)} is in ${log.name}, a group of class ${group.class}, which cannot be searched like others`,
    evidence: [evidence(log.group, 'logGroupClass', group.class)],
    fix: tell(
      group.class === 'DELIVERY'
        ? 'Groups of that class pass their lines on and keep them for a day: look where they are delivered to.'
        : 'Ask CloudWatch Logs Insights, which reads groups of that class.',
      ...(group.class === 'DELIVERY' ? [] : [['aws', 'logs', 'start-query', '--log-group-name', log.name]]),
    ),
  });
}

/** Without START and REPORT an invocation that prints nothing leaves nothing. */
function hidden(look: Look, reached: Reached): Finding | undefined {
  const { configuration, node } = reached;
  const level = configuration?.systemLogLevel;
  if (configuration?.logFormat !== 'JSON' || (level !== 'WARN' && level !== 'ERROR')) return undefined;
  if (!ran(look, reached)) return undefined;
  return risk(reached, {
    message: `${called(reached.arn)} ran, but its log leaves out START and REPORT (SystemLogLevel is ${level}), so that its log says nothing of invocations`,
    evidence: [evidence(node.configuration, 'LoggingConfig.SystemLogLevel', level)],
    fix: showing(look, reached),
  });
}

function showing(look: Look, { configuration, node }: Reached): Fix {
  if (node.qualifier !== undefined && node.qualifier !== '$LATEST') {
    return tell(
      'Set SystemLogLevel to INFO and publish a version: settings of a published one cannot be changed.',
    );
  }
  const { FunctionName } = functionInput(node, valueOf(look.facts.identity)?.account);
  return {
    ...ask(
      call('lambda', 'UpdateFunctionConfiguration', {
        FunctionName,
        LoggingConfig: { LogFormat: 'JSON', LogGroup: configuration?.logGroup, SystemLogLevel: 'INFO' },
      }),
    ),
    advice:
      'Only where you miss these lines; the application log level is set with it, so say which one you want.',
  };
}

function moved(look: Look, reached: Reached): Finding | undefined {
  const { configuration, node } = reached;
  const group = configuration?.logGroup;
  if (group === undefined || group === defaultLogGroup(node.name) || !ran(look, reached)) return undefined;
  return risk(reached, {
    message: `${called(reached.arn)} writes its log to ${group}, not to ${defaultLogGroup(node.name)}`,
    evidence: [evidence(node.configuration, 'LoggingConfig.LogGroup', group)],
    fix: tell('Look into that group.', ['aws', 'logs', 'tail', group]),
  });
}

function ran(look: Look, { node }: Reached): boolean {
  return (metricSum(look, 'AWS/Lambda', 'Invocations', node.name) ?? 0) > 0;
}
