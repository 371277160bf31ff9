// Warm upload -> log line visible through FilterLogEvents, by the real SDK; the anchor is one GetCallerIdentity of the same client
// settings in the same run: a round trip that does next to nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const ROUNDS = 100;
const binary = fileURLToPath(new URL('../bin/s3evt.js', import.meta.url));

export async function run() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const folder = mkdtempSync(join(tmpdir(), 's3evt-bench-'));
  const env = { ...process.env, HOME: folder, XDG_STATE_HOME: folder };
  delete env.NODE_EXTRA_CA_CERTS;
  const sandbox = spawn(process.execPath, [binary, 'sandbox', 'start', '--json'], { env, cwd: folder });
  try {
    const [line] = await once(sandbox.stdout.setEncoding('utf8'), 'data');
    const { endpoint } = JSON.parse(line);
    for (const runtime of ['python3.13', 'nodejs24.x']) await measure(endpoint, runtime, { env, folder });
  } finally {
    sandbox.kill('SIGINT');
    await once(sandbox, 'close');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(endpoint, runtime, { env, folder }) {
  const bucket = `bench-${runtime.replace('.', '-')}`;
  const args = ['init', bucket, '--function', bucket, '--runtime', runtime, '--no-save', '--yes', '--quiet'];
  const target = { ...env, AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
  const init = spawn(process.execPath, [binary, ...args], {
    env: target,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(init, 'close');
  if (code !== 0) throw new Error(`init ended with ${code}`);

  const settings = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const logs = new CloudWatchLogsClient(settings);
  const sts = new STSClient(settings);
  const visible = [];
  const anchor = [];
  for (let round = -5; round < ROUNDS; round++) {
    const begun = performance.now();
    const { $metadata } = await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: `k${round}`, Body: 'x' }),
    );
    const find = { logGroupName: `/aws/lambda/${bucket}`, filterPattern: `"${$metadata.requestId}"` };
    while (((await logs.send(new FilterLogEventsCommand(find))).events ?? []).length === 0);
    const seen = performance.now();
    await sts.send(new GetCallerIdentityCommand({}));
    if (round < 0) continue; // the first ones warm up
    visible.push(seen - begun);
    anchor.push(performance.now() - seen);
  }
  const [a, v] = [anchor, visible].map((times) => times.sort((x, y) => x - y));
  const at = (times, share) => times[Math.floor(times.length * share)];
  console.log(
    `${runtime}: median ${at(v, 0.5).toFixed(1)} ms, 95 % ${at(v, 0.95).toFixed(1)} ms; ` +
      `${(at(v, 0.5) / at(a, 0.5)).toFixed(1)} times one GetCallerIdentity (${at(a, 0.5).toFixed(1)} ms)`,
  );
  for (const client of [s3, logs, sts]) client.destroy();
}
