import { expect } from 'vitest';
import type { Fact, Target } from './harness.ts';
import { refusal, type Refusal } from './target.ts';

/** What is expected of an error: each member that is given exactly; a text may be a pattern. */
export type Expected = Partial<Omit<Refusal, 'message'>> & { readonly message?: string | RegExp };

/** A row whose call is refused. */
export function refused(
  fact: Omit<Fact, 'run'>,
  call: (t: Target) => Promise<unknown>,
  expected: Expected | ((t: Target) => Expected | Promise<Expected>),
): Fact {
  return {
    ...fact,
    async run(t) {
      const found = await refusal(call(t));
      const { message, ...others } = typeof expected === 'function' ? await expected(t) : expected;
      expect(found).toMatchObject(others);
      if (typeof message === 'string') expect(found.message).toBe(message);
      else if (message) expect(found.message).toMatch(message);
    },
  };
}
