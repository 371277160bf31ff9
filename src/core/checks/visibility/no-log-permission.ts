import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import type { Fix } from '../../doctor/finding.ts';
import { call, safe, tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { roleName } from '../outcome/role.ts';
import { about, REACHED_READS, reachedFunctions, type Reached } from '../outcome/runs.ts';
import { logDenials } from './log-role.ts';

/** The function runs and leaves no trace, since its role may not write its log. */
export const noLogPermission: Check = {
  id: 'no-log-permission',
  reads: [...REACHED_READS, 'functions.log', 'roles.simulated', 'metrics'],
  judge: (look) =>
    reachedFunctions(look).flatMap((reached) => {
      const found = logDenials(look, reached);
      const [first] = found?.denied ?? [];
      if (!found || !first) return [];
      // It writes, whatever IAM said of the resource it was asked about.
      if ((valueOf(reached.node.log?.seen)?.lines ?? 0) > 0) return [];
      const invocations = metricSum(look, 'AWS/Lambda', 'Invocations', reached.node.name);
      const ran = (invocations ?? 0) > 0;
      const missing = found.denied.map(({ action }) => action).join(', ');
      return [
        {
          id: 'no-log-permission',
          verdict: ran ? 'broken' : 'suspected',
          severity: 'BLIND',
          ...about(reached),
          message: `${called(reached.arn)} ${ran ? 'runs, but its' : 'would run unseen: its'} role may not write its log (${missing})`,
          evidence: [
            evidence(found.simulated, `${first.action} ${first.resource}`, first.decision),
            ...(ran
              ? [{ call: 'cloudwatch:GetMetricData', field: 'Invocations', value: String(invocations) }]
              : []),
          ],
          fix: fixFor(
            reached,
            found.denied.every(({ decision, deniedBy }) => decision === 'implicitDeny' && !deniedBy),
          ),
        },
      ];
    }),
};

/** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html */
function fixFor({ configuration }: Reached, lacksOnly: boolean): Fix {
  const name = roleName(configuration?.roleArn);
  const partition = parseArn(configuration?.roleArn ?? '')?.partition;
  if (!lacksOnly || name === undefined || partition === undefined) {
    return tell(
      "A policy denies the function's role the writing of logs: whoever owns that policy has to change it.",
    );
  }
  return safe(
    call('iam', 'AttachRolePolicy', {
      RoleName: name,
      PolicyArn: `arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`,
    }),
  );
}
