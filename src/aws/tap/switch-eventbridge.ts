import type { Clock } from '../../core/clock.ts';
import type { NotificationDocument } from '../../core/notification.ts';
import type { TapPlace, TapRecord, TapSource } from '../../core/tap.ts';
import { planSwitchOff, switchOffCommand } from '../../core/tap-end.ts';
import type { WriteTurn } from '../apply-plan.ts';
import type { Aws } from '../clients.ts';
import { readEventRules } from '../read-eventbridge.ts';
import { getNotification } from '../read-facts.ts';
import { targetFlags } from '../target-flags.ts';
import { lookAgain, putNotification } from '../write-notification.ts';
import type { Removal } from './remove.ts';

/** What a change of the bucket's configuration needs. Used only where EventBridge is turned on or off. */
export interface ConfigurationWrites {
  readonly save: (bucket: string, before: NotificationDocument, after: NotificationDocument) => void;
  readonly takeTurn: (bucket: string, signal: AbortSignal) => Promise<WriteTurn>;
}

export interface SwitchEnvironment {
  readonly clock: Clock;
  /** The one that `aws` has too. */
  readonly signal: AbortSignal;
  readonly writes: ConfigurationWrites;
}

type Switched = Extract<TapSource, { kind: 'enable-eventbridge' }>;

/** Turns EventBridge on, if the configuration is still the one that was planned with. Throws S3evtError. */
export async function turnOn(
  aws: Aws,
  tap: TapRecord,
  source: Switched,
  env: SwitchEnvironment,
): Promise<void> {
  await write(aws, tap, source.bucket, { before: source.before, after: source.after }, env);
}

/** Turns it off again, whatever became of the bucket's rules, unless somebody needs it by now (`planSwitchOff`). Throws S3evtError. */
export async function turnOff(
  aws: Aws,
  tap: TapPlace,
  source: Switched,
  env: SwitchEnvironment,
): Promise<Removal> {
  const { bucket } = source;
  const [current, rules, target] = await Promise.all([
    getNotification(aws, bucket, tap.account),
    readEventRules(aws),
    aws.target(),
  ]);
  const command = switchOffCommand(bucket, targetFlags(target));
  const plan = planSwitchOff({ tap, source, current, rules, now: env.clock.now(), command });
  if (plan.kind === 'stays') return { isComplete: plan.isFinal, left: [plan.why] };
  if (plan.kind === 'put') await write(aws, tap, bucket, { before: current, after: plan.after }, env);
  return { isComplete: true, left: [] };
}

async function write(
  aws: Aws,
  { account }: TapPlace,
  bucket: string,
  documents: { readonly before: NotificationDocument; readonly after: NotificationDocument },
  { clock, signal, writes }: SwitchEnvironment,
): Promise<void> {
  const turn = await writes.takeTurn(bucket, signal);
  try {
    const save = () => writes.save(bucket, documents.before, documents.after);
    // S3 would send a test event to every queue and topic of the configuration, whose consumers are not to notice a tap.
    const change = { bucket, owner: account, ...documents, save, skipsValidation: true };
    await lookAgain(aws, change);
    await putNotification({ aws, clock, signal, onWait: () => undefined }, change);
  } finally {
    turn.release();
  }
}
