/** Resource policies: one per function, version and alias (AddPermission, RemovePermission, GetPolicy). */
import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers } from '../../wire/types.ts';
import {
  aliasNotFound,
  conflict,
  functionNotFound,
  invalidParameter,
  notFound,
  revisionMismatch,
  validation,
} from './errors.ts';
import { type AliasRecord, type FunctionRecord, type FunctionStore, type VersionRecord } from './store.ts';

type Operations = Pick<Handlers<typeof LambdaSdk>, 'AddPermission' | 'RemovePermission' | 'GetPolicy'>;

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: '*' | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const MAX_POLICY_BYTES = 20_480;

/** The document of a qualifier ('' for the function itself), or undefined when it has no statement. */
export function policyText(record: FunctionRecord, qualifier: string | undefined): string | undefined {
  const statements = record.policies.get(qualifier ?? '');
  return statements && statements.length > 0 ? render(statements) : undefined;
}

const render = (statements: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });

function renderPrincipal(principal: string): Statement['Principal'] {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (/^arn:[^:]+:(iam|sts)::/.test(principal)) return { AWS: principal };
  if (/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(principal)) return { Service: principal };
  throw invalidParameter('The provided principal was invalid. Please check the principal and try again.');
}

/** The order of operators and the spelling `AWS:` are AWS's own, as recorded. */
function renderCondition(input: Partial<LambdaSdk.AddPermissionRequest>): Statement['Condition'] {
  const equals = {
    ...(input.SourceAccount !== undefined && { 'AWS:SourceAccount': input.SourceAccount }),
    ...(input.PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
    ...(input.EventSourceToken !== undefined && { 'lambda:EventSourceToken': input.EventSourceToken }),
    ...(input.FunctionUrlAuthType !== undefined && {
      'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType,
    }),
  };
  const condition = {
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(input.SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
  };
  return Object.keys(condition).length > 0 ? condition : undefined;
}

/** Whose RevisionId a policy has: the version's or the alias's that it belongs to. */
function holder(
  record: FunctionRecord,
  qualifier: string | undefined,
): VersionRecord | AliasRecord | undefined {
  if (qualifier === undefined) return record.latest;
  return record.aliases.get(qualifier) ?? record.versions.get(qualifier);
}

function checkMember(value: string | undefined, member: string, pattern: string): void {
  if (value === undefined || new RegExp(`^${pattern}$`).test(value)) return;
  throw validation(value, member, `satisfy regular expression pattern: ${pattern}`);
}

export function permissionOperations(env: SandboxEnv, store: FunctionStore): Operations {
  return {
    AddPermission(input, ctx) {
      checkMember(input.StatementId, 'statementId', '([a-zA-Z0-9-_]+)');
      checkMember(input.Action, 'action', '(lambda:[*]|lambda:[a-zA-Z]+|[*])');
      checkMember(input.SourceAccount, 'sourceAccount', '\\d{12}');
      const target = store.resolve(input.FunctionName, input.Qualifier, ctx);
      const { record, qualifier, qualifiedArn } = target;
      if (qualifier === '$LATEST')
        throw invalidParameter('We currently do not support adding policies for $LATEST.');
      if (!record) throw functionNotFound(qualifiedArn);
      const owner = holder(record, qualifier);
      if (!owner)
        throw /^\d+$/.test(qualifier ?? '') ? functionNotFound(qualifiedArn) : aliasNotFound(qualifiedArn);
      const principal = renderPrincipal(input.Principal ?? '');
      if (input.RevisionId !== undefined && input.RevisionId !== owner.revisionId)
        throw revisionMismatch('GetPolicy');

      const sid = input.StatementId ?? '';
      const former = (record.policies.get(qualifier ?? '') ?? []) as readonly Statement[];
      if (former.some((statement) => statement.Sid === sid)) {
        throw conflict(
          `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        );
      }
      const condition = renderCondition(input);
      const statement: Statement = {
        Sid: sid,
        Effect: 'Allow',
        Principal: principal,
        Action: input.Action ?? '',
        Resource: qualifiedArn,
        ...(condition && { Condition: condition }),
      };
      const size = Buffer.byteLength(render([...former, statement]));
      if (size > MAX_POLICY_BYTES) {
        throw new AwsError(
          'PolicyLengthExceededException',
          `The final policy size (${size}) is bigger than the limit (${MAX_POLICY_BYTES}).`,
          { status: 400 },
        );
      }
      record.policies.set(qualifier ?? '', [...former, statement]);
      owner.revisionId = env.ids.uuid();
      return { Statement: JSON.stringify(statement) };
    },

    RemovePermission(input, ctx) {
      const { record, qualifier, qualifiedArn } = store.resolve(input.FunctionName, input.Qualifier, ctx);
      if (!record) throw notFound(`No policy found for: ${qualifiedArn}`);
      const statements = (record.policies.get(qualifier ?? '') ?? []) as readonly Statement[];
      const owner = holder(record, qualifier);
      if (!owner || statements.length === 0)
        throw notFound('No policy is associated with the given resource.');
      const left = statements.filter((statement) => statement.Sid !== input.StatementId);
      if (left.length === statements.length) {
        throw notFound(`Statement ${input.StatementId ?? ''} is not found in resource policy.`);
      }
      if (input.RevisionId !== undefined && input.RevisionId !== owner.revisionId)
        throw revisionMismatch('GetPolicy');
      record.policies.set(qualifier ?? '', left);
      owner.revisionId = env.ids.uuid();
    },

    GetPolicy(input, ctx) {
      const { record, qualifier } = store.resolve(input.FunctionName, input.Qualifier, ctx);
      const text = record && policyText(record, qualifier);
      const owner = record && holder(record, qualifier);
      if (text === undefined || !owner) throw notFound('The resource you requested does not exist.');
      return { Policy: text, RevisionId: owner.revisionId };
    },
  };
}
