/** What has to hold for every configuration: generated ones, up to S3's hundred rules. */
import { describe, expect, test } from 'vitest';
import { documentFor, overlapIn } from '../../src/core/apply-file.ts';
import { parseConfigurationFile } from '../../src/core/configuration-file.ts';
import { hasCode } from '../../src/core/errors.ts';
import { EVENT_NAMES, eventCovers } from '../../src/core/event-name.ts';
import { keyPasses, type KeyFilter } from '../../src/core/key-filter.ts';
import { mergeRules } from '../../src/core/merge-rules.ts';
import {
  overlapOf,
  rulesOf,
  sameDocument,
  withoutRule,
  withRule,
  type NotificationDocument,
  type Rule,
} from '../../src/core/notification.ts';
import { ruleReport } from '../../src/core/plan.ts';
import { seededRandom } from './seeded-random.ts';

type Random = ReturnType<typeof seededRandom>;

const KINDS = {
  lambda: 'arn:aws:lambda:eu-west-1:111122223333:function:f',
  sqs: 'arn:aws:sqs:eu-west-1:111122223333:q',
  sns: 'arn:aws:sns:eu-west-1:111122223333:t',
} as const;

function filterOf(random: Random): KeyFilter {
  const text = () =>
    Array.from({ length: random.below(4) }, () => random.pick(['a', 'b', '/', '.', '%3D'])).join('');
  return {
    ...(random.below(3) > 0 ? { prefix: text() } : {}),
    ...(random.below(3) > 0 ? { suffix: text() } : {}),
  };
}

function ruleOf(random: Random, id: string): Rule {
  const kind = random.pick(['lambda', 'sqs', 'sns'] as const);
  const events = Array.from({ length: 1 + random.below(3) }, () => random.pick([...EVENT_NAMES]));
  return {
    id,
    destination: { kind, arn: KINDS[kind] },
    events: [...new Set(events)],
    filter: filterOf(random),
  };
}

/** One that S3 would take: no two rules overlap. With members that this code has never heard of. */
function documentOf(random: Random): NotificationDocument {
  let document: NotificationDocument = random.below(2) === 0 ? {} : { EventBridgeConfiguration: {} };
  const wanted = random.pick([0, 1, 5, 20, 100]);
  for (let i = 0; i < wanted * 2 && rulesOf(document).length < wanted; i++) {
    // Many rules fit beside each other only with prefixes of their own.
    const drawn = ruleOf(random, `rule-${i}`);
    const rule = wanted < 10 ? drawn : { ...drawn, filter: { ...drawn.filter, prefix: `p${i}/` } };
    const clashes = rulesOf(document).some((other) => overlapOf(rule, other));
    if (!clashes) document = withRule(document, rule);
  }
  if (random.below(3) === 0)
    document = { ...document, FutureConfiguration: { Kept: true } } as NotificationDocument;
  return document;
}

const rounds = (seed: number, count: number, check: (random: Random) => void) => {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) check(random);
};

/** Undefined when it was refused, for an overlap or the hundred: then nothing was made of it. */
function unlessRefused<T>(merge: () => T): T | undefined {
  try {
    return merge();
  } catch (error) {
    if (hasCode(error, 'RULES_OVERLAP')) return undefined;
    throw error;
  }
}

describe('one rule at a time', () => {
  test('added and removed again: the document is the first one, and nobody else was touched', () => {
    rounds(1, 100, (random) => {
      const before = documentOf(random);
      const rule = ruleOf(random, 'new-rule');
      const merged = unlessRefused(() => mergeRules(before, [rule], new Set()));
      if (!merged) return;
      const others = (document: NotificationDocument) =>
        rulesOf(document).filter(({ id }) => id !== 'new-rule');
      expect(others(merged.document)).toEqual(rulesOf(before));
      expect(withoutRule(merged.document, 'new-rule')).toEqual(before);
    });
  });

  test('replacing one of ours leaves all others as they stood', () => {
    rounds(2, 80, (random) => {
      const before = documentOf(random);
      const mine = rulesOf(before)[0];
      if (!mine) return;
      const changed = { ...mine, filter: { prefix: 'zz/only/here/' }, events: ['s3:ObjectAcl:Put'] };
      const document = unlessRefused(() => mergeRules(before, [changed], new Set([mine.id])))?.document;
      if (!document) return;
      const rest = (of: NotificationDocument) => rulesOf(of).filter(({ id }) => id !== mine.id);
      expect(rest(document)).toEqual(rest(before));
      expect(sameDocument(withRule(document, mine), before)).toBe(true);
    });
  });
});

describe('a whole file', () => {
  const asFile = (document: NotificationDocument) => {
    const parsed = parseConfigurationFile(
      JSON.stringify({
        rules: rulesOf(document).map(ruleReport),
        eventBridge: 'EventBridgeConfiguration' in document,
      }),
    );
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.file;
  };

  test('what ls wrote of a document changes nothing in it', () => {
    rounds(3, 60, (random) => {
      const document = documentOf(random);
      expect(documentFor(document, asFile(document), true)).toEqual(document);
    });
  });

  test('of another document makes its rules of this one; the document itself brings all back', () => {
    rounds(4, 60, (random) => {
      const [one, other] = [documentOf(random), documentOf(random)];
      const applied = documentFor(one, asFile(other), true);
      const sorted = (document: NotificationDocument) =>
        rulesOf(document)
          .map((rule) =>
            JSON.stringify([rule.id, rule.destination, [...rule.events].sort(), ruleReport(rule)]),
          )
          .sort();
      expect(sorted(applied)).toEqual(sorted(other));
      expect(sameDocument(documentFor(applied, asFile(one), true), one)).toBe(true);
    });
  });

  test('without pruning nothing of the document is lost', () => {
    rounds(5, 60, (random) => {
      const [one, other] = [documentOf(random), documentOf(random)];
      const named = new Set(rulesOf(other).map(({ id }) => id));
      const applied = documentFor(one, asFile(other), false);
      const beside = (document: NotificationDocument) => rulesOf(document).filter(({ id }) => !named.has(id));
      expect(beside(applied)).toEqual(beside(one));
      if ('EventBridgeConfiguration' in one) expect(applied).toHaveProperty('EventBridgeConfiguration');
    });
  });
});

describe('overlap', () => {
  /** Every key of up to six letters of the filters' alphabet: enough for any prefix before any suffix. */
  const KEYS = ((): readonly string[] => {
    const letters = ['a', 'b', '.'];
    let keys = [''];
    const all: string[] = [];
    for (let length = 0; length < 6; length++) {
      keys = keys.flatMap((key) => letters.map((letter) => key + letter));
      all.push(...keys);
    }
    return all;
  })();

  test('agrees with trying every key, and its witness is one that both take', () => {
    rounds(6, 200, (random) => {
      const short = () =>
        Array.from({ length: random.below(3) }, () => random.pick(['a', 'b', '.'])).join('');
      const [a, b] = ['a', 'b'].map((id): Rule => ({
        ...ruleOf(random, id),
        filter: { prefix: short(), suffix: short() },
      })) as [Rule, Rule];
      const shared = EVENT_NAMES.filter((name) =>
        [a, b].every(({ events }) => events.some((event) => eventCovers(event, name))),
      );
      const both = KEYS.filter((key) => keyPasses(a.filter, key) && keyPasses(b.filter, key));
      const overlap = overlapOf(a, b);
      // S3 looks at prefixes and suffixes apart: two rules that no key could match both are refused all the same when a
      // prefix and a suffix of theirs overlap, never the other way round.
      if (shared.length > 0 && both.length > 0) expect([a, b, overlap !== undefined]).toEqual([a, b, true]);
      if (!overlap) return;
      expect(shared).not.toEqual([]);
      expect(keyPasses(a.filter, overlap.witness) && keyPasses(b.filter, overlap.witness)).toBe(true);
    });
  });

  test('of a whole document is found wherever it stands', () => {
    rounds(7, 60, (random) => {
      const document = documentOf(random);
      expect(overlapIn(document)).toBeUndefined();
      const [first] = rulesOf(document);
      if (!first) return;
      expect(overlapIn(withRule(document, { ...first, id: 'twin' }))).toMatchObject({
        witness: expect.any(String) as string,
      });
    });
  });
});
