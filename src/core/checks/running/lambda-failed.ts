import type { Check } from '../../doctor/check.ts';
import type { FunctionConfiguration } from '../../doctor/facts.ts';
import type { Fix } from '../../doctor/finding.ts';
import { ask, call, tell } from '../../doctor/fixes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, configurationOf, functionFlags, functionsOf } from './about.ts';

const STATES = ['Failed', 'Deactivated', 'Deleting', 'ActiveNonInvocable'];

/** Reasons of a function that is idle, or on its way, as it should be. */
const HARMLESS = ['Idle', 'Creating', 'Restoring'];

/**
 * The function is there, and in a state in which it cannot be invoked. One that is only idle wakes up with its next event, and a
 * failed update leaves the former code in place (https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html).
 */
export const lambdaFailed: Check = {
  id: 'lambda-failed',
  reads: ['functions.configuration', 'functions.qualified'],
  judge(look) {
    return functionsOf(look).flatMap(({ hop, node }) => {
      const reading = configurationOf(node);
      const configuration = look.value(reading);
      if (!configuration) return [];
      const { state, stateReason, stateReasonCode } = configuration;
      const isFailed = STATES.includes(state);
      const doesNotWake =
        state === 'Inactive' && stateReasonCode !== undefined && !HARMLESS.includes(stateReasonCode);
      if (!isFailed && !doesNotWake) return [];
      const why = stateReasonCode === undefined ? '' : ` (${stateReasonCode})`;
      return [
        {
          id: 'lambda-failed',
          verdict: isFailed ? 'broken' : 'suspected',
          severity: 'BREAK',
          ...about(hop),
          message: isFailed
            ? `${called(hop.arn)} is in the state ${state}${why}, in which it cannot run`
            : `${called(hop.arn)} is idle and could not be woken up the last time${why}`,
          evidence: [
            evidence(reading, 'State', state),
            ...(stateReasonCode === undefined ? [] : [evidence(reading, 'StateReasonCode', stateReasonCode)]),
            ...(stateReason === undefined ? [] : [evidence(reading, 'StateReason', cut(stateReason))]),
          ],
          fix: fixOf(configuration, hop.arn),
        },
      ];
    });
  },
};

function fixOf({ state, stateReasonCode: code = '', kmsKeyArn }: FunctionConfiguration, arn: string): Fix {
  if (state === 'Deleting') return tell('It is being deleted: create it again under this name.');
  if (code === 'DisabledKMSKey' && kmsKeyArn !== undefined) {
    return {
      ...ask(call('kms', 'EnableKey', { KeyId: kmsKeyArn })),
      advice: 'Then deploy the function again, so that Lambda tries once more.',
    };
  }
  const [, cure = 'Mend what the reason says'] = CURES.find(([pattern]) => pattern.test(code)) ?? [];
  const look = ['aws', 'lambda', 'get-function-configuration', ...functionFlags(arn)];
  return tell(`${cure}, then deploy the function again, so that Lambda tries once more.`, look);
}

const CURES: readonly (readonly [RegExp, string])[] = [
  [/^Image|^InvalidImage/, 'Put the container image back into its repository and let Lambda read it'],
  [/^SubnetOutOfIP/, 'Free addresses in its subnets, or give it larger or more subnets'],
  [/^EniLimit/, 'Have the quota of network interfaces raised, or delete some that are not used'],
  [/^InvalidSubnet|^InvalidSecurityGroup/, 'Give it subnets and security groups that exist'],
  [/KMSKey/, 'Make its KMS key usable for it'],
  [/^EFS|^S3Files/, 'Make its file system reachable from its subnets'],
  [/^InsufficientRolePermissions/, 'Give its execution role what the reason names'],
  [/^InvalidRuntime/, 'Choose a runtime that Lambda still has'],
  [/^InvalidZipFile/, 'Build its package again'],
];
