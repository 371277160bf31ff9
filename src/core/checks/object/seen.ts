import type { DoctorFacts, FunctionNode, SeenRecord } from '../../doctor/facts.ts';
import { valueOf } from '../../doctor/reading.ts';

/** Events of the bucket that the logs show, each with the function that had it. A log that could not be read shows nothing. */
export function seenRecords(
  facts: DoctorFacts,
): readonly { readonly record: SeenRecord; readonly node: FunctionNode }[] {
  const { name } = facts.bucket;
  // Several ARNs may lead to one function, and so to one log.
  const known = new Set<string>();
  return Object.values(facts.functions).flatMap((node) => {
    const { log } = node;
    if (log === undefined || known.has(`${node.name} ${log.name}`)) return [];
    known.add(`${node.name} ${log.name}`);
    return (valueOf(log.seen)?.records ?? [])
      .filter(({ bucket }) => bucket === name)
      .map((record) => ({ record, node }));
  });
}

/** Whether the object in question is there and no log tells of it: then the time of changes may. */
export function isUntold(facts: DoctorFacts): boolean {
  const { key } = facts.question;
  return key !== undefined && facts.object?.head.state === 'known' && recordsOfKey(facts, key).length === 0;
}

/** In the order in which they were logged. */
export function recordsOfKey(facts: DoctorFacts, key: string): readonly SeenRecord[] {
  return seenRecords(facts)
    .flatMap(({ record }) => (record.key === key ? [record] : []))
    .sort((a, b) => a.time - b.time);
}
