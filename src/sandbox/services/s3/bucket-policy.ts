/** What S3 checks of a bucket policy before it keeps it. */
import { parsePolicy, type PolicyStatement } from '../../../core/policy-document.ts';
import { isPublic } from '../../access/public-policy.ts';
import { AwsError } from '../../wire/types.ts';
import { accessDenied } from './errors.ts';
import type { Bucket } from './store.ts';

/** Texts from reports of refused policies; the list is not complete. */
const malformed = (message: string) => new AwsError('MalformedPolicy', message, { status: 400 });

/** `text` is what PutBucketPolicy sends. Throws S3's errors. */
export function checkBucketPolicy(text: string, bucket: Bucket): void {
  const json = readJson(text);
  const statements: readonly unknown[] = Array.isArray(json['Statement'])
    ? (json['Statement'] as unknown[])
    : [json['Statement']];
  for (const statement of statements) checkFields(statement);
  const document = parsePolicy(text);
  if (!document) throw malformed('Invalid policy syntax.');
  for (const statement of document.statements) checkStatement(statement, bucket);
  // The code is recorded. Newer answers have a longer text, which is UNKNOWN.
  if (bucket.publicAccessBlock?.BlockPublicPolicy && isPublic(text)) throw accessDenied();
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  const refusal = malformed("Policies must be valid JSON and the first byte must be '{'");
  if (!text.startsWith('{')) throw refusal;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw refusal;
  }
}

function checkFields(statement: unknown): void {
  if (typeof statement !== 'object' || statement === null)
    throw malformed('Missing required field Statement');
  const has = (...names: readonly string[]) => names.some((name) => name in statement);
  for (const name of ['Effect', 'Principal', 'Action', 'Resource']) {
    if (!has(name, `Not${name}`)) throw malformed(`Missing required field ${name}`);
  }
}

function checkStatement({ principal, action, resource }: PolicyStatement, bucket: Bucket): void {
  if (principal?.element.kind === 'listed') {
    for (const [kind, names] of Object.entries(principal.element.values)) {
      if (!PRINCIPALS[kind] || !names.every((name) => PRINCIPALS[kind]?.test(name)))
        throw malformed('Invalid principal in policy');
    }
  }
  if (!action.patterns.every((pattern) => /^(?:\*|s3:.+)$/i.test(pattern)))
    throw malformed('Policy has invalid action');
  const own = `arn:aws:s3:::${bucket.name}`;
  const isOwn = (pattern: string) => pattern === own || pattern.startsWith(`${own}/`) || isWild(pattern, own);
  if (!resource?.patterns.every(isOwn)) throw malformed('Policy has invalid resource');
}

/** A wildcard may begin within the bucket's name, or stand for all of it. */
function isWild(pattern: string, own: string): boolean {
  const star = pattern.search(/[*?]/);
  return star > 0 && own.startsWith(pattern.slice(0, star));
}

/** Whether a named role or user exists is not looked up; its ARN only has to look like one. */
const PRINCIPALS: Readonly<Record<string, RegExp>> = {
  AWS: /^(?:\d{12}|arn:[^:]+:(?:iam|sts)::(?:\d{12}|cloudfront):.+|A(?:ID|RO)A[A-Z0-9]{17})$/,
  Service: /^[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)$/,
  Federated: /./,
  CanonicalUser: /^[0-9a-f]{64}$/,
};
