/** May S3 do this, and how sure is the answer? For what is refused or taken on the strength of it. */
import { parsePolicy } from './policy-document.ts';
import { s3Decision, type SendingBucket } from './s3-access.ts';

export type S3Verdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly sid: string | undefined }
  | { readonly kind: 'refused' }
  /** It depends on these condition keys, or elements, of which it is not known what S3 presents. */
  | { readonly kind: 'undecided'; readonly keys: readonly string[] }
  | { readonly kind: 'unreadable' };

/** What S3 is known to present with a delivery; see `s3Decision`. */
const PRESENTED = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:securetransport',
]);

/** Without a policy nothing is allowed. */
export function s3Verdict(
  policy: string | undefined,
  action: string,
  resource: string,
  bucket: SendingBucket,
): S3Verdict {
  const decision = s3Decision(policy, action, resource, bucket);
  if (!decision) return { kind: 'unreadable' };
  if (decision.effect === 'allow') return { kind: 'allowed' };
  const relaxed = policy === undefined ? undefined : withoutUnknown(policy);
  if (relaxed && relaxed.keys.length > 0) {
    const best = s3Decision(relaxed.policy, action, resource, bucket);
    if (best?.effect === 'allow') return { kind: 'undecided', keys: relaxed.keys };
  }
  return decision.effect === 'explicit-deny' ? { kind: 'denied', sid: decision.sid } : { kind: 'refused' };
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The policy at its kindest: Allow statements without the conditions that cannot be judged (`aws:SourceOrgID` is presented only
 * for accounts of an organization), Deny statements with such conditions left out.
 */
function withoutUnknown(
  policy: string,
): { readonly policy: string; readonly keys: readonly string[] } | undefined {
  if (!parsePolicy(policy)) return undefined;
  const document = JSON.parse(policy) as Json;
  const written = document['Statement'];
  const keys = new Set<string>();
  const statements = ((Array.isArray(written) ? written : [written]) as readonly Json[]).flatMap(
    (statement) => {
      const unknown = unknownParts(statement);
      if (unknown.length === 0) return [statement];
      for (const key of unknown) keys.add(key);
      return statement['Effect'] === 'Deny' ? [] : [kindest(statement)];
    },
  );
  return { policy: JSON.stringify({ ...document, Statement: statements }), keys: [...keys] };
}

function conditionKeys(statement: Json): readonly string[] {
  return Object.values((statement['Condition'] ?? {}) as Readonly<Record<string, Json>>).flatMap(Object.keys);
}

function unknownParts(statement: Json): readonly string[] {
  const keys = conditionKeys(statement).filter((key) => !PRESENTED.has(key.toLowerCase()));
  // UNKNOWN: how NotPrincipal treats service principals.
  return 'NotPrincipal' in statement ? ['NotPrincipal', ...keys] : keys;
}

function kindest({ NotPrincipal, ...statement }: Json): Json {
  const conditions = Object.entries((statement['Condition'] ?? {}) as Readonly<Record<string, Json>>).map(
    ([operator, keys]) =>
      [
        operator,
        Object.fromEntries(Object.entries(keys).filter(([key]) => PRESENTED.has(key.toLowerCase()))),
      ] as const,
  );
  return {
    ...statement,
    ...(NotPrincipal === undefined ? {} : { Principal: '*' }),
    Condition: Object.fromEntries(conditions),
  };
}
