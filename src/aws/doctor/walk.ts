/** Follows every way that an event can take from the bucket's destinations on, and reads what stands there. */
import { parseArn } from '../../core/arn.ts';
import type {
  DoctorFacts,
  FunctionNode,
  KeyNode,
  QueueNode,
  RoleNode,
  Simulation,
  TopicNode,
} from '../../core/doctor/facts.ts';
import { sumOf } from '../../core/doctor/metrics.ts';
import { read, valueOf } from '../../core/doctor/reading.ts';
import { kindOf } from '../../core/doctor/routes.ts';
import { DELIVERY_ACTIONS } from '../../core/s3-access.ts';
import type { Measurer } from './measure.ts';
import { readEventInvoke, readFunctionNode } from './read-function.ts';
import { readLogNode } from './read-log.ts';
import { readKeyNode, readQueueNode, readTopicNode } from './read-messaging.ts';
import { readRoleNode, type SimulatedCall } from './read-role.ts';
import type { Reader } from './reader.ts';

/** Functions that are looked at closely, logs and roles included, whether something points to them or not. */
const FEW = 5;
const MOST_SUBSCRIPTIONS = 20;
/** A bucket's rule, a topic, a queue, a function, its dead-letter queue. */
const MOST_DEPTH = 4;

export interface Walk {
  /** Looks at what stands at the ARN and at all that is behind it; returns at once when somebody did before. */
  visit(arn: string, depth?: number): Promise<void>;
  /** How many functions the bucket's own rules and targets name, known before they are visited. */
  expectFunctions(count: number): void;
  key(id: string, region: string): Promise<void>;
  nodes(): Pick<DoctorFacts, 'functions' | 'queues' | 'topics' | 'keys' | 'roles'>;
  notes(): readonly string[];
}

export interface WalkOptions {
  readonly reader: Reader;
  readonly measurer: Measurer;
  readonly since: number;
  /** What the functions read: for the simulation of their roles. */
  readonly object: { readonly arn: string; readonly kmsKeyId: () => string | undefined };
  /** Functions that the question is about are looked at closely in any case. */
  readonly isInFocus: (arn: string) => boolean;
}

export function createWalk({ reader, measurer, since, object, isInFocus }: WalkOptions): Walk {
  const functions = new Map<string, FunctionNode>();
  const queues = new Map<string, QueueNode>();
  const topics = new Map<string, TopicNode>();
  const keys = new Map<string, KeyNode>();
  const roles = new Map<string, RoleNode>();
  const visited = new Map<string, Promise<void>>();
  let expected = 0;
  let glanced = 0;

  const at = (arn: string): Reader => {
    const region = parseArn(arn)?.region;
    return region === undefined || region === '' ? reader : reader.inRegion(region);
  };
  const once = (id: string, work: () => Promise<void>): Promise<void> => {
    const known = visited.get(id);
    if (known) return known;
    const started = work();
    visited.set(id, started);
    return started;
  };
  const nameIn = (arn: string): string =>
    parseArn(arn)
      ?.resource.replace(/^function:/, '')
      .split(':')[0] ?? arn;

  const visit = (arn: string, depth = 0): Promise<void> =>
    once(arn, async () => {
      if (depth > MOST_DEPTH) return;
      switch (kindOf(arn)) {
        case 'lambda':
          return visitFunction(arn);
        case 'sqs':
          return visitQueue(arn, depth);
        case 'sns':
          return visitTopic(arn, depth);
        case 'event-rule':
        case 'other':
          return;
      }
    });

  const visitQueue = async (arn: string, depth: number): Promise<void> => {
    void measurer.want({ namespace: 'AWS/SQS', of: nameIn(arn) });
    const node = await readQueueNode(at(arn), arn, true);
    queues.set(arn, node);
    const attributes = valueOf(node.attributes);
    await Promise.all([
      attributes?.kmsKeyId === undefined ? undefined : key(attributes.kmsKeyId, regionOf(arn)),
      attributes?.deadLetterArn === undefined ? undefined : deadLetter(attributes.deadLetterArn),
      ...(valueOf(node.mappings) ?? []).map(({ functionArn }) => visit(functionArn, depth + 1)),
    ]);
  };

  /** Only whether it is there and what waits in it. */
  const deadLetter = (arn: string): Promise<void> =>
    once(arn, async () => {
      if (kindOf(arn) !== 'sqs') return;
      queues.set(arn, await readQueueNode(at(arn), arn, false));
    });

  const visitTopic = async (arn: string, depth: number): Promise<void> => {
    void measurer.want({ namespace: 'AWS/SNS', of: nameIn(arn) });
    const node = await readTopicNode(at(arn), arn, MOST_SUBSCRIPTIONS);
    topics.set(arn, node);
    const keyId = valueOf(node.attributes)?.kmsKeyId;
    await Promise.all([
      keyId === undefined ? undefined : key(keyId, regionOf(arn)),
      ...(valueOf(node.subscriptions) ?? []).map(({ protocol, endpoint }) =>
        protocol === 'lambda' || protocol === 'sqs' ? visit(endpoint, depth + 1) : undefined,
      ),
    ]);
  };

  const visitFunction = async (arn: string): Promise<void> => {
    const own = at(arn);
    const name = nameIn(arn);
    const measured = measurer.want({ namespace: 'AWS/Lambda', of: name });
    const node = await readFunctionNode(own, arn);
    functions.set(arn, node);
    const configuration = valueOf(node.qualified) ?? valueOf(node.configuration);
    if (!configuration) return;
    const isClose = expected <= FEW || isInFocus(arn) || (await isConspicuous(measured, name));
    if (!isClose) glanced++;
    const { kmsKeyArn, deadLetterArn, roleArn } = configuration;
    const look = async (): Promise<void> => {
      const [log, eventInvoke] = await Promise.all([
        readLogNode(own, configuration.logGroup, since),
        readEventInvoke(own, arn),
      ]);
      functions.set(arn, { ...(functions.get(arn) ?? node), log, eventInvoke });
      const targets = (valueOf(eventInvoke) ?? []).flatMap(({ onFailure }) => onFailure ?? []);
      await Promise.all([
        ...targets.map(deadLetter),
        targets.length === 0 ? undefined : role(own, roleArn, targets.flatMap(sending)),
      ]);
    };
    await Promise.all([
      isClose ? look() : undefined,
      role(own, roleArn, isClose ? simulations(arn, configuration.logGroup, deadLetterArn) : []),
      kmsKeyArn === undefined ? undefined : key(kmsKeyArn, regionOf(arn)),
      deadLetterArn === undefined ? undefined : deadLetter(deadLetterArn),
    ]);
  };

  const isConspicuous = async (measured: ReturnType<Measurer['want']>, name: string): Promise<boolean> => {
    const series = valueOf(await measured);
    if (!series) return false;
    const sum = (metric: string) => sumOf(series, 'AWS/Lambda', metric, name);
    return [
      'Errors',
      'Throttles',
      'AsyncEventsDropped',
      'DeadLetterErrors',
      'RecursiveInvocationsDropped',
    ].some((metric) => sum(metric) > 0);
  };

  const simulations = (
    arn: string,
    logGroup: string,
    deadLetterArn: string | undefined,
  ): readonly SimulatedCall[] => {
    const { partition = 'aws', region = '', account = '' } = parseArn(arn) ?? {};
    const group = `arn:${partition}:logs:${region}:${account}:log-group:${logGroup}`;
    const queue = [...queues.values()].find((one) =>
      (valueOf(one.mappings) ?? []).some(({ functionArn }) => functionArn === arn),
    );
    const kmsKeyId = object.kmsKeyId();
    return [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [`${group}:log-stream:*`] },
      { actions: ['logs:CreateLogGroup'], resources: [group] },
      { actions: ['s3:GetObject'], resources: [object.arn] },
      ...(kmsKeyId === undefined ? [] : [{ actions: ['kms:Decrypt'], resources: [kmsKeyId] }]),
      ...(queue
        ? [
            {
              actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
              resources: [queue.arn],
            },
          ]
        : []),
      ...(deadLetterArn === undefined ? [] : sending(deadLetterArn)),
    ];
  };

  const role = async (own: Reader, arn: string, calls: readonly SimulatedCall[]): Promise<void> => {
    if (arn === '') return;
    await once(`role ${arn} ${JSON.stringify(calls)}`, async () => {
      const node = await readRoleNode(own, arn, calls);
      const earlier = roles.get(arn);
      roles.set(arn, earlier ? bothRoles(earlier, node) : node);
    });
  };

  const key = (id: string, region: string): Promise<void> =>
    once(`key ${id}`, async () => {
      keys.set(id, await readKeyNode(region === '' ? reader : reader.inRegion(region), id));
    });

  return {
    visit,
    key,
    expectFunctions(count) {
      expected = Math.max(expected, count);
    },
    nodes: () => ({
      functions: Object.fromEntries(functions),
      queues: Object.fromEntries(queues),
      topics: Object.fromEntries(topics),
      keys: Object.fromEntries(keys),
      roles: Object.fromEntries(roles),
    }),
    notes: () =>
      glanced === 0
        ? []
        : [
            `the logs and the role's permissions of ${glanced === 1 ? 'one function' : `${glanced} functions`} were not read, since no metric shows trouble: --function NAME looks closely`,
          ],
  };
}

function regionOf(arn: string): string {
  return parseArn(arn)?.region ?? '';
}

/** What a role needs to send there. */
function sending(arn: string): readonly SimulatedCall[] {
  const kind = kindOf(arn);
  return kind === 'event-rule' || kind === 'other'
    ? []
    : [{ actions: [DELIVERY_ACTIONS[kind]], resources: [arn] }];
}

/** Two functions may share a role. */
function bothRoles(a: RoleNode, b: RoleNode): RoleNode {
  if (!a.simulated || a.simulated.state !== 'known') return { ...b, simulated: a.simulated ?? b.simulated };
  if (!b.simulated || b.simulated.state !== 'known') return { ...a, simulated: b.simulated ?? a.simulated };
  const all: readonly Simulation[] = [...a.simulated.value, ...b.simulated.value];
  return { ...a, simulated: read(a.simulated.call, all) };
}
