import { admission } from '../../core/doctor/admission.ts';
import type { DoctorFacts, FunctionNode } from '../../core/doctor/facts.ts';
import { sumOf } from '../../core/doctor/metrics.ts';
import { valueOf } from '../../core/doctor/reading.ts';
import { hopsOf, rulesInQuestion } from '../../core/doctor/routes.ts';
import { readAccountConcurrency } from './read-account.ts';
import { readBucketPolicy, readOwnership } from './read-bucket.ts';
import { readOtherPolicies, readRecursion } from './read-function.ts';
import { readObjectOwner } from './read-object.ts';
import type { Reader } from './reader.ts';

/** What only a trouble makes worth a read: one round trip more, and none for a healthy bucket. */
export async function followUp(reader: Reader, facts: DoctorFacts): Promise<DoctorFacts> {
  const { bucket, object } = facts;
  const series = valueOf(facts.metrics) ?? [];
  const hops = hopsOf(facts, rulesInQuestion(facts));
  const refusedPolicy = new Set(
    hops.flatMap(({ arn, kind, sender }) => {
      const node = facts.functions[arn];
      if (kind !== 'lambda' || !sender || !node) return [];
      const isRefused =
        (node.policy.state === 'known' || node.policy.state === 'absent') &&
        valueOf(node.configuration) !== undefined &&
        admission(valueOf(node.policy), 'lambda:InvokeFunction', arn, sender).kind !== 'allowed';
      return isRefused ? [arn] : [];
    }),
  );
  const sum = (metric: string, { name }: FunctionNode) => sumOf(series, 'AWS/Lambda', metric, name);
  const nodes = Object.values(facts.functions);
  const isLooping = (node: FunctionNode) =>
    sum('RecursiveInvocationsDropped', node) > 0 || causedItself(node, bucket.name);
  const isRefusedObject = nodes.some(({ log }) =>
    (valueOf(log?.seen)?.errors ?? []).some(({ message }) => /AccessDenied|not authorized|403/.test(message)),
  );
  const isForeign =
    object !== undefined && valueOf(bucket.ownership) === 'ObjectWriter' && object.head.state === 'known';
  const [accountConcurrency, policy, ownership, owner, functions] = await Promise.all([
    nodes.some((node) => sum('Throttles', node) > 0) ? readAccountConcurrency(reader) : undefined,
    isRefusedObject ? readBucketPolicy(reader, bucket.name) : undefined,
    isRefusedObject && bucket.ownership === undefined ? readOwnership(reader, bucket.name) : bucket.ownership,
    isForeign ? readObjectOwner(reader, bucket.name, object.key) : undefined,
    Promise.all(
      nodes.map(async (node): Promise<FunctionNode> => {
        const [otherPolicies, recursion] = await Promise.all([
          refusedPolicy.has(node.arn) ? readOtherPolicies(reader, node) : undefined,
          isLooping(node) ? readRecursion(reader, node.arn) : undefined,
        ]);
        return { ...node, otherPolicies, recursion };
      }),
    ),
  ]);
  return {
    ...facts,
    bucket: { ...bucket, policy, ownership },
    object: object && { ...object, owner },
    functions: Object.fromEntries(functions.map((node) => [node.arn, node])),
    accountConcurrency,
  };
}

/** Whether some record's request was made by a session of the function's name: its role's. */
function causedItself({ name, log }: FunctionNode, bucket: string): boolean {
  return (valueOf(log?.seen)?.records ?? []).some(
    (record) => record.bucket === bucket && record.principalId?.endsWith(`:${name}`) === true,
  );
}
