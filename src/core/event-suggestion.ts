import { didYouMean } from './did-you-mean.ts';
import { EVENT_FAMILIES, EVENT_NAMES } from './event-name.ts';

/** The event or family that was probably meant by a name that `parseEventNames` does not know. */
export function suggestEvent(text: string): string | undefined {
  const bare = EVENT_NAMES.map((event) => event.slice('s3:'.length));
  return didYouMean(text, [...EVENT_NAMES, ...bare, ...Object.keys(EVENT_FAMILIES)]);
}
