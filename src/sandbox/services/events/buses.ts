/** Event buses, their policies and tags. */
import type * as Client from '@aws-sdk/client-eventbridge';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { lengthWithin, matches } from '../constraints.ts';
import {
  addTags,
  busNameChecks,
  busNameIn,
  checkParameters,
  limitExceeded,
  page,
  requireBus,
  requireTags,
  validation,
  type EventsState,
} from './parameters.ts';
import { DEFAULT_BUS, type EventBus } from './store.ts';

const MAX_BUSES = 100;
const MAX_POLICY_BYTES = 10_240;
const MAX_DESCRIPTION_LENGTH = 512;

type BusHandlers = Pick<
  Handlers<typeof Client>,
  | 'CreateEventBus'
  | 'DeleteEventBus'
  | 'DescribeEventBus'
  | 'ListEventBuses'
  | 'PutPermission'
  | 'RemovePermission'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTagsForResource'
>;

export function busHandlers(state: EventsState): BusHandlers {
  const { env, store } = state;
  return {
    /** `KmsKeyIdentifier`, `DeadLetterConfig` and `LogConfig` are accepted and have no effect. */
    CreateEventBus(input, ctx) {
      const { Name: name = '', Description: description } = input;
      checkParameters(
        ...busNameChecks(name, 'name'),
        lengthWithin(description, 'description', 0, MAX_DESCRIPTION_LENGTH),
      );
      if (input.EventSourceName !== undefined) {
        throw new AwsError('NotImplemented', 'Partner event sources are not implemented by the sandbox', {
          status: 501,
        });
      }
      // Second-hand text.
      if (name.includes('/')) throw validation("Event bus name must not contain '/'.");
      if (store.bus(ctx.region, name)) {
        throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      }
      if (store.buses(ctx.region).length >= MAX_BUSES) throw limitExceeded();
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      const bus = store.createBus(ctx.region, name, { description, tags });
      return {
        EventBusArn: bus.arn,
        ...(description === undefined ? {} : { Description: description }),
      };
    },

    DeleteEventBus(input, ctx) {
      const name = busNameIn(input.Name ?? '');
      checkParameters(...busNameChecks(name, 'name'));
      if (name === DEFAULT_BUS) throw validation(`Cannot delete event bus ${DEFAULT_BUS}.`);
      const bus = store.bus(ctx.region, name);
      // Deleting a bus that does not exist succeeds (recorded).
      if (!bus) return;
      // The documentation says so; the text is UNKNOWN and follows that of DeleteRule.
      if (bus.rules.size > 0) throw validation(`Event bus ${name} can't be deleted since it has rules.`);
      store.deleteBus(bus);
    },

    DescribeEventBus: (input, ctx) => describe(requireBus(state, ctx, input.Name)),

    ListEventBuses(input, ctx) {
      const prefix = input.NamePrefix ?? '';
      checkParameters(...busNameChecks(input.NamePrefix, 'namePrefix'));
      const all = store.buses(ctx.region).filter((bus) => bus.name.startsWith(prefix));
      const { items, token } = page(
        state,
        'ListEventBuses',
        `${ctx.region}/${prefix}`,
        all,
        (bus) => bus.name,
        input,
      );
      return { EventBuses: items.map(describe), ...token };
    },

    PutPermission(input, ctx) {
      checkParameters(
        lengthWithin(input.StatementId, 'statementId', 1, 64),
        matches(input.StatementId, 'statementId', '[a-zA-Z0-9-_]+'),
        matches(input.Action, 'action', 'events:[a-zA-Z]+'),
        matches(input.Principal, 'principal', String.raw`(\d{12}|\*)`),
      );
      const bus = requireBus(state, ctx, input.EventBusName);
      const policy = input.Policy === undefined ? withStatement(bus, input) : readStatements(input.Policy);
      if (Buffer.byteLength(policyText(policy)) > MAX_POLICY_BYTES) {
        // Code from the model, text UNKNOWN.
        throw new AwsError('PolicyLengthExceededException', 'The event bus policy is too long.');
      }
      bus.policy = policy;
      bus.modifiedAt = env.clock.now();
    },

    RemovePermission(input, ctx) {
      const bus = requireBus(state, ctx, input.EventBusName);
      if (input.RemoveAllPermissions === true) {
        bus.policy = [];
        return;
      }
      const left = bus.policy.filter((statement) => statement['Sid'] !== input.StatementId);
      if (left.length === bus.policy.length) {
        throw new AwsError('ResourceNotFoundException', 'Statement with the provided id does not exist.');
      }
      bus.policy = left;
      bus.modifiedAt = env.clock.now();
    },

    TagResource: (input, ctx) => addTags(requireTags(state, ctx, input.ResourceARN), input.Tags),
    UntagResource(input, ctx) {
      const tags = requireTags(state, ctx, input.ResourceARN);
      for (const key of input.TagKeys ?? []) tags.delete(key);
    },
    ListTagsForResource: (input, ctx) => ({
      Tags: [...requireTags(state, ctx, input.ResourceARN)].map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

function describe(bus: EventBus): Client.EventBus {
  return {
    Name: bus.name,
    Arn: bus.arn,
    ...(bus.description === undefined ? {} : { Description: bus.description }),
    ...(bus.policy.length === 0 ? {} : { Policy: policyText(bus.policy) }),
    CreationTime: new Date(bus.createdAt),
    LastModifiedTime: new Date(bus.modifiedAt),
  };
}

function policyText(statements: EventBus['policy']): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** One statement more, in the form that AWS gives it (recorded). That an existing Sid is replaced is UNKNOWN. */
function withStatement(bus: EventBus, input: Partial<Client.PutPermissionRequest>): EventBus['policy'] {
  const { Action, Principal, StatementId, Condition } = input;
  if (Action === undefined || Principal === undefined || StatementId === undefined) {
    // UNKNOWN which of AWS's texts this is.
    throw validation('Parameters StatementId, Action and Principal must be specified.');
  }
  const statement = {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: bus.arn,
    ...(Condition && { Condition: { [Condition.Type ?? '']: { [Condition.Key ?? '']: Condition.Value } } }),
  };
  return [...bus.policy.filter((other) => other['Sid'] !== StatementId), statement];
}

/** `Policy` replaces the whole policy. */
function readStatements(policy: string): EventBus['policy'] {
  let json: unknown;
  try {
    json = JSON.parse(policy);
  } catch {
    json = undefined;
  }
  const statements =
    typeof json === 'object' && json !== null ? (json as { Statement?: unknown }).Statement : undefined;
  const list: readonly unknown[] = Array.isArray(statements) ? statements : [statements];
  const isStatement = (item: unknown): item is EventBus['policy'][number] =>
    typeof item === 'object' && item !== null && !Array.isArray(item);
  // Text UNKNOWN.
  if (!list.every(isStatement)) throw validation('Parameter Policy is not valid.');
  return list;
}
