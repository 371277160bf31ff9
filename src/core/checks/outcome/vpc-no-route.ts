import type { Check } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { isTimeout } from './function-timeout.ts';
import { about, allRuns, lineOf, RUN_READS } from './runs.ts';

/**
 * A function in a VPC that has no way out: its calls to S3 hang. Route tables are EC2's and not read, so it is certain only where
 * the log names the connection that hangs. https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html
 */
export const vpcNoRoute: Check = {
  id: 'vpc-no-route',
  reads: RUN_READS,
  judge: (look) =>
    allRuns(look).flatMap(({ reached, runs }) => {
      const subnets = reached.configuration?.subnetIds ?? [];
      // What works once has a route.
      if (subnets.length === 0 || runs.some(({ state }) => state === 'ok')) return [];
      const errors = runs.flatMap((run) => run.errors);
      const hanging = errors.findLast(isHanging);
      const timeout = errors.findLast(isTimeout);
      if (!hanging && !timeout) return [];
      const failed = runs.filter(({ state }) => state === 'failed');
      const alwaysInTime = failed.length > 0 && failed.every((run) => run.errors.some(isTimeout));
      const certain = alwaysInTime && hanging !== undefined && /amazonaws\.com/.test(hanging.message);
      // Any slow function times out; only when all do, the network is as likely.
      if (!hanging && !alwaysInTime) return [];
      const lines = [hanging, timeout].flatMap((error) => error ?? []);
      return [
        {
          id: 'vpc-no-route',
          verdict: certain ? 'broken' : 'suspected',
          severity: 'CODE',
          ...about(reached),
          message: certain
            ? `${called(reached.arn)} is in a VPC from which it does not reach S3: its connections hang until its time is up`
            : `${called(reached.arn)} is in a VPC and every invocation seen ${hanging ? 'waits for a connection' : 'runs out of time'}: perhaps there is no route to S3`,
          evidence: [
            ...lines.map(lineOf),
            {
              call: 'lambda:GetFunctionConfiguration',
              field: 'VpcConfig.SubnetIds',
              value: subnets.join(', '),
            },
          ],
          fix: tell(
            'Give the VPC a gateway endpoint for S3 (no charge) and put it into the route tables of these subnets, or route them through a NAT gateway.',
            [
              'aws',
              'ec2',
              'describe-route-tables',
              '--filters',
              `Name=association.subnet-id,Values=${subnets.join(',')}`,
            ],
          ),
        },
      ];
    }),
};

/** botocore; the SDKs for JavaScript, for Go and for Java. */
function isHanging({ message }: SeenError): boolean {
  return /Connect timeout on endpoint URL|connect ETIMEDOUT|without establishing a connection|dial tcp \S{1,60} i\/o timeout|[Cc]onnect(?:ion)? time(?:d )?out/.test(
    message,
  );
}
