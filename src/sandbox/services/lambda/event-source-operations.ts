/** CreateEventSourceMapping and its kin, and the pollers that they start and stop. */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { InvocationAborted } from '../../lambda/execution.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import type { SqsService } from '../sqs/service.ts';
import type { RoleMay } from './async-targets.ts';
import { conflict, invalidParameter, notFound, validation } from './errors.ts';
import { checkMembers, readEventSourceSettings } from './event-source-input.ts';
import { createBatchInvoker } from './event-source-invoke.ts';
import {
  isGone,
  isSettled,
  showMapping,
  type EventSourceMapping,
  type EventSourceSettings,
} from './event-source-mapping.ts';
import { POLL_MS, pollQueue, type PollerDeps } from './event-source-poller.ts';
import { page } from './paging.ts';
import type { FunctionStore, VersionRecord } from './store.ts';

type Operations = Pick<
  Handlers<typeof LambdaSdk>,
  | 'CreateEventSourceMapping'
  | 'GetEventSourceMapping'
  | 'ListEventSourceMappings'
  | 'UpdateEventSourceMapping'
  | 'DeleteEventSourceMapping'
>;

export interface EventSourceDeps {
  readonly env: SandboxEnv;
  readonly store: FunctionStore;
  readonly invocations: Parameters<typeof createBatchInvoker>[2];
  /** Without it no queue exists. */
  readonly queues: Pick<SqsService, 'consume'> | undefined;
  readonly roleMay: RoleMay | undefined;
  /** How long a mapping is Creating, Updating or Deleting, on `env.clock`; asked at each change. */
  readonly transitionMs: () => number;
}

export interface EventSources {
  readonly operations: Operations;
  /** Forgets all mappings and ends their pollers. */
  reset(): void;
}

const ARN_PATTERN =
  'arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:([a-z]{2}(-gov)?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)';

/** What the execution role needs (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html). */
const QUEUE_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

export function createEventSources(deps: EventSourceDeps): EventSources {
  const { env, store, queues, roleMay, transitionMs } = deps;
  const mappings = new Map<string, EventSourceMapping>();
  const pollers = new Map<string, AbortController>();
  const invoker = createBatchInvoker(env, store, deps.invocations);

  const stop = (uuid: string): void => {
    pollers.get(uuid)?.abort(new InvocationAborted('the mapping no longer reads its queue'));
    pollers.delete(uuid);
  };
  const start = (mapping: EventSourceMapping): void => {
    if (pollers.has(mapping.uuid)) return;
    const controller = new AbortController();
    pollers.set(mapping.uuid, controller);
    void pollQueue(poller, mapping, controller.signal);
  };
  const poller: PollerDeps = {
    env,
    queue: (queueArn) => queues?.consume(queueArn),
    waitFor(mapping) {
      const now = env.clock.now();
      if (!isSettled(mapping, now)) return mapping.settledAt - now;
      const found = invoker.find(mapping.settings.functionArn);
      // Neither without its function nor without permission does Lambda get at the queue: its messages stay as they are.
      if (!found || missingRight(found.version.settings.role, mapping.queueArn) !== undefined) return POLL_MS;
      return Math.max(0, found.version.activeAt - now);
    },
    invoke: (...batch) => invoker.invoke(...batch),
  };

  /** The first action on the queue that the role may not do. */
  const missingRight = (roleArn: string, queueArn: string): string | undefined =>
    roleMay && QUEUE_ACTIONS.find((action) => roleMay(roleArn, `sqs:${action}`, queueArn) !== undefined);

  function readTarget(
    functionName: string | undefined,
    ctx: RequestContext,
  ): Pick<EventSourceSettings, 'functionName' | 'functionArn'> & { readonly version: VersionRecord } {
    const target = store.resolve(functionName, undefined, ctx);
    const found = invoker.find(target.qualifiedArn);
    // Text second-hand (hashicorp/terraform-provider-aws#22373).
    if (!found) throw invalidParameter('Function does not exist');
    const qualifier = target.qualifier === undefined ? '' : `:${target.qualifier}`;
    return {
      functionName: `${target.name}${qualifier}`,
      functionArn: target.qualifiedArn,
      version: found.version,
    };
  }

  /** Lambda calls SQS with the function's role before it answers. */
  function checkQueue(queueArn: string, { settings }: VersionRecord): void {
    const missing = missingRight(settings.role, queueArn);
    if (missing !== undefined) {
      throw invalidParameter(
        `The provided execution role does not have permissions to call ${missing} on SQS`,
      );
    }
    const queue = queues?.consume(queueArn);
    if (!queue) {
      throw invalidParameter(
        'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
      );
    }
    const visibility = queue.visibilityTimeout();
    if (visibility < settings.timeoutSeconds) {
      throw invalidParameter(
        `Queue visibility timeout: ${visibility} seconds is less than Function timeout: ${settings.timeoutSeconds} seconds`,
      );
    }
  }

  function require(uuid: string | undefined, ctx: RequestContext): EventSourceMapping {
    const mapping = mappings.get(uuid ?? '');
    if (mapping?.region !== ctx.region || isGone(mapping, env.clock.now())) {
      throw notFound('The resource you requested does not exist.');
    }
    return mapping;
  }

  function requireSettled(uuid: string | undefined, ctx: RequestContext, verb: string): EventSourceMapping {
    const mapping = require(uuid, ctx);
    if (!isSettled(mapping, env.clock.now())) {
      // Text second-hand.
      throw new AwsError(
        'ResourceInUseException',
        `Cannot ${verb} the event source mapping because it is in use.`,
        { status: 400 },
      );
    }
    return mapping;
  }

  const begin = (mapping: EventSourceMapping, transition: EventSourceMapping['transition']): void => {
    mapping.transition = transition;
    mapping.lastModified = env.clock.now();
    mapping.settledAt = mapping.lastModified + transitionMs();
  };

  const operations: Operations = {
    CreateEventSourceMapping(input, ctx) {
      checkMembers(input);
      const { EventSourceArn: queueArn } = input;
      if (queueArn === undefined) throw invalidParameter('Unrecognized event source.');
      checkIsQueue(queueArn);
      const target = readTarget(input.FunctionName, ctx);
      const settings = readEventSourceSettings(input, target, queueArn, undefined);
      checkQueue(queueArn, target.version);
      for (const other of mappings.values()) {
        if (other.queueArn !== queueArn || other.settings.functionArn !== settings.functionArn) continue;
        if (isGone(other, env.clock.now())) continue;
        throw conflict(
          `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${settings.functionName} ") already exists. Please update or delete the existing mapping with UUID ${other.uuid}`,
        );
      }
      const uuid = env.ids.uuid();
      const mapping: EventSourceMapping = {
        uuid,
        region: ctx.region,
        arn: `arn:aws:lambda:${ctx.region}:${env.account}:event-source-mapping:${uuid}`,
        queueArn,
        settings,
        enabled: input.Enabled ?? true,
        lastModified: 0,
        transition: undefined,
        settledAt: 0,
      };
      // Recorded: one that is created disabled is so at once.
      begin(mapping, mapping.enabled ? 'Creating' : undefined);
      mappings.set(uuid, mapping);
      if (mapping.enabled) start(mapping);
      ctx.response.status = 202;
      return showMapping(mapping, env.clock.now(), mapping.transition);
    },

    GetEventSourceMapping: (input, ctx) => showMapping(require(input.UUID, ctx), env.clock.now()),

    ListEventSourceMappings(input, ctx) {
      const now = env.clock.now();
      const functionArn =
        input.FunctionName === undefined
          ? undefined
          : store.resolve(input.FunctionName, undefined, ctx).qualifiedArn;
      const all = [...mappings.values()].filter(
        (mapping) =>
          mapping.region === ctx.region &&
          !isGone(mapping, now) &&
          (functionArn === undefined || mapping.settings.functionArn === functionArn) &&
          (input.EventSourceArn === undefined || mapping.queueArn === input.EventSourceArn),
      );
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return { EventSourceMappings: items.map((mapping) => showMapping(mapping, now)), NextMarker: next };
    },

    UpdateEventSourceMapping(input, ctx) {
      const mapping = requireSettled(input.UUID, ctx, 'update');
      checkMembers(input);
      const enabled = input.Enabled ?? mapping.enabled;
      const functionName = input.FunctionName ?? (enabled ? mapping.settings.functionArn : undefined);
      const target = functionName === undefined ? undefined : readTarget(functionName, ctx);
      const settings = readEventSourceSettings(
        input,
        target ?? mapping.settings,
        mapping.queueArn,
        mapping.settings,
      );
      // A mapping whose queue is gone can still be disabled.
      if (target && enabled) checkQueue(mapping.queueArn, target.version);
      const wasEnabled = mapping.enabled;
      mapping.settings = settings;
      mapping.enabled = enabled;
      const changed = mapping.enabled ? 'Enabling' : 'Disabling';
      begin(mapping, mapping.enabled === wasEnabled ? 'Updating' : changed);
      if (mapping.enabled) start(mapping);
      else stop(mapping.uuid);
      ctx.response.status = 202;
      return showMapping(mapping, env.clock.now(), mapping.transition);
    },

    DeleteEventSourceMapping(input, ctx) {
      const mapping = requireSettled(input.UUID, ctx, 'delete');
      begin(mapping, 'Deleting');
      stop(mapping.uuid);
      if (isGone(mapping, env.clock.now())) mappings.delete(mapping.uuid);
      ctx.response.status = 202;
      return showMapping(mapping, env.clock.now(), 'Deleting');
    },
  };

  return {
    operations,
    reset() {
      for (const uuid of [...pollers.keys()]) stop(uuid);
      mappings.clear();
    },
  };
}

function checkIsQueue(arn: string): void {
  if (!new RegExp(`^${ARN_PATTERN}$`).test(arn)) {
    throw validation(arn, 'eventSourceArn', `satisfy regular expression pattern: ${ARN_PATTERN}`);
  }
  if (parseArn(arn)?.service === 'sqs') return;
  throw new AwsError('NotImplemented', 'The sandbox reads event sources of SQS only', { status: 501 });
}
