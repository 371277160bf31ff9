/** Sends the record of an asynchronous invocation to its destination, and the event to the dead-letter target. */
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { deadLetterAttributes, qualifiedArn, recordText, type AsyncOutcome } from './async-record.ts';
import type { AsyncTargets, Refusal, RoleMay } from './async-targets.ts';
import type { Event } from './invocations.ts';
import { countFunction } from './metrics.ts';
import { versionOf, type FunctionStore } from './store.ts';

export interface DeliveryDeps {
  readonly targets: AsyncTargets;
  readonly roleMay: RoleMay | undefined;
  readonly submit: (event: Event) => void;
}

const DEAD_LETTER = 'Dead Letter';

/** Permission that the execution role needs, by service of the target. */
export const SEND_ACTIONS: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
  s3: 's3:PutObject',
};

/**
 * Resolves when everything was handed over or is lost; never rejects. A record that cannot be sent is lost, on AWS too: only
 * the metrics DestinationDeliveryFailures and DeadLetterErrors tell of it, here the journal does.
 */
export type DeliverOutcome = (outcome: AsyncOutcome) => Promise<void>;

export function createOutcomeDelivery(
  env: SandboxEnv,
  store: FunctionStore,
  deps: DeliveryDeps,
): DeliverOutcome {
  const { targets } = deps;

  async function send(arn: string, text: string, outcome: AsyncOutcome, kind: string): Promise<Refusal> {
    const roleArn = outcome.version.settings.role;
    const { record, traceHeader } = outcome;
    const target = parseArn(arn);
    const service = target?.service ?? '';
    const key = objectKey(record.name, env.clock.now(), env.ids.uuid());
    const action = SEND_ACTIONS[service] ?? `${service}:*`;
    const refused = deps.roleMay?.(roleArn, action, service === 's3' ? `${arn}/${key}` : arn);
    if (refused !== undefined) return { refused: `the role ${roleArn} may not ${action}: ${refused}` };
    const options = { from: { roleArn }, traceHeader };
    switch (service) {
      case 'sqs':
        return targets.sqs ? targets.sqs.send(arn, text, options) : absent(service);
      case 'sns':
        return targets.sns ? targets.sns.publish(arn, text, options) : absent(service);
      case 'lambda': {
        const found = store.byArn(arn);
        if (!found || !versionOf(found.record, found.qualifier))
          return { refused: `there is no function ${arn}` };
        deps.submit({ requestId: env.ids.uuid(), payload: Buffer.from(text), arn, traceHeader });
        return undefined;
      }
      case 'events': {
        const detail = JSON.parse(text) as Record<string, unknown>;
        const event = {
          source: 'lambda',
          'detail-type': kind,
          resources: [arn, qualifiedArn(outcome)],
          detail,
        };
        return targets.events ? targets.events.putServiceEvent(arn, event) : absent(service);
      }
      case 's3':
        return targets.s3
          ? targets.s3.put(target?.resource ?? '', key, text, { roleArn, traceHeader })
          : absent(service);
      default:
        return { refused: `${arn} is no destination of Lambda` };
    }
  }

  function sendDeadLetter(arn: string, outcome: AsyncOutcome): Refusal {
    const roleArn = outcome.version.settings.role;
    const service = parseArn(arn)?.service ?? '';
    const action = SEND_ACTIONS[service] ?? `${service}:*`;
    const refused = deps.roleMay?.(roleArn, action, arn);
    if (refused !== undefined) return { refused: `the role ${roleArn} may not ${action}: ${refused}` };
    const body = Buffer.from(outcome.event.payload).toString('utf8');
    const attributes = deadLetterAttributes(outcome);
    const options = { from: { roleArn }, attributes, traceHeader: outcome.traceHeader };
    if (service === 'sqs') return targets.sqs ? targets.sqs.send(arn, body, options) : absent(service);
    if (service === 'sns') return targets.sns ? targets.sns.publish(arn, body, options) : absent(service);
    return { refused: `${arn} is neither a queue nor a topic` };
  }

  async function deliver(
    outcome: AsyncOutcome,
    destination: string,
    eventName: string,
    hand: () => Refusal | Promise<Refusal>,
  ): Promise<void> {
    let refusal: Refusal;
    try {
      refusal = await hand();
    } catch (error) {
      refusal = { refused: error instanceof Error ? error.message : String(error) };
    }
    if (refusal) {
      const name = eventName === DEAD_LETTER ? 'DeadLetterErrors' : 'DestinationDeliveryFailures';
      countFunction(env, outcome.event.arn, name);
    }
    env.journal.record({
      type: 'delivery',
      via: 'lambda',
      eventName,
      configurationId: outcome.record.name,
      destination,
      ...(refusal ? { outcome: 'refused', reason: refusal.refused } : { outcome: 'delivered' }),
    });
  }

  return async (outcome) => {
    const { record, version, qualifier } = outcome;
    const isSuccess = outcome.condition === 'Success';
    const config = record.eventInvoke.get(qualifier);
    const destination = isSuccess ? config?.onSuccess : config?.onFailure;
    const deadLetterArn = isSuccess ? undefined : version.settings.deadLetterArn;
    if (deadLetterArn !== undefined) {
      await deliver(outcome, deadLetterArn, DEAD_LETTER, () => sendDeadLetter(deadLetterArn, outcome));
    }
    if (destination === undefined) return;
    const kind = `Lambda Function Invocation Result - ${isSuccess ? 'Success' : 'Failure'}`;
    const text = recordText(outcome, env.clock.now());
    await deliver(outcome, destination, kind, () => send(destination, text, outcome, kind));
  };
}

const absent = (service: string): Refusal => ({
  refused: `the sandbox has no ${service} for Lambda to send to`,
});

/** `aws/lambda/async/<function>/2026/10/05/2026-10-05T09.18.21-<uuid>` */
function objectKey(functionName: string, now: number, uuid: string): string {
  const time = new Date(now).toISOString().slice(0, 19);
  const day = time.slice(0, 10).replaceAll('-', '/');
  return `aws/lambda/async/${functionName}/${day}/${time.replaceAll(':', '.')}-${uuid}`;
}
