/** EventBridge of the sandbox: buses, rules with event patterns, targets. */
import type * as Client from '@aws-sdk/client-eventbridge';
import { parseArn } from '../../../core/arn.ts';
import { parsePolicy } from '../../../core/policy-document.ts';
import { evaluatePolicy } from '../../../core/policy.ts';
import { eventTime, type EventBridgeEvent } from '../../delivery/eventbridge-event.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { busHandlers } from './buses.ts';
import { createEventDelivery, type EventTargets } from './deliver.ts';
import { busNameIn, type EventsState } from './parameters.ts';
import { putEventsHandlers } from './put-events.ts';
import { ruleHandlers } from './rules.ts';
import { createEventStore, DEFAULT_BUS } from './store.ts';
import { targetHandlers } from './targets.ts';

/** What the sender says; the rest of the envelope is the bus's and the clock's. */
export type ServiceEvent = Pick<EventBridgeEvent, 'source' | 'detail-type' | 'resources' | 'detail'>;

export interface EventsService {
  readonly handlers: Handlers<typeof Client>;
  /** An event of S3, for the default bus of the bucket's Region: no permission is needed. Returns at once. */
  putS3Event(event: EventBridgeEvent, region: string): void;
  /** An event that a service puts with a role of its own (Lambda's destinations), on the bus with this ARN. */
  putServiceEvent(busArn: string, event: ServiceEvent): { readonly refused: string } | undefined;
  /** An event from a bus of another account, as far as the policy of the bus with this ARN lets it in. */
  receive(
    busArn: string,
    event: EventBridgeEvent,
    from: { readonly account: string; readonly roleArn: string | undefined },
  ): { readonly refused: string } | undefined;
  /** The bus's policy, JSON text; undefined when it has no statement. */
  policyOf(busArn: string): string | undefined;
  /** Whether there is a bus with this ARN. */
  exists(busArn: string): boolean;
  /** Forgets all buses and rules; what is not delivered yet is dropped. */
  reset(): void;
}

export function createEventsService(env: SandboxEnv, targets: EventTargets): EventsService {
  const store = createEventStore(env);
  const state: EventsState = { env, store };
  const busOf = (busArn: string) => {
    const arn = parseArn(busArn);
    const bus = arn && store.bus(arn.region, busNameIn(busArn));
    return bus?.arn === busArn ? bus : undefined;
  };
  const delivery = createEventDelivery(env, targets, busOf);
  const policyOf = (busArn: string) => {
    const statements = busOf(busArn)?.policy ?? [];
    return statements.length === 0
      ? undefined
      : JSON.stringify({ Version: '2012-10-17', Statement: statements });
  };
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
    putServiceEvent(busArn, event) {
      const bus = busOf(busArn);
      if (!bus) return { refused: 'the event bus does not exist' };
      const envelope: EventBridgeEvent = {
        version: '0',
        id: env.ids.uuid(),
        'detail-type': event['detail-type'],
        source: event.source,
        account: env.account,
        time: eventTime(env.clock.now()),
        region: parseArn(busArn)?.region ?? env.region,
        resources: event.resources,
        detail: event.detail,
      };
      delivery.publish(bus, envelope);
      return undefined;
    },
    receive(busArn, event, { account, roleArn }) {
      const bus = busOf(busArn);
      if (!bus) return { refused: `there is no event bus ${busArn}` };
      const document = parsePolicy(policyOf(busArn) ?? '');
      const decision =
        document &&
        evaluatePolicy(document, {
          principal: { aws: roleArn ?? `arn:aws:iam::${account}:root` },
          action: 'events:PutEvents',
          resource: busArn,
          // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
          context: {
            'events:source': event.source,
            'events:detail-type': event['detail-type'],
            'aws:PrincipalAccount': account,
            ...(roleArn !== undefined && { 'aws:PrincipalArn': roleArn }),
            'aws:SecureTransport': 'true',
          },
        });
      if (decision?.effect !== 'allow') return { refused: `the event bus does not admit account ${account}` };
      delivery.publish(bus, event, { isForwarded: true });
      return undefined;
    },
    policyOf,
    exists: (busArn) => busOf(busArn) !== undefined,
    reset() {
      store.reset();
      delivery.reset();
    },
  };
}
