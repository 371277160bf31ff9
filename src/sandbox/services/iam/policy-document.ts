/**
 * What IAM checks of a policy document when it is stored. Texts as in reports of refused documents; the list is not
 * complete (IAM's grammar check is far larger).
 */
import { AwsError } from '../../wire/types.ts';

export type PolicyKind = 'identity' | 'trust';

const VERSIONS = ['2012-10-17', '2008-10-17'];

export function checkPolicyDocument(text: string, kind: PolicyKind): void {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (!isObject(document)) throw malformed('Syntax errors in policy.');
  if (document.Version !== undefined && !(VERSIONS as readonly unknown[]).includes(document.Version)) {
    throw malformed('Syntax errors in policy.');
  }
  const statements: readonly unknown[] = Array.isArray(document.Statement)
    ? document.Statement
    : [document.Statement];
  for (const statement of statements) checkStatement(statement, kind);
}

function checkStatement(statement: unknown, kind: PolicyKind): void {
  if (!isObject(statement)) throw malformed('Syntax errors in policy.');
  const has = (...names: readonly string[]): boolean => names.some((name) => statement[name] !== undefined);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
    throw malformed('Syntax errors in policy.');
  if (kind === 'trust') {
    if (!has('Action', 'NotAction')) throw malformed('Missing required field Action');
    if (!has('Principal', 'NotPrincipal')) throw malformed('Missing required field Principal');
    if (has('Resource', 'NotResource')) throw malformed('Has prohibited field Resource');
    const actions: readonly unknown[] = Array.isArray(statement.Action)
      ? statement.Action
      : [statement.Action];
    if (has('Action') && !actions.every((action) => /^(?:sts:.+|\*)$/i.test(String(action)))) {
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
    }
    return;
  }
  if (!has('Action', 'NotAction')) throw malformed('Policy statement must contain actions.');
  if (!has('Resource', 'NotResource')) throw malformed('Policy statement must contain resources.');
  if (has('Principal', 'NotPrincipal')) throw malformed('Policy document should not specify a principal.');
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * IAM returns documents percent-encoded after RFC 3986 (API reference, GetRole), which leaves fewer characters alone
 * than `encodeURIComponent` does.
 */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
