/**
 * Policies of resources and of identities as IAM evaluates them
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). Pure: the request's
 * context is an argument, and a key that is not in it is absent from the request.
 */
import { globMatches } from './glob.ts';
import { conditionHolds, type Condition } from './policy-conditions.ts';
import type { Matcher, PolicyDocument, PolicyStatement, PrincipalElement } from './policy-document.ts';
import { expandVariables } from './policy-variables.ts';

export interface PolicyRequest {
  /**
   * A service (`s3.amazonaws.com`), or a caller's ARN or account number; neither for an anonymous caller. With `byName` an Allow
   * for the caller's whole account does not count: within an account it hands the decision on to identity-based policies.
   */
  readonly principal: { readonly service?: string; readonly aws?: string; readonly byName?: boolean };
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

export type PolicyPart = 'principal' | 'action' | 'resource' | 'condition';

export interface NearMiss extends Miss {
  readonly sid?: string;
}

interface Miss {
  readonly failed: PolicyPart;
  readonly detail: string;
  /** When a condition failed; `actual` is undefined when the request has no such key. */
  readonly condition?: Condition & { readonly actual: string | undefined };
}

export interface PolicyDecision {
  readonly effect: 'allow' | 'explicit-deny' | 'implicit-deny';
  /** Of the statement that decided. */
  readonly sid?: string;
  /** The Allow statement that came closest, when none allowed: where it failed and at what. */
  readonly nearMiss?: NearMiss;
}

/** An account number or its root ARN stands for every caller of the account; a role for its sessions. */
function awsPrincipalMatches(listed: string, caller: string, byName: boolean): boolean {
  if (listed === caller) return true;
  const account = /^(?:arn:[^:]+:iam::)?(\d{12})(?::root)?$/.exec(listed)?.[1];
  const parts = caller.split(':');
  if (account !== undefined) return !byName && (caller === account || parts[4] === account);
  const session = /^assumed-role\/([^/]+)\//.exec(parts.slice(5).join(':'))?.[1];
  if (session === undefined) return false;
  const role = /^arn:[^:]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(listed);
  return role?.[1] === parts[4] && role?.[2] === session;
}

function principalListed(
  element: PrincipalElement,
  { service, aws, byName = false }: PolicyRequest['principal'],
): boolean {
  if (element.kind === 'any') return true;
  if (service !== undefined && element.values['Service']?.includes(service)) return true;
  const listed = element.values['AWS'] ?? [];
  return aws !== undefined && listed.some((name) => awsPrincipalMatches(name, aws, byName));
}

function principalMiss(statement: PolicyStatement, request: PolicyRequest): Miss | undefined {
  if (!statement.principal) return undefined;
  const { negated, element } = statement.principal;
  const who = request.principal.service ?? request.principal.aws ?? 'an anonymous caller';
  // UNKNOWN: how NotPrincipal of an Allow treats service principals. The safer reading grants nothing.
  if (negated && statement.effect === 'Allow') {
    return { failed: 'principal', detail: `NotPrincipal does not clearly admit ${who}` };
  }
  const byName = (request.principal.byName ?? false) && statement.effect === 'Allow';
  if (principalListed(element, { ...request.principal, byName }) !== negated) return undefined;
  const listed = element.kind === 'any' ? '*' : Object.values(element.values).flat().join(', ');
  return { failed: 'principal', detail: `the principal is ${listed}, not ${who}` };
}

/** A pattern with its variables filled in; undefined when one of them has no value. */
type Expand = (text: string) => string | undefined;

/** With its keys in lower case; most policies never ask. */
type ReadContext = () => ReadonlyMap<string, string>;

function matcherMiss(
  matcher: Matcher,
  failed: 'action' | 'resource',
  actual: string,
  expand: Expand,
): Miss | undefined {
  const fold = (text: string) => (failed === 'action' ? text.toLowerCase() : text);
  const covered = matcher.patterns.some((pattern) => {
    const expanded = expand(pattern);
    return expanded !== undefined && globMatches(fold(expanded), fold(actual));
  });
  if (covered !== matcher.negated) return undefined;
  const name = `${matcher.negated ? 'Not' : ''}${failed === 'action' ? 'Action' : 'Resource'}`;
  const relation = matcher.negated ? 'excludes' : 'does not cover';
  return { failed, detail: `${name} ${matcher.patterns.join(', ')} ${relation} ${actual}` };
}

function conditionMiss(
  statement: PolicyStatement,
  context: ReadonlyMap<string, string>,
  expand: Expand,
): Miss | undefined {
  for (const condition of statement.conditions) {
    const { operator, key, values } = condition;
    const expanded = values.flatMap((value) => expand(value) ?? []);
    // What AWS makes of a variable without a value in a negated condition is UNKNOWN; nothing matches it here.
    const isEmpty = expanded.length === 0 && values.length > 0;
    const outcome = isEmpty ? 'miss' : conditionHolds({ ...condition, values: expanded }, context);
    if (outcome === 'match') continue;
    // IAM refuses to store an operator it does not know, so what it would decide is UNKNOWN. The safer reading:
    // such an Allow grants nothing, such a Deny still denies.
    if (outcome === 'unknown') {
      if (statement.effect === 'Deny') continue;
      return { failed: 'condition', detail: `the operator ${operator} is not known` };
    }
    const actual = context.get(key.toLowerCase());
    const found = actual === undefined ? 'the request has no such key' : `the request has ${actual}`;
    const detail = `${operator} ${key} wants ${values.join(' or ')}; ${found}`;
    return { failed: 'condition', detail, condition: { operator, key, values, actual } };
  }
  return undefined;
}

/** Checked in this order, so that the part that failed tells how far a statement came. */
const PARTS: readonly PolicyPart[] = ['principal', 'action', 'resource', 'condition'];

function statementMiss(
  statement: PolicyStatement,
  request: PolicyRequest,
  context: ReadContext,
  expand: Expand,
): Miss | undefined {
  return (
    principalMiss(statement, request) ??
    matcherMiss(statement.action, 'action', request.action, (text) => text) ??
    (statement.resource && matcherMiss(statement.resource, 'resource', request.resource, expand)) ??
    (statement.conditions.length === 0 ? undefined : conditionMiss(statement, context(), expand))
  );
}

/** An explicit Deny wins over any Allow; with neither, the answer is an implicit deny with the nearest miss. */
export function evaluatePolicy(document: PolicyDocument, request: PolicyRequest): PolicyDecision {
  let lowered: ReadonlyMap<string, string> | undefined;
  const context: ReadContext = () =>
    (lowered ??= new Map(Object.entries(request.context).map(([key, value]) => [key.toLowerCase(), value])));
  const expand: Expand = (text) =>
    document.version === '2012-10-17' && text.includes('${') ? expandVariables(text, context()) : text;
  const withSid = (sid: string | undefined) => (sid === undefined ? {} : { sid });
  let allowed: PolicyStatement | undefined;
  let nearest: NearMiss | undefined;
  for (const statement of document.statements) {
    const miss = statementMiss(statement, request, context, expand);
    if (!miss && statement.effect === 'Deny') return { effect: 'explicit-deny', ...withSid(statement.sid) };
    if (statement.effect === 'Deny') continue;
    if (!miss) allowed ??= statement;
    else if (!nearest || PARTS.indexOf(miss.failed) > PARTS.indexOf(nearest.failed)) {
      nearest = { ...withSid(statement.sid), ...miss };
    }
  }
  if (allowed) return { effect: 'allow', ...withSid(allowed.sid) };
  return { effect: 'implicit-deny', ...(nearest && { nearMiss: nearest }) };
}
