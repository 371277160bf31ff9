import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventInvokeConfiguration } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { allowRole, decisionOn, roleOf } from './role.ts';
import { about, reachedFunctions, REACHED_READS, type Reached } from './runs.ts';

/** What a failed event is to be kept in cannot take it, or belongs to another version or alias than the one that is invoked. */
export const dlqUndeliverable: Check = {
  id: 'dlq-undeliverable',
  reads: [
    ...REACHED_READS,
    'functions.eventInvoke',
    'roles.simulated',
    'queues.attributes',
    'topics.attributes',
    'metrics',
    'identity',
  ],
  judge: (look) =>
    reachedFunctions(look).flatMap((reached) => {
      // A queue keeps its messages by itself: the function's own settings are for asynchronous events.
      if (reached.hops.every(({ mapping }) => mapping !== undefined)) return [];
      const found = judgeOne(look, reached);
      return found ? [found] : [];
    }),
};

function judgeOne(look: Look, reached: Reached): Finding | undefined {
  const { node, configuration } = reached;
  const all = look.value(node.eventInvoke) ?? [];
  const qualifier = node.qualifier ?? '$LATEST';
  const own = all.find((one) => one.qualifier === qualifier);
  const targets = [configuration?.deadLetterArn, own?.onFailure].flatMap((arn) => arn ?? []);
  const [target] = targets;
  if (target === undefined) return elsewhere(look, reached, all, own);
  const lost = lostOf(look, node.name);
  const why = targets.map((arn) => obstacle(look, reached, arn)).find((one) => one !== undefined);
  if (lost === undefined && !why) return undefined;
  // What was in the way may have been mended since, but a key of KMS, or a read that was refused, could hide it.
  const isOpen = !why && targets.every((arn) => isKnownOpen(look, reached, arn));
  const name = called(why?.target ?? target);
  return {
    id: 'dlq-undeliverable',
    verdict: lost === undefined ? 'risk' : isOpen ? 'suspected' : 'broken',
    severity: 'BLIND',
    ...about(reached),
    message:
      lost === undefined
        ? `events that ${called(reached.arn)} fails at are to be kept in ${name}, ${why?.text ?? ''}`
        : `events that ${called(reached.arn)} failed at are lost: Lambda could not put them into ${name}${why ? `, ${why.text}` : ''}`,
    evidence: [...(lost === undefined ? [] : [lost]), ...(why?.proof ?? [])],
    fix:
      why?.fix ??
      tell(
        `Look at ${name}: whether it exists, whether the function's role may send to it, and its key of KMS.`,
      ),
  };
}

/** Nothing when events were given up after the last loss and none of those was lost: they got there. */
function lostOf(look: Look, name: string): Evidence | undefined {
  if (!look.facts.metrics) return undefined;
  for (const metric of ['DeadLetterErrors', 'DestinationDeliveryFailures']) {
    const sum = metricSum(look, 'AWS/Lambda', metric, name) ?? 0;
    const isOver = lastTime(look, 'AsyncEventsDropped', name) > lastTime(look, metric, name);
    if (sum > 0 && !isOver) return { call: 'cloudwatch:GetMetricData', field: metric, value: String(sum) };
  }
  return undefined;
}

/** Of the last period in which the metric was more than zero. */
function lastTime(look: Look, metric: string, name: string): number {
  const series = (valueOf(look.facts.metrics) ?? []).find(
    (one) => one.namespace === 'AWS/Lambda' && one.name === metric && one.of === name,
  );
  return Math.max(
    -Infinity,
    ...(series?.points ?? []).filter(([, value]) => value > 0).map(([time]) => time),
  );
}

/** It is there, has no key of KMS, and IAM says that the role may send to it. */
function isKnownOpen(look: Look, reached: Reached, target: string): boolean {
  const service = parseArn(target)?.service ?? '';
  const there = service === 'sqs' ? look.facts.queues[target] : look.facts.topics[target];
  const attributes = valueOf<{ readonly kmsKeyId?: string | undefined }>(there?.attributes);
  const decision = decisionOn(valueOf(roleOf(look, reached)?.simulated), ACTIONS[service] ?? '', target);
  return attributes !== undefined && attributes.kmsKeyId === undefined && decision?.decision === 'allowed';
}

interface Obstacle {
  readonly target: string;
  /** Goes on after the target's name. */
  readonly text: string;
  readonly proof: readonly Evidence[];
  readonly fix: Fix;
}

const ACTIONS: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  events: 'events:PutEvents',
  lambda: 'lambda:InvokeFunction',
  s3: 's3:PutObject',
};

function obstacle(look: Look, reached: Reached, target: string): Obstacle | undefined {
  const service = parseArn(target)?.service ?? '';
  const there = service === 'sqs' ? look.facts.queues[target] : look.facts.topics[target];
  if (there && isAbsent(there.attributes)) {
    return {
      target,
      text: 'which does not exist',
      proof: [evidence(there.attributes, 'answer', 'does not exist')],
      fix: tell('Create it again under this name, or name another one in the settings of the function.'),
    };
  }
  const action = ACTIONS[service];
  const simulated = roleOf(look, reached)?.simulated;
  const decision = action === undefined ? undefined : decisionOn(valueOf(simulated), action, target);
  if (action === undefined || !decision || decision.decision === 'allowed') return undefined;
  const allow =
    decision.decision === 'implicitDeny' && decision.deniedBy === undefined
      ? allowRole(reached.configuration?.roleArn, 's3evt-keep-failed-events', [action], [target])
      : undefined;
  return {
    target,
    text: `but its role lacks ${action}`,
    proof: [evidence(simulated, `${decision.action} ${decision.resource}`, decision.decision)],
    fix: allow
      ? ask(allow)
      : tell(`Something denies the role ${action} on purpose: whoever owns that policy has to change it.`),
  };
}

/** Nothing for the version or alias that is invoked, though somebody meant failures to be kept. */
function elsewhere(
  look: Look,
  reached: Reached,
  all: readonly EventInvokeConfiguration[],
  own: EventInvokeConfiguration | undefined,
): Finding | undefined {
  const { node } = reached;
  const other = all.find(({ onFailure }) => onFailure !== undefined);
  if (!other) return undefined;
  const qualifier = node.qualifier ?? '$LATEST';
  const { FunctionName } = functionInput(node, valueOf(look.facts.identity)?.account);
  return {
    id: 'dlq-undeliverable',
    verdict: 'risk',
    severity: 'BLIND',
    ...about(reached),
    message: `events that ${called(reached.arn)} fails at are not kept: the destination for them is set for ${other.qualifier}, but ${qualifier} is invoked`,
    evidence: [evidence(node.eventInvoke, `${other.qualifier} OnFailure`, other.onFailure ?? '')],
    fix: ask(
      // Put would take away what is set for this qualifier.
      call('lambda', own ? 'UpdateFunctionEventInvokeConfig' : 'PutFunctionEventInvokeConfig', {
        FunctionName,
        Qualifier: qualifier,
        DestinationConfig: {
          ...(own?.onSuccess === undefined ? {} : { OnSuccess: { Destination: own.onSuccess } }),
          OnFailure: { Destination: other.onFailure },
        },
      }),
    ),
  };
}
