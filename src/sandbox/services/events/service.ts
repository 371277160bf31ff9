/** EventBridge of the sandbox: buses, rules with event patterns, targets. */
import type * as Client from '@aws-sdk/client-eventbridge';
import type { EventBridgeEvent } from '../../delivery/eventbridge-event.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { busHandlers } from './buses.ts';
import { createEventDelivery, type EventTargets } from './deliver.ts';
import type { EventsState } from './parameters.ts';
import { putEventsHandlers } from './put-events.ts';
import { ruleHandlers } from './rules.ts';
import { createEventStore, DEFAULT_BUS } from './store.ts';
import { targetHandlers } from './targets.ts';

export interface EventsService {
  readonly handlers: Handlers<typeof Client>;
  /** An event of S3, for the default bus of the bucket's Region: no permission is needed. Returns at once. */
  putS3Event(event: EventBridgeEvent, region: string): void;
  /** Forgets all buses and rules; what is not delivered yet is dropped. */
  reset(): void;
}

export function createEventsService(env: SandboxEnv, targets: EventTargets): EventsService {
  const store = createEventStore(env);
  const state: EventsState = { env, store };
  const delivery = createEventDelivery(env, targets);
  return {
    handlers: {
      ...busHandlers(state),
      ...ruleHandlers(state),
      ...targetHandlers(state),
      ...putEventsHandlers(state, (bus, event) => delivery.publish(bus, event)),
    },
    putS3Event(event, region) {
      const bus = store.bus(region, DEFAULT_BUS);
      if (bus) delivery.publish(bus, event);
    },
    reset() {
      store.reset();
      delivery.reset();
    },
  };
}
