/** What of a policy cannot be judged from outside: conditions on keys of which it is not known what the service presents. */
import { parsePolicy } from './policy-document.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The policy at its kindest: Allow statements without the conditions that cannot be judged (`aws:SourceOrgID` is presented only
 * for accounts of an organization), Deny statements with such conditions left out. At its harshest it is the other way round, with
 * `drops` Allow. `isDecidable` gets keys in lower case.
 */
export function withoutUnknown(
  policy: string,
  isDecidable: (key: string) => boolean,
  drops: 'Deny' | 'Allow' = 'Deny',
): { readonly policy: string; readonly keys: readonly string[] } | undefined {
  if (!parsePolicy(policy)) return undefined;
  const document = JSON.parse(policy) as Json;
  const written = document['Statement'];
  const keys = new Set<string>();
  const statements = ((Array.isArray(written) ? written : [written]) as readonly Json[]).flatMap(
    (statement) => {
      const unknown = unknownParts(statement, isDecidable);
      if (unknown.length === 0) return [statement];
      for (const key of unknown) keys.add(key);
      return statement['Effect'] === drops ? [] : [unconditional(statement, isDecidable)];
    },
  );
  return { policy: JSON.stringify({ ...document, Statement: statements }), keys: [...keys] };
}

function conditionKeys(statement: Json): readonly string[] {
  return Object.values((statement['Condition'] ?? {}) as Readonly<Record<string, Json>>).flatMap(Object.keys);
}

function unknownParts(statement: Json, isDecidable: (key: string) => boolean): readonly string[] {
  const keys = conditionKeys(statement).filter((key) => !isDecidable(key.toLowerCase()));
  // UNKNOWN: how NotPrincipal treats service principals.
  return 'NotPrincipal' in statement ? ['NotPrincipal', ...keys] : keys;
}

function unconditional({ NotPrincipal, ...statement }: Json, isDecidable: (key: string) => boolean): Json {
  const conditions = Object.entries((statement['Condition'] ?? {}) as Readonly<Record<string, Json>>).map(
    ([operator, keys]) =>
      [
        operator,
        Object.fromEntries(Object.entries(keys).filter(([key]) => isDecidable(key.toLowerCase()))),
      ] as const,
  );
  return {
    ...statement,
    ...(NotPrincipal === undefined ? {} : { Principal: '*' }),
    Condition: Object.fromEntries(conditions),
  };
}
