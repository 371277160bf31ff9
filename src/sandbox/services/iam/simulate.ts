/**
 * SimulatePrincipalPolicy and SimulateCustomPolicy: what the evaluator of every other request decides
 * (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html).
 */
import type * as Client from '@aws-sdk/client-iam';
import { identityEffect } from '../../access/decide.ts';
import type { Caller } from '../../access/caller.ts';
import type { Handlers } from '../../wire/types.ts';
import { pageOf } from './parameters.ts';
import { checkPolicyDocument } from './policy-document.ts';
import { noSuchEntity } from './store.ts';

type Handler = Pick<Handlers<typeof Client>, 'SimulatePrincipalPolicy' | 'SimulateCustomPolicy'>;

const DECISIONS = {
  allow: 'allowed',
  'implicit-deny': 'implicitDeny',
  'explicit-deny': 'explicitDeny',
} as const;

type Request = Pick<
  Client.SimulateCustomPolicyRequest,
  'ActionNames' | 'ResourceArns' | 'ContextEntries' | 'Marker' | 'MaxItems'
>;

/** `documents`: JSON texts of the policies of the role with this ARN; undefined when there is no such role. */
export function simulationHandlers(documents: (arn: string) => readonly string[] | undefined): Handler {
  return {
    SimulatePrincipalPolicy(input) {
      const arn = input.PolicySourceArn ?? '';
      const own = documents(arn);
      // Text second-hand.
      if (!own)
        throw noSuchEntity(`The role with name ${arn.slice(arn.lastIndexOf('/') + 1)} cannot be found.`);
      return simulate(arn, [...own, ...checked(input.PolicyInputList)], input);
    },
    SimulateCustomPolicy: (input) => simulate(input.CallerArn ?? '', checked(input.PolicyInputList), input),
  };
}

function checked(documents: readonly string[] | undefined): readonly string[] {
  for (const document of documents ?? []) checkPolicyDocument(document, 'identity');
  return documents ?? [];
}

/** Policies of resources do not count: the request's own ResourcePolicy is for users, which the sandbox has none of. */
function simulate(
  arn: string,
  identity: readonly string[],
  { ActionNames = [], ResourceArns, ContextEntries = [], Marker, MaxItems }: Request,
): Client.SimulatePolicyResponse {
  const caller: Caller = { kind: 'session', arn, userId: '', account: arn.split(':')[4] ?? '', roleArn: arn };
  const context = Object.fromEntries(
    ContextEntries.map(({ ContextKeyName = '', ContextKeyValues = [] }) => [
      ContextKeyName,
      ContextKeyValues[0] ?? '',
    ]),
  );
  const results = ActionNames.flatMap((action, i) =>
    (ResourceArns ?? ['*']).map((resource, j) => ({
      order: `${String(i).padStart(4, '0')}/${String(j).padStart(4, '0')}`,
      result: {
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: DECISIONS[identityEffect({ caller, identity, action, resource, context })],
        MatchedStatements: [],
        MissingContextValues: [],
      } satisfies Client.EvaluationResult,
    })),
  );
  const { page, paging } = pageOf(results, ({ order }) => order, { Marker, MaxItems });
  return { EvaluationResults: page.map(({ result }) => result), ...paging };
}
