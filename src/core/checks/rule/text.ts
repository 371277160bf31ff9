import type { Rule } from '../../notification.ts';
import { calledRules } from '../../doctor/words.ts';

/** Remote text is shown as it is, but never at any length. */
export function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}

/** `rule "a"`, `rules "a", "b"`. */
export function calledAll(rules: readonly Pick<Rule, 'id'>[]): string {
  return calledRules({ ruleIds: rules.map(({ id }) => id) });
}

/** `does` for one, `do` for several. */
export function verb(rules: readonly unknown[], one: string, several: string): string {
  return rules.length === 1 ? one : several;
}
