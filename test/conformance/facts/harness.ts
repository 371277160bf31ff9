/**
 * The conformance table: one row per recorded fact about AWS, each run against a target. The target is a sandbox of its own
 * per file, or, by the environment variable S3EVT_CONFORMANCE, something else (see target.ts): `aws` for the real AWS.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/index.ts';
import { startTarget, TARGET_KIND, type Target } from './target.ts';

export type { Target } from './target.ts';

/** Where a fact comes from, the most reliable first. */
export type FactSource = 'AWS-recorded' | 'AWS-doc' | 'model' | 'AWS-SDK' | 'second-hand';

export interface Fact {
  /** Section of the collection of facts, then the case: `3.5-queue-missing`. */
  readonly id: string;
  readonly source: FactSource;
  /** One sentence: what AWS does. */
  readonly expectation: string;
  /** What only a sandbox within this process has, such as `a second account`: the row is skipped elsewhere. */
  readonly needs?: string;
  run(target: Target): Promise<void>;
}

/** A row is given this long, in milliseconds: on AWS a change may take five minutes to take effect. */
const ROW_LIMIT = TARGET_KIND === 'aws' ? 900_000 : 30_000;

let collected: Fact[] | undefined;

/** The rows of the test files that `load` imports; they become no tests here. */
export async function collectFacts(load: () => Promise<unknown>): Promise<readonly Fact[]> {
  collected = [];
  try {
    await load();
    return collected;
  } finally {
    collected = undefined;
  }
}

/** One test per row, one after the other, against one target for all of them. `options` are those of a sandbox. */
export function describeFacts(title: string, facts: readonly Fact[], options: SandboxOptions = {}): void {
  if (collected) {
    collected.push(...facts);
    return;
  }
  describe(title, () => {
    let target: Target | undefined;
    beforeAll(async () => {
      target = await startTarget(options);
    }, ROW_LIMIT);
    afterAll(() => target?.close(), ROW_LIMIT);
    for (const fact of facts) {
      const skip = fact.needs !== undefined && TARGET_KIND !== 'sandbox';
      const name = `${fact.id} [${fact.source}] ${fact.expectation}`;
      test.skipIf(skip)(skip ? `${name} (needs ${fact.needs})` : name, { timeout: ROW_LIMIT }, async () => {
        if (!target) throw new Error('the target did not start');
        await fact.run(target);
        expect(target.faults(), 'faults inside the sandbox').toEqual([]);
      });
    }
  });
}

/** What several rows of a file use: made once for each target, by the first row that asks. */
export function shared<T>(make: (target: Target) => Promise<T>): (target: Target) => Promise<T> {
  const made = new WeakMap<Target, Promise<T>>();
  return (target) => {
    const existing = made.get(target);
    if (existing) return existing;
    const created = make(target);
    made.set(target, created);
    return created;
  };
}
