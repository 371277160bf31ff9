import type { Check, Look } from '../../doctor/check.ts';
import type { LogSeen } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { sumOf } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, configurationOf, functionsOf, type FunctionHop } from './about.ts';

/** Errors of Invoke. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const MOUNT_ERROR = /\b(?:EFS(?:Mount|IO)|S3Files(?:Mount|IO)?)\w*(?:Exception|Error|Failure|Timeout)\w*/i;

/** Lambda fails before the code runs: the file system cannot be mounted, or the function wants a tenant that S3 does not name. */
export const lambdaMountOrTenancy: Check = {
  id: 'lambda-mount-or-tenancy',
  reads: ['functions.configuration', 'functions.qualified', 'functions.log', 'metrics', 'bucket.name'],
  judge(look) {
    return functionsOf(look).flatMap((one) => mountFinding(look, one) ?? tenancyFinding(look, one) ?? []);
  },
};

function mountFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const reading = configurationOf(node);
  const systems = look.value(reading)?.fileSystems ?? [];
  const [system] = systems;
  if (system === undefined) return undefined;
  const seen = look.value(node.log?.seen);
  if (!seen) return undefined;
  const shared = {
    id: 'lambda-mount-or-tenancy',
    ...about(hop),
    fix: tell(
      'Check that the file system has a mount target in each of its subnets, that the security groups let NFS (port 2049) through, and that the execution role may mount it.',
    ),
  } as const;
  const failed = seen.errors.filter(({ type, message }) => MOUNT_ERROR.test(`${type} ${message}`));
  const last = failed.at(-1);
  if (last) {
    const isOver = lastSuccess(seen) > Math.max(...failed.map(({ time }) => time));
    return {
      ...shared,
      verdict: isOver ? 'suspected' : 'broken',
      severity: isOver ? 'SOME' : 'BREAK',
      message: isOver
        ? `${called(hop.arn)} could not mount its file system for some invocations`
        : `${called(hop.arn)} cannot mount its file system, so every invocation fails before its code runs`,
      evidence: [
        evidence(reading, 'FileSystemConfigs[].Arn', cut(system)),
        { call: 'log', field: 'error', value: cut(`${last.type} ${last.message}`.trim()) },
      ],
    };
  }
  // A file system alone is no sign: invocations that never reached the code are.
  const series = look.value(look.facts.metrics);
  if (!series || seen.lines > 0 || seen.invocations.length > 0) return undefined;
  const sum = (name: string) => sumOf(series, 'AWS/Lambda', name, node.name);
  const errors = sum('Errors');
  if (errors === 0 || errors < sum('Invocations')) return undefined;
  return {
    ...shared,
    verdict: 'suspected',
    severity: 'BREAK',
    message: `every invocation of ${called(hop.arn)} failed before its code wrote a line; mounting its file system may be what fails`,
    evidence: [
      evidence(reading, 'FileSystemConfigs[].Arn', cut(system)),
      evidence(look.facts.metrics, 'Errors', String(errors)),
      evidence(node.log?.seen, 'lines', '0'),
    ],
  };
}

function lastSuccess({ invocations }: LogSeen): number {
  return Math.max(
    -Infinity,
    ...invocations.flatMap(({ report }) => (report?.status === 'ok' ? [report.time] : [])),
  );
}

function tenancyFinding(look: Look, { hop, node }: FunctionHop): Finding | undefined {
  const reading = configurationOf(node);
  const tenancy = look.value(reading)?.tenantIsolation;
  if (tenancy === undefined) return undefined;
  const { name } = look.facts.bucket;
  if ((valueOf(node.log?.seen)?.records ?? []).some(({ bucket }) => bucket === name)) return undefined;
  return {
    id: 'lambda-mount-or-tenancy',
    verdict: 'suspected',
    severity: 'BREAK',
    ...about(hop),
    message: `${called(hop.arn)} wants the id of a tenant with each invocation, which events of S3 do not have`,
    evidence: [evidence(reading, 'TenancyConfig.TenantIsolationMode', cut(tenancy))],
    fix: tell(
      'Send the events to a function without tenant isolation, which may invoke this one for each tenant. Tenant isolation is chosen when a function is created and cannot be changed.',
    ),
  };
}
