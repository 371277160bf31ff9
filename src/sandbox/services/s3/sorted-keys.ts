/**
 * Order of S3 listings: the bytes of UTF-8 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
 * JavaScript compares UTF-16 units, which differs only where a surrogate meets a unit above the surrogates.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for characters above U+FFFF, so they come last. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** A set of keys that is sorted only when somebody lists: adding and removing cost nothing. */
export class SortedKeys {
  #sorted: string[] = [];
  #added = new Set<string>();
  #removed = new Set<string>();

  /** The caller knows that the key is not in the set. */
  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.add(key);
  }

  /** The caller knows that the key is in the set. */
  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
  }

  /** All keys in order; valid until the next change. */
  list(): readonly string[] {
    if (this.#removed.size > 0) {
      const removed = this.#removed;
      this.#sorted = this.#sorted.filter((key) => !removed.has(key));
      removed.clear();
    }
    if (this.#added.size > 0) {
      // The old part is one sorted run for the engine's merge sort, so a few new keys cost little.
      this.#sorted = [...this.#sorted, ...this.#added].sort(compareKeys);
      this.#added.clear();
    }
    return this.#sorted;
  }
}

/** Index of the first key that is not before `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
