/** How requests name buses and rules, and how EventBridge refuses them. */
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, matches, rejectViolations, valueWithin, type Check } from '../constraints.ts';
import { readToken, writeToken } from '../page-token.ts';
import { DEFAULT_BUS, type EventBus, type EventStore, type Rule } from './store.ts';

/** Everything that a handler works on. */
export interface EventsState {
  readonly env: SandboxEnv;
  readonly store: EventStore;
}

/** The model's pattern of names and target ids, as the generated texts print it. */
export const NAME_PATTERN = String.raw`[\.\-_A-Za-z0-9]+`;
const BUS_PATTERN = String.raw`[/\.\-_A-Za-z0-9]+`;

export const MAX_NAME_LENGTH = 64;
const MAX_BUS_NAME_LENGTH = 256;
export const MAX_ARN_LENGTH = 1600;
const MAX_TAGS = 50;

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function limitExceeded(): AwsError {
  return new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
}

export function malformedArn(arn: string): AwsError {
  return validation(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
}

function ruleNotFound(name: string, bus: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${bus}.`);
}

function busNotFound(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
}

export function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('ValidationException', checks);
}

export function nameChecks(value: string | undefined, member: string): readonly Check[] {
  return [lengthWithin(value, member, 1, MAX_NAME_LENGTH), nonEmpty(value, member, NAME_PATTERN)];
}

export function busNameChecks(value: string | undefined, member: string): readonly Check[] {
  return [lengthWithin(value, member, 1, MAX_BUS_NAME_LENGTH), nonEmpty(value, member, BUS_PATTERN)];
}

function nonEmpty(value: string | undefined, member: string, pattern: string): Check {
  return value === '' ? undefined : matches(value, member, pattern);
}

/** The bus of a request, by name or ARN; without either the default one. */
export function requireBus(
  { env, store }: EventsState,
  ctx: RequestContext,
  nameOrArn: string = DEFAULT_BUS,
): EventBus {
  checkParameters(lengthWithin(nameOrArn, 'eventBusName', 1, MAX_ARN_LENGTH));
  const name = busNameIn(nameOrArn);
  checkParameters(nonEmpty(name, 'eventBusName', BUS_PATTERN));
  const arn = parseArn(nameOrArn);
  // Another account's or Region's bus is out of the sandbox's reach.
  const isElsewhere = arn && (arn.region !== ctx.region || arn.account !== env.account);
  const bus = isElsewhere ? undefined : store.bus(ctx.region, name);
  if (!bus) throw busNotFound(name);
  return bus;
}

export function busNameIn(nameOrArn: string): string {
  return /^arn:[^:]+:events:[^:]*:\d{12}:event-bus\/(.+)$/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

export function requireRule(bus: EventBus, name: string | undefined, member = 'name'): Rule {
  checkParameters(...nameChecks(name, member));
  const rule = bus.rules.get(name ?? '');
  if (!rule) throw ruleNotFound(name ?? '', bus.name);
  return rule;
}

/** The tags of a bus or rule named by its ARN. */
export function requireTags(
  state: EventsState,
  ctx: RequestContext,
  arnText: string | undefined,
): Map<string, string> {
  checkParameters(lengthWithin(arnText, 'resourceARN', 1, MAX_ARN_LENGTH));
  const arn = parseArn(arnText ?? '');
  const [, kind, path = ''] = /^(event-bus|rule)\/(.+)$/.exec(arn?.resource ?? '') ?? [];
  if (arn?.service !== 'events' || kind === undefined) throw malformedArn(arnText ?? '');
  if (kind === 'event-bus') return requireBus(state, ctx, arnText).tags;
  const slash = path.lastIndexOf('/');
  const busName = slash < 0 ? DEFAULT_BUS : path.slice(0, slash);
  const name = path.slice(slash + 1);
  const bus = state.store.bus(ctx.region, busName);
  const rule =
    arn.region === ctx.region && arn.account === state.env.account ? bus?.rules.get(name) : undefined;
  if (!rule) throw ruleNotFound(name, busName);
  return rule.tags;
}

export function addTags(
  tags: Map<string, string>,
  added: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): void {
  const merged = new Map(tags);
  for (const { Key = '', Value = '' } of added ?? []) merged.set(Key, Value);
  if (merged.size > MAX_TAGS) throw limitExceeded();
  for (const [key, value] of merged) tags.set(key, value);
}

/** One page of items that are in the order of their names. `scope` binds the token to the list that it is of. */
export function page<T>(
  { env }: EventsState,
  operation: string,
  scope: string,
  items: readonly T[],
  nameOf: (item: T) => string,
  input: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
): { readonly items: readonly T[]; readonly token: { NextToken?: string } } {
  checkParameters(valueWithin(input.Limit, 'limit', 1, 100));
  const now = env.clock.now();
  let following = items;
  if (input.NextToken !== undefined) {
    const last = readToken(operation, scope, now, input.NextToken)?.[0];
    // The code is the model's, the text UNKNOWN.
    if (typeof last !== 'string') throw validation('Parameter NextToken is not valid.');
    following = items.filter((item) => nameOf(item) > last);
  }
  const shown = following.slice(0, input.Limit ?? 100);
  const lastShown = shown.at(-1);
  const isLast = lastShown === undefined || shown.length === following.length;
  const token = isLast ? {} : { NextToken: writeToken(operation, scope, now, [nameOf(lastShown)]) };
  return { items: shown, token };
}
