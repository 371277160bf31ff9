/** Account ids in saved facts: each becomes another number, the same one everywhere, so that what is equal stays equal. */
export function maskAccounts(text: string): string {
  const masks = new Map<string, string>();
  return text.replace(/(?<![0-9A-Za-z.])\d{12}(?![0-9A-Za-z.])/g, (account) => {
    const mask = masks.get(account) ?? `1${String(masks.size + 1).padStart(11, '0')}`;
    masks.set(account, mask);
    return mask;
  });
}
