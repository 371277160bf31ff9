/** What a function with `ReportBatchItemFailures` says of its batch. */

/**
 * The ids of the messages that failed, or `all`
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html, "Success and failure conditions"): null, `{}`
 * and an empty or null list are success; what cannot be read, an empty or unknown id and an item without
 * `itemIdentifier` fail the whole batch. What AWS does with a response that is a string, a number or a list is UNKNOWN:
 * here the batch fails, which loses no message.
 */
export function failedItems(response: string, messageIds: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  const parsed = parse(response);
  if (parsed === undefined) return 'all';
  if (parsed.value === null) return new Set();
  if (typeof parsed.value !== 'object' || Array.isArray(parsed.value)) return 'all';
  const { batchItemFailures: items } = parsed.value as Readonly<Record<string, unknown>>;
  if (items === undefined || items === null) return new Set();
  if (!Array.isArray(items)) return 'all';
  const failed = new Set<string>();
  for (const item of items as readonly unknown[]) {
    const id = typeof item === 'object' && item !== null && 'itemIdentifier' in item && item.itemIdentifier;
    if (typeof id !== 'string' || !messageIds.has(id)) return 'all';
    failed.add(id);
  }
  return failed;
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
