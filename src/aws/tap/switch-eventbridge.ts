import type { Clock } from '../../core/clock.ts';
import { hasEventBridge, sameDocument, type NotificationDocument } from '../../core/notification.ts';
import { TAP_PREFIX, tapExpiry, type TapPlace, type TapRecord, type TapSource } from '../../core/tap.ts';
import { tapsBucket } from '../../core/tap-policy.ts';
import type { WriteTurn } from '../apply-plan.ts';
import type { Aws } from '../clients.ts';
import { getNotification } from '../read-facts.ts';
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

/** Turns it off again, if the bucket still has the configuration that was left there and no other tap lives on it. */
export async function turnOff(
  aws: Aws,
  tap: TapPlace,
  { bucket, before, after }: Switched,
  env: SwitchEnvironment,
): Promise<Removal> {
  if (await hasOtherTap(aws, tap, bucket, env)) {
    const left = `EventBridge of ${bucket} is left on for another tap; the next "s3evt watch" turns it off`;
    return { isComplete: false, left: [left] };
  }
  const current = await getNotification(aws, bucket, tap.account);
  const done = { isComplete: true, left: [] };
  if (!hasEventBridge(current)) return done;
  if (!sameDocument(current, after)) {
    const left = `EventBridge of ${bucket} is left on: the configuration was changed since it was turned on`;
    return { isComplete: true, left: [left] };
  }
  await write(aws, tap, bucket, { before: current, after: before }, env);
  return done;
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

/** Taps that were opened while EventBridge was on have a rule and nothing else. */
async function hasOtherTap(
  aws: Aws,
  tap: TapPlace,
  bucket: string,
  { clock }: SwitchEnvironment,
): Promise<boolean> {
  const [events, { ListRulesCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  const command = new ListRulesCommand({ NamePrefix: TAP_PREFIX });
  const { Rules = [] } = await aws.call((options) => events.send(command, options), {
    action: 'events:ListRules',
  });
  return Rules.some(
    ({ Name = '', EventPattern }) =>
      Name !== tap.name && (tapExpiry(Name) ?? 0) > clock.now() && tapsBucket(EventPattern, bucket),
  );
}
