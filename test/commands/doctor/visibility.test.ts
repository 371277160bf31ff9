import { DetachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, test } from 'vitest';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { configure, handler, upload } from './handlers.ts';
import { doctor, proves, summary } from './scenario.ts';
import { directFunction } from './world.ts';

const sandbox = shareSandbox();

const LOGS = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const WORKING = handler('');

describe('the log is not what it seems', () => {
  proves(sandbox, [
    {
      id: 'no-log-permission',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        await world.iam.send(new DetachRolePolicyCommand({ RoleName: 'thumbs-role', PolicyArn: LOGS }));
        await upload(world);
      },
      then: (world) => upload(world),
    },
    {
      id: 'log-group-elsewhere',
      when: 'moved',
      verdict: 'risk',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        await upload(world);
        await configure(world, { LoggingConfig: { LogGroup: '/shared/functions' } });
      },
      then: (world) => upload(world),
    },
    {
      id: 'log-group-elsewhere',
      when: 'without START and REPORT',
      verdict: 'risk',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        await configure(world, {
          LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'FATAL' },
        });
        await upload(world);
      },
      then: (world) => upload(world),
    },
    {
      id: 'log-group-elsewhere',
      when: 'of a class that cannot be searched',
      verdict: 'risk',
      setUp: (world) => directFunction(world, WORKING),
      breaks: async (world) => {
        await world.logs.send(
          new CreateLogGroupCommand({
            logGroupName: '/cheap/functions',
            logGroupClass: 'INFREQUENT_ACCESS',
          }),
        );
        await configure(world, { LoggingConfig: { LogGroup: '/cheap/functions' } });
        await upload(world);
      },
    },
  ]);

  test('logs-late-or-expired: lines that are late are not taken for a function that never ran', async () => {
    const world = sandbox();
    await directFunction(world, WORKING);
    world.faults.add({ match: {}, effect: { kind: 'late-logs', ms: 300_000 } });
    await upload(world);
    const { code, data } = await doctor(world);
    expect(
      [code, data.verdict, data.findings.filter(({ verdict }) => verdict !== 'risk')],
      summary(data),
    ).toEqual([4, 'unknown', []]);
    const late =
      'the function ran a few minutes ago, and log lines can take 10 minutes to arrive: look again then';
    expect(data.notChecked).toMatchObject([{ check: 'logs-late-or-expired', reason: late }]);
  });
});
