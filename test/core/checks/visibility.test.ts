import { describe, expect, it } from 'vitest';
import { logGroupElsewhere } from '../../../src/core/checks/visibility/log-group-elsewhere.ts';
import { logsLateOrExpired } from '../../../src/core/checks/visibility/logs-late-or-expired.ts';
import { noLogPermission } from '../../../src/core/checks/visibility/no-log-permission.ts';
import type {
  DoctorFacts,
  FunctionConfiguration,
  LogNode,
  Simulation,
} from '../../../src/core/doctor/facts.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { objectOf, ok, seen, simulation } from './outcome-support.ts';
import {
  configuration,
  facts,
  fnArn,
  functionNode,
  judge,
  log,
  MINUTE,
  NOW,
  ROLE_ARN,
  roleNode,
} from './support.ts';

const GROUP = 'arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/thumbs';
const ran = (minutes = 30) =>
  read('cloudwatch:GetMetricData', [
    {
      namespace: 'AWS/Lambda',
      name: 'Invocations',
      of: 'thumbs',
      points: [[NOW - minutes * MINUTE, 3]] as const,
    },
  ]);
const NO_GROUP = { group: absent('logs:DescribeLogGroups'), seen: absent('logs:FilterLogEvents') };

interface Given {
  readonly log?: LogNode;
  readonly configuration?: Partial<FunctionConfiguration>;
  readonly simulated?: readonly Simulation[];
  readonly over?: Partial<Pick<DoctorFacts, 'metrics' | 'object' | 'roles'>>;
}
function given({
  log: node = log(),
  configuration: own = {},
  simulated = [],
  over = {},
}: Given): DoctorFacts {
  return facts({
    functions: {
      [fnArn()]: functionNode({
        configuration: read('lambda:GetFunctionConfiguration', configuration(own)),
        log: node,
      }),
    },
    roles: { [ROLE_ARN]: roleNode({ simulated: read('iam:SimulatePrincipalPolicy', simulated) }) },
    ...over,
  });
}
const all = (decision: Simulation['decision'], deniedBy?: Simulation['deniedBy']) =>
  ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'].map((action) =>
    simulation(action, `${GROUP}:*`, decision, deniedBy),
  );

describe('no-log-permission', () => {
  it('is certain when it ran and IAM denies, and attaching the basic policy is safe', () => {
    const found = judge(
      noLogPermission,
      given({ log: log({}, NO_GROUP), simulated: all('implicitDeny'), over: { metrics: ran() } }),
    ).findings;
    expect(found).toMatchObject([
      {
        verdict: 'broken',
        severity: 'BLIND',
        node: fnArn(),
        fix: {
          mode: 'safe',
          actions: [
            {
              operation: 'AttachRolePolicy',
              input: {
                RoleName: 'thumbs-role',
                PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
              },
            },
          ],
        },
      },
    ]);
  });

  it('is suspected when it is not known to have run', () => {
    expect(judge(noLogPermission, given({ simulated: all('implicitDeny') })).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('does not want CreateLogGroup for a group that is there', () => {
    const simulated = [simulation('logs:CreateLogGroup', GROUP, 'implicitDeny'), ...all('allowed').slice(1)];
    expect(judge(noLogPermission, given({ simulated, over: { metrics: ran() } })).findings).toEqual([]);
    const missing = given({ log: log({}, NO_GROUP), simulated, over: { metrics: ran() } });
    expect(judge(noLogPermission, missing).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is nothing when allowed, when lines are there, or when the simulation is of another group', () => {
    expect(judge(noLogPermission, given({ simulated: all('allowed') })).findings).toEqual([]);
    const written = given({ simulated: all('implicitDeny'), log: log(seen(ok('a', 5))) });
    expect(judge(noLogPermission, written).findings).toEqual([]);
    const other = [simulation('logs:PutLogEvents', `${GROUP.slice(0, -6)}other:*`, 'implicitDeny')];
    expect(judge(noLogPermission, given({ simulated: other })).findings).toEqual([]);
  });

  it('only tells of a Deny', () => {
    const simulated = all('implicitDeny', 'boundary');
    expect(judge(noLogPermission, given({ simulated })).findings).toMatchObject([{ fix: { mode: 'tell' } }]);
  });

  it('says so when IAM may not be asked', () => {
    const roles = {
      [ROLE_ARN]: roleNode({ simulated: denied('iam:SimulatePrincipalPolicy', ROLE_ARN) }),
    };
    const { findings, notChecked } = judge(noLogPermission, given({ over: { roles } }));
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ action: 'iam:SimulatePrincipalPolicy' }]);
  });
});

describe('log-group-elsewhere', () => {
  const findings = (of: Given) => judge(logGroupElsewhere, given(of)).findings;
  const json = { logFormat: 'JSON', systemLogLevel: 'WARN' };

  it('tells of a group that cannot be searched', () => {
    const group = read('logs:DescribeLogGroups', { class: 'INFREQUENT_ACCESS' });
    expect(findings({ log: log({}, { group }) })).toMatchObject([
      { verdict: 'risk', severity: 'BLIND', fix: { mode: 'tell' } },
    ]);
  });

  it('tells of START and REPORT that are left out, once it ran', () => {
    expect(findings({ configuration: json, over: { metrics: ran() } })).toMatchObject([
      { verdict: 'risk', fix: { mode: 'ask', actions: [{ operation: 'UpdateFunctionConfiguration' }] } },
    ]);
    expect(findings({ configuration: json })).toEqual([]);
  });

  it('says nothing where the function prints its events', () => {
    const { records = [] } = seen(ok('a', 5, 'a.jpg'));
    expect(findings({ configuration: json, log: log({ records }), over: { metrics: ran() } })).toEqual([]);
  });

  it('tells of another group only where nothing was found in it', () => {
    const moved = { configuration: { logGroup: '/shared' } };
    expect(findings({ ...moved, over: { metrics: ran() } })).toMatchObject([{ verdict: 'risk' }]);
    expect(findings(moved)).toEqual([]);
    expect(findings({ ...moved, log: log(seen(ok('a', 5))), over: { metrics: ran() } })).toEqual([]);
  });

  it('says so when the metrics may not be read', () => {
    const metrics = denied('cloudwatch:GetMetricData', '*');
    expect(
      judge(logGroupElsewhere, given({ configuration: json, over: { metrics } })).notChecked,
    ).toMatchObject([{ action: 'cloudwatch:GetMetricData' }]);
  });
});

describe('logs-late-or-expired', () => {
  const notes = (of: Given) => {
    const { findings, notChecked } = judge(logsLateOrExpired, given(of));
    expect(findings).toEqual([]);
    return notChecked.map(({ reason }) => reason);
  };

  it('notes an empty log of a function that ran: late, lost or deleted', () => {
    expect(notes({ over: { metrics: ran(3) } })).toEqual([expect.stringContaining('10 minutes')]);
    expect(notes({ over: { metrics: ran() } })).toEqual([expect.stringContaining('no lines')]);
    expect(notes({ log: log({}, NO_GROUP), over: { metrics: ran() } })).toEqual([
      expect.stringContaining('deleted'),
    ]);
  });

  it('notes an object that is older than the log', () => {
    const group = read('logs:DescribeLogGroups', { class: 'STANDARD', retentionDays: 1 });
    const object = objectOf('a.jpg', { modified: NOW - 2 * 86_400_000 });
    expect(notes({ log: log({}, { group }), over: { object } })).toEqual([expect.stringContaining('1 days')]);
    expect(notes({ log: log({}, { group }), over: { object: objectOf('a.jpg') } })).toEqual([]);
  });

  it('notes nothing where there was no traffic, where lines are there, or where the cause is known', () => {
    expect(notes({})).toEqual([]);
    expect(notes({ log: log({}, NO_GROUP) })).toEqual([]);
    expect(notes({ log: log(seen(ok('a', 5))), over: { metrics: ran() } })).toEqual([]);
    expect(notes({ simulated: all('implicitDeny'), over: { metrics: ran() } })).toEqual([]);
    const configuration = { logFormat: 'JSON', systemLogLevel: 'WARN' };
    expect(notes({ configuration, over: { metrics: ran() } })).toEqual([]);
  });
});
