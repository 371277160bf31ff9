import type { Rule } from '../../notification.ts';
import { calledRules } from '../../doctor/words.ts';

/** `rule "a"`, `rules "a", "b"`. */
export function calledAll(rules: readonly Pick<Rule, 'id'>[]): string {
  return calledRules({ ruleIds: rules.map(({ id }) => id) });
}

/** `does` for one, `do` for several. */
export function verb(rules: readonly unknown[], one: string, several: string): string {
  return rules.length === 1 ? one : several;
}
