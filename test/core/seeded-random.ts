/** mulberry32: small, fast and the same on every machine, so that a failing case can be had again by its seed. */
export interface SeededRandom {
  /** An integer from 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('pick from an empty list');
      return item;
    },
  };
}

/** The text with some characters deleted, doubled, exchanged or the rest cut off. */
export function damaged(random: SeededRandom, text: string, damage: readonly string[]): string {
  let result = text;
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(result.length + 1);
    const kind = random.below(4);
    if (kind === 0) result = result.slice(0, at);
    else if (kind === 1) result = result.slice(0, at) + result.slice(at + 1 + random.below(5));
    else if (kind === 2) result = result.slice(0, at) + random.pick(damage) + result.slice(at);
    else result = result.slice(0, at) + random.pick(damage) + result.slice(at + 1);
  }
  return result;
}
