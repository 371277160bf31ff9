import { parseArn, parseFunctionReference } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { MappingNode, QueueNode } from '../../doctor/facts.ts';
import type { Evidence, Finding, Fix } from '../../doctor/finding.ts';
import { ask, call, safe, tell } from '../../doctor/fixes.ts';
import { metricMaximum, sumOf } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { kindOf, type Hop, sameResource } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { parsePolicy } from '../../policy-document.ts';
import { evaluatePolicy } from '../../policy.ts';
import { nameOf } from '../../trace-destination.ts';
import { about, configurationOf, onceEach } from './about.ts';
import { isComing, isOff } from './mappings.ts';

const NEEDED = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

/** A consumer that works would have come by. */
const LONG_WAIT_SECONDS = 300;

interface QueueHop {
  readonly hop: Hop;
  readonly node: QueueNode;
  readonly mappings: readonly MappingNode[];
}

/** Messages stay in the queue: nothing reads it. A consumer outside of Lambda is as good as any, and cannot be seen. */
export const sqsNoConsumer: Check = {
  id: 'sqs-no-consumer',
  reads: [
    'queues.mappings',
    'queues.attributes',
    'metrics',
    'functions.configuration',
    'functions.qualified',
    'roles.simulated',
  ],
  judge(look) {
    return onceEach(look, 'sqs').flatMap((hop) => {
      const node = look.facts.queues[hop.arn];
      const mappings = node && look.value(node.mappings);
      if (!node || !mappings) return [];
      const one: QueueHop = { hop, node, mappings };
      return mappings.length === 0
        ? (noMapping(look, one) ?? [])
        : (offFinding(look, one) ?? permission(look, one));
    });
  },
};

/** Somebody else empties the queue: messages were deleted since the last mapping was switched off. */
function isEmptied({ facts }: Look, { hop, node, mappings }: QueueHop): boolean {
  const attributes = valueOf(node.attributes);
  const off = Math.max(-Infinity, ...mappings.map(({ modified = -Infinity }) => modified));
  const series = valueOf(facts.metrics) ?? [];
  const deleted = sumOf(series, 'AWS/SQS', 'NumberOfMessagesDeleted', nameOf(hop.arn), off);
  return attributes !== undefined && attributes.waiting + attributes.inFlight === 0 && deleted > 0;
}

function offFinding(look: Look, one: QueueHop): Finding | undefined {
  const { hop, node, mappings } = one;
  const { expected } = look.facts.question;
  const wanted = mappings.filter(
    ({ functionArn }) => expected !== undefined && sameResource(functionArn, expected),
  );
  const judged = wanted.length > 0 ? wanted : mappings;
  const [mapping] = judged;
  if (!mapping || !judged.every((each) => isOff(each) || isComing(each))) return undefined;
  const coming = judged.find(isComing);
  const emptied = wanted.length === 0 && isEmptied(look, one);
  const shown = coming ?? mapping;
  const what = `the event source mapping of ${called(shown.functionArn)}`;
  return {
    id: 'sqs-no-consumer',
    verdict: coming || emptied ? 'suspected' : 'broken',
    severity: coming ? 'LATE' : 'BREAK',
    ...about(hop),
    message: coming
      ? `${what} is ${shown.state}, so it does not read ${called(hop.arn)} yet`
      : judged.length === 1
        ? `${what} is ${shown.state}, so no function reads ${called(hop.arn)}`
        : `all ${judged.length} event source mappings of ${called(hop.arn)} are off, so no function reads it`,
    evidence: judged.flatMap(({ uuid, state, transitionReason }): Evidence[] => [
      evidence(node.mappings, `EventSourceMappings[${uuid}].State`, state),
      ...(transitionReason === undefined
        ? []
        : [evidence(node.mappings, 'StateTransitionReason', cut(transitionReason))]),
    ]),
    fix: coming ? tell('Wait until it is Enabled.') : enabled(judged, emptied),
  };
}

function enabled(mappings: readonly MappingNode[], emptied: boolean): Fix {
  const stopped = mappings.filter(({ state }) => state !== 'Deleting');
  const [mapping, other] = stopped;
  if (!mapping) return tell('The event source mapping is being deleted: make a new one.');
  if (other) return tell('Enable the event source mapping that is to read the queue: only one should.');
  const action = call('lambda', 'UpdateEventSourceMapping', { UUID: mapping.uuid, Enabled: true });
  if (!emptied) return safe(action);
  return { ...ask(action), advice: 'Something else empties the queue: the two would share its messages.' };
}

/** A queue without a mapping is suspicious only where a function was expected, or where messages wait and nobody asks for them. */
function noMapping(look: Look, { hop, node }: QueueHop): Finding | undefined {
  const { expected } = look.facts.question;
  const missing =
    expected !== undefined &&
    kindOf(expected) === 'lambda' &&
    !look.hops.some(({ arn }) => sameResource(arn, expected));
  const unread = missing ? undefined : unreadEvidence(look, { hop, node });
  if (!missing && !unread) return undefined;
  const shared = {
    id: 'sqs-no-consumer',
    verdict: 'suspected',
    severity: 'BREAK',
    ...about(hop),
    evidence: [evidence(node.mappings, 'EventSourceMappings', '0'), ...(unread ?? [])],
  } as const;
  if (!missing) {
    return {
      ...shared,
      message: `messages wait in ${called(hop.arn)}, and nobody has received any`,
      fix: tell('Start what is to read the queue, or make an event source mapping to a function.'),
    };
  }
  const name = parseFunctionReference(expected);
  const FunctionName =
    name?.qualifier === undefined ? (name?.name ?? expected) : `${name.name}:${name.qualifier}`;
  return {
    ...shared,
    message: `no event source mapping leads from ${called(hop.arn)} to ${called(expected)}`,
    fix: {
      ...ask(call('lambda', 'CreateEventSourceMapping', { EventSourceArn: hop.arn, FunctionName })),
      advice: `The execution role of the function needs ${NEEDED.join(', ')} on the queue.`,
    },
  };
}

function unreadEvidence(
  look: Look,
  { hop, node }: Pick<QueueHop, 'hop' | 'node'>,
): readonly Evidence[] | undefined {
  const waiting = look.value(node.attributes)?.waiting ?? 0;
  if (waiting === 0) return undefined;
  const series = look.value(look.facts.metrics);
  const sum = (name: string) => sumOf(series ?? [], 'AWS/SQS', name, nameOf(hop.arn));
  // A consumer that polls an empty queue is seen too. Without messages sent there are no metrics yet.
  if (!series || sum('NumberOfMessagesSent') === 0) return undefined;
  if (sum('NumberOfMessagesReceived') > 0 || sum('NumberOfEmptyReceives') > 0) return undefined;
  const age = metricMaximum(look, 'AWS/SQS', 'ApproximateAgeOfOldestMessage', nameOf(hop.arn)) ?? 0;
  if (age < LONG_WAIT_SECONDS) return undefined;
  return [
    evidence(node.attributes, 'ApproximateNumberOfMessages', String(waiting)),
    evidence(look.facts.metrics, 'NumberOfMessagesReceived', '0'),
    evidence(look.facts.metrics, 'ApproximateAgeOfOldestMessage', String(age)),
  ];
}

/** The mapping is on, but the function's role may not read the queue. */
function permission(look: Look, { hop, node, mappings }: QueueHop): readonly Finding[] {
  return mappings.flatMap((mapping): Finding[] => {
    const functionNode = isOff(mapping) ? undefined : look.facts.functions[mapping.functionArn];
    const roleArn = functionNode && look.value(configurationOf(functionNode))?.roleArn;
    const role = roleArn === undefined ? undefined : look.facts.roles[roleArn];
    if (roleArn === undefined || !role) return [];
    const refused = (look.value(role.simulated) ?? []).filter(
      ({ action, resource, decision }) =>
        NEEDED.includes(action) && resource === hop.arn && decision !== 'allowed',
    );
    const lacking = refused.filter(
      ({ action, decision }) => decision === 'explicitDeny' || !queueAdmits(look, node, roleArn, action),
    );
    if (lacking.length === 0) return [];
    const { lastResult } = mapping;
    const name = nameOf(roleArn);
    const denied = lacking.some(
      ({ decision, deniedBy }) => decision === 'explicitDeny' || deniedBy !== undefined,
    );
    return [
      {
        id: 'sqs-no-consumer',
        verdict: 'suspected',
        severity: 'BREAK',
        ...about(hop),
        message: `${called(mapping.functionArn)} cannot read ${called(hop.arn)}: its execution role lacks ${lacking.map(({ action }) => action).join(', ')}`,
        evidence: [
          ...lacking.map(({ action, decision }) => evidence(role.simulated, action, decision)),
          ...(lastResult === undefined
            ? []
            : [evidence(node.mappings, 'LastProcessingResult', cut(lastResult))]),
        ],
        fix: denied
          ? tell(
              'Something denies it to the role: a Deny statement, a permissions boundary or the organization.',
            )
          : ask(
              call('iam', 'PutRolePolicy', {
                RoleName: name,
                PolicyName: `s3evt-read-${nameOf(hop.arn)}`.slice(0, 128),
                PolicyDocument: JSON.stringify({
                  Version: '2012-10-17',
                  Statement: [{ Effect: 'Allow', Action: NEEDED, Resource: hop.arn }],
                }),
              }),
            ),
      },
    ];
  });
}

/** Within one account the queue's own policy may give the role what its policies do not. */
function queueAdmits(look: Look, node: QueueNode, roleArn: string, action: string): boolean {
  const text = look.value(node.attributes)?.policy;
  const document = text === undefined ? undefined : parsePolicy(text);
  if (!document) return false;
  const aws = roleArn;
  const account = parseArn(roleArn)?.account ?? '';
  const decision = evaluatePolicy(document, {
    principal: { aws },
    action,
    resource: node.arn,
    context: { 'aws:PrincipalArn': aws, 'aws:PrincipalAccount': account, 'aws:SecureTransport': 'true' },
  });
  return decision.effect === 'allow';
}
