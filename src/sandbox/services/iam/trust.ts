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
  /** Of a role session: policies name the role rather than its sessions. */
  readonly roleArn?: string | undefined;
  /** Twelve digits: the caller's account, or the one that the service acts for. */
  readonly account: string;
}

type Json = Readonly<Record<string, unknown>>;

/** `trustPolicy` is the JSON text. Unreadable policies admit nobody. */
export function trustAdmits(trustPolicy: string, assumer: Assumer): boolean {
  return trustOf(trustPolicy, assumer) !== undefined;
}

/**
 * How a trust policy admits somebody: by name, or only as one of its account, whose own policies then decide; undefined when
 * it does not.
 */
export function trustOf(trustPolicy: string, assumer: Assumer): 'name' | 'account' | undefined {
  const applying = statements(trustPolicy).flatMap((statement) => {
    const by = namesAssumeRole(statement.Action) ? principalNamed(statement.Principal, assumer) : undefined;
    return by === undefined ? [] : [{ statement, by }];
  });
  const denied = applying.some(
    ({ statement }) => statement.Effect === 'Deny' && conditionHolds(statement, assumer) !== false,
  );
  if (denied) return undefined;
  const admitted = applying.filter(
    ({ statement }) => statement.Effect === 'Allow' && conditionHolds(statement, assumer) === true,
  );
  return admitted.some(({ by }) => by === 'name') ? 'name' : admitted[0]?.by;
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

function principalNamed(
  principal: unknown,
  { service, arn, roleArn, account }: Assumer,
): 'name' | 'account' | undefined {
  // A bare asterisk stands for every AWS identity; that it takes in services is UNKNOWN, so it does not.
  const aws = principal === '*' ? ['*'] : isObject(principal) ? listOf(principal.AWS) : [];
  if (arn !== undefined) {
    if (aws.some((name) => name === '*' || name === arn || (roleArn !== undefined && name === roleArn)))
      return 'name';
    if (aws.some((name) => name === account || name === `arn:aws:iam::${account}:root`)) return 'account';
  }
  const isService =
    service !== undefined && isObject(principal) && listOf(principal.Service).includes(service);
  return isService ? 'name' : undefined;
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
