/**
 * Whether a role's trust policy lets somebody assume it. A small reading of the policy language
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html): effects, principals,
 * actions and `aws:SourceAccount`; an Allow with any other condition is not taken for one, because nothing here can
 * tell whether it holds.
 */
export interface Assumer {
  /** `lambda.amazonaws.com`, for an AWS service that acts for this account. */
  readonly service?: string;
  /** ARN of the calling user, role session or root. */
  readonly arn?: string;
  /** Twelve digits: the caller's account, or the one that the service acts for. */
  readonly account: string;
}

type Json = Readonly<Record<string, unknown>>;

/** `trustPolicy` is the JSON text. Unreadable policies admit nobody. */
export function trustAdmits(trustPolicy: string, assumer: Assumer): boolean {
  const applying = statements(trustPolicy).filter(
    (statement) => namesAssumeRole(statement.Action) && namesPrincipal(statement.Principal, assumer),
  );
  const denied = applying.some(
    (statement) => statement.Effect === 'Deny' && conditionHolds(statement, assumer) !== false,
  );
  return (
    !denied &&
    applying.some((statement) => statement.Effect === 'Allow' && conditionHolds(statement, assumer) === true)
  );
}

function statements(policy: string): readonly Json[] {
  try {
    const document: unknown = JSON.parse(policy);
    return isObject(document) ? listOf(document.Statement).filter(isObject) : [];
  } catch {
    return [];
  }
}

function namesAssumeRole(action: unknown): boolean {
  return listOf(action).some(
    (name) => typeof name === 'string' && wildcardPattern(name.toLowerCase()).test('sts:assumerole'),
  );
}

function namesPrincipal(principal: unknown, { service, arn, account }: Assumer): boolean {
  // A bare asterisk stands for every AWS identity; that it takes in services is UNKNOWN, so it does not.
  const aws = principal === '*' ? ['*'] : isObject(principal) ? listOf(principal.AWS) : [];
  if (
    arn !== undefined &&
    aws.some((name) => ['*', account, `arn:aws:iam::${account}:root`, arn].includes(String(name)))
  ) {
    return true;
  }
  return service !== undefined && isObject(principal) && listOf(principal.Service).includes(service);
}

/** Undefined when it cannot be told. */
function conditionHolds(statement: Json, { account }: Assumer): boolean | undefined {
  if (statement.Condition === undefined) return true;
  if (!isObject(statement.Condition)) return undefined;
  let holds = true;
  for (const [operator, keys] of Object.entries(statement.Condition)) {
    if (operator !== 'StringEquals' || !isObject(keys)) return undefined;
    for (const [key, values] of Object.entries(keys)) {
      if (key.toLowerCase() !== 'aws:sourceaccount') return undefined;
      holds &&= listOf(values).includes(account);
    }
  }
  return holds;
}

function wildcardPattern(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\*+/g, '.*').replaceAll('?', '.')}$`);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
