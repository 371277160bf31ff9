/** Whether EventBridge, which a tap turned on for a bucket, is turned off with it: decided from what stands there by then. */
import { takesEventsOf } from './event-rule.ts';
import type { Fact } from './facts.ts';
import { hasEventBridge, sameDocument, type NotificationDocument } from './notification.ts';
import { shellCommand } from './shell.ts';
import { tapExpiry, type TapPlace, type TapSource } from './tap.ts';
import { tapsBucket } from './tap-policy.ts';

type SwitchOff =
  /** It is off, or was on before the tap. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'put'; readonly after: NotificationDocument }
  /** `why` is one sentence without a full stop. */
  | { readonly kind: 'stays'; readonly why: string; readonly isFinal: boolean };

export interface SwitchOffFacts {
  readonly tap: Pick<TapPlace, 'name' | 'partition'>;
  readonly source: Extract<TapSource, { kind: 'enable-eventbridge' }>;
  /** What the bucket has now. */
  readonly current: NotificationDocument;
  /** Of the default event bus. Taps that were opened while EventBridge was on have a rule there and nothing else. */
  readonly rules: Fact<readonly { readonly name: string; readonly pattern: string | undefined }[]>;
  /** Epoch ms. */
  readonly now: number;
  /** The one that turns EventBridge off, see `switchOffCommand`. */
  readonly command: string;
}

/**
 * Pure. Rules of the bucket that others changed meanwhile stay as they are; EventBridge stays on for whoever takes its events by now,
 * and that is final: from then on it is theirs.
 */
export function planSwitchOff({ tap, source, current, rules, now, command }: SwitchOffFacts): SwitchOff {
  const { bucket, before, after } = source;
  if (!hasEventBridge(current) || hasEventBridge(before)) return { kind: 'nothing' };
  const stays = (why: string, isFinal: boolean): SwitchOff => ({
    kind: 'stays',
    why: `EventBridge of ${bucket} is left on${why}`,
    isFinal,
  });
  if (rules.state === 'denied' || rules.state === 'failed') {
    const why = `whether a rule of the default event bus takes its events is not known (${rules.error.message})`;
    return stays(`: ${why}; the next "s3evt watch" tries again, and this turns it off: ${command}`, false);
  }
  const onBus = rules.state === 'known' ? rules.value : [];
  const lives = (name: string) => (tapExpiry(name) ?? 0) > now;
  if (onBus.some(({ name, pattern }) => name !== tap.name && lives(name) && tapsBucket(pattern, bucket))) {
    return stays(' for another tap; the next "s3evt watch" turns it off', false);
  }
  const takers = onBus.filter(
    ({ name, pattern }) => tapExpiry(name) === undefined && takesEventsOf(pattern, bucket, tap.partition),
  );
  if (takers.length > 0) {
    const names = takers.map(({ name }) => name).join(', ');
    const who =
      takers.length === 1
        ? `rule ${names} of the default event bus takes`
        : `rules ${names} of the default event bus take`;
    return stays(`: ${who} its events; to turn it off: ${command}`, true);
  }
  if (!sameDocument(switchOf(current), switchOf(after))) {
    return stays(`: its setting was changed since it was turned on; to turn it off: ${command}`, true);
  }
  return { kind: 'put', after: withoutSwitch(current) };
}

function switchOf({ EventBridgeConfiguration }: NotificationDocument): NotificationDocument {
  return EventBridgeConfiguration === undefined ? {} : { EventBridgeConfiguration };
}

function withoutSwitch(document: NotificationDocument): NotificationDocument {
  const { EventBridgeConfiguration: _, ...rest } = document;
  return rest;
}

/**
 * Reads the configuration, and puts it back without EventBridge under all that guards a write. In a pipe, `ls --json` prints one line
 * without blanks, and quotes within its texts have a backslash: nothing else can match.
 */
export function switchOffCommand(bucket: string, flags: readonly string[]): string {
  const list = shellCommand(['s3evt', 'ls', bucket, '--json', ...flags]);
  const apply = shellCommand(['s3evt', 'apply', '-', '--prune', '--yes', ...flags]);
  return `${list} | sed 's/"eventBridge":true/"eventBridge":false/' | ${apply}`;
}
