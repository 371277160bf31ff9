/** What s3evt set up, as another vendor's client sees it. Skipped where the machine has no AWS CLI. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { firstLine, runBinary, startBinary } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';

function hasAwsCli(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasAwsCli())('the AWS CLI', () => {
  test('sees bucket, function, policy, rule, object and logs; and nothing after destroy', async () => {
    const cwd = temporaryFolder();
    const sandbox = startBinary(['sandbox', 'start', '--json'], { cwd });
    const { endpoint } = JSON.parse(await firstLine(sandbox)) as { endpoint: string };
    const target = { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
    const aws = async (command: string): Promise<unknown> => {
      const { stdout } = await promisify(execFile)(
        'aws',
        ['--endpoint-url', endpoint, ...command.split(' ')],
        {
          env: {
            ...process.env,
            ...target,
            AWS_DEFAULT_REGION: 'us-east-1',
            AWS_PAGER: '',
            AWS_CONFIG_FILE: join(cwd, 'none'),
            AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'none'),
          },
        },
      );
      return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
    };
    const s3evt = async (...args: string[]) => {
      const result = await runBinary(args, { cwd, env: target });
      expect(result, result.stderr).toMatchObject({ code: 0 });
      return result;
    };

    const seed = ['--event', 's3:ObjectCreated:*', '--id', 'Invoke-Lambda-NewObjects', '--yes'];
    await s3evt('init', 'demo-01-events-lambda', '--function', 'Demo-S3', ...seed);
    await s3evt('test-upload', join(process.cwd(), 'beach.jpeg'));
    expect((await s3evt('tail', '--no-follow')).stdout).toContain('demo-01-events-lambda/beach.jpeg');
    expect((await s3evt('status')).stdout).toContain('permission allowed');

    const [objects, fn, policy, notification, logs] = await Promise.all([
      aws('s3api list-objects-v2 --bucket demo-01-events-lambda'),
      aws('lambda get-function --function-name Demo-S3'),
      aws('lambda get-policy --function-name Demo-S3'),
      aws('s3api get-bucket-notification-configuration --bucket demo-01-events-lambda'),
      aws('logs filter-log-events --log-group-name /aws/lambda/Demo-S3 --filter-pattern "beach.jpeg"'),
    ]);
    expect(objects).toMatchObject({ Contents: [{ Key: 'beach.jpeg' }] });
    expect(fn).toMatchObject({ Configuration: { Runtime: 'python3.13', State: 'Active' } });
    const { Policy } = policy as { Policy: string };
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        {
          Principal: { Service: 's3.amazonaws.com' },
          Condition: {
            ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::demo-01-events-lambda' },
            StringEquals: { 'AWS:SourceAccount': '000000000000' },
          },
        },
      ],
    });
    expect(notification).toEqual({
      LambdaFunctionConfigurations: [
        {
          Id: 'Invoke-Lambda-NewObjects',
          LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Demo-S3',
          Events: ['s3:ObjectCreated:*'],
        },
      ],
    });
    expect((logs as { events: unknown[] }).events).toHaveLength(1);

    await s3evt('destroy', '--yes');
    await expect(aws('s3api head-bucket --bucket demo-01-events-lambda')).rejects.toThrow();
    await expect(aws('lambda get-function --function-name Demo-S3')).rejects.toThrow(
      'ResourceNotFoundException',
    );
    await expect(aws('iam get-role --role-name s3evt-Demo-S3')).rejects.toThrow('NoSuchEntity');
  });
});
