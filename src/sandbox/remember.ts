/** Beyond, all is forgotten and made again. */
const MOST_KEPT = 200;

/** `make`, called once for each text: the same few are asked for with every request. */
export function remember<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    const value = make(text);
    if (made.size >= MOST_KEPT) made.clear();
    made.set(text, value);
    return value;
  };
}
