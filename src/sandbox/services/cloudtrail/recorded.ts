/** Handlers whose requests go into the event history. */
import { ANONYMOUS } from '../../access/caller.ts';
import type { Authority } from '../../access/guard.ts';
import type { Input } from '../../access/permission.ts';
import type { Accounts } from '../../accounts.ts';
import type { AnyHandler, AnyHandlers } from '../../wire/dispatch.ts';
import type { ServiceDefinition } from '../../wire/schema.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { EVENT_NAMES } from './event-names.ts';

/** Outside of the guards, so that what they refuse is recorded too. Other handlers stay as they are. */
export function recorded(
  definition: ServiceDefinition,
  handlers: AnyHandlers,
  authority: Authority,
  accounts: Accounts,
): AnyHandlers {
  const names = EVENT_NAMES[definition.id] ?? {};
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => {
      const operation = definition.operations.get(name);
      const eventName = Object.hasOwn(names, name) ? names[name] : undefined;
      if (!handler || !operation || eventName === undefined) return [name, handler];
      const wrapped: AnyHandler = async (input: Input, ctx: RequestContext) => {
        const record = (outcome: { readonly output: unknown } | { readonly error: AwsError }) => {
          const caller = callerOf(authority, definition, ctx);
          if (!caller) return;
          const request = { service: definition.id, operation, eventName, input, ctx, caller, outcome };
          accounts.of(ctx.account).cloudtrail.record(request);
        };
        try {
          const output: unknown = await handler(input as never, ctx);
          record({ output });
          return output;
        } catch (error) {
          if (error instanceof AwsError) record({ error });
          throw error;
        }
      };
      return [name, wrapped];
    }),
  );
}

/** Nobody is behind credentials that have expired: such calls are left out. */
function callerOf(authority: Authority, { id }: ServiceDefinition, { accessKeyId }: RequestContext) {
  if (accessKeyId === undefined && id === 's3') return ANONYMOUS;
  try {
    return authority.caller(id, accessKeyId);
  } catch {
    return undefined;
  }
}
