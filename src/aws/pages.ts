/** All items of a list that comes in pages; `next` is what the service gives with each page but the last. */
export async function pages<T>(
  read: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const page = await read(token);
    all.push(...page.items);
    token = page.next;
  } while (token !== undefined && token !== '');
  return all;
}

/** Without the members that are undefined: a token is sent only when there is one. */
export function optional<K extends string>(
  members: Readonly<Record<K, string | undefined>>,
): Partial<Record<K, string>> {
  const given = Object.entries<string | undefined>(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<Record<K, string>>;
}
