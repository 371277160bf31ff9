// 10,000 uploads of a small object with a rule to a queue, 64 in flight, while a consumer drains the queue; the sandbox is a process
// of its own. The anchor is the same uploads to a bucket without a rule, in turn with them, each in a fresh sandbox. Uploads are plain
// HTTP: an SDK client works several times as long on one as the sandbox does, and would be what is measured. Ends with exit code 1
// unless each key was delivered exactly once. With CPU_PROF=FOLDER each sandbox leaves a CPU profile there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

const UPLOADS = 10_000;
const IN_FLIGHT = 64;
const CONSUMERS = 4;
const ROUNDS = 3;
// Whose request it is; the sandbox checks no signature.
const authorization =
  'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
const HEADERS = { authorization, 'content-length': 1 };
const MARKS = [UPLOADS / 4, UPLOADS / 2, UPLOADS];
const binary = fileURLToPath(new URL('../bin/s3evt.js', import.meta.url));

export async function run() {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const [anchors, loads] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    anchors.push(await inFreshSandbox(uploadWithoutRule));
    loads.push(await inFreshSandbox(uploadToQueue));
  }
  const middle = (rounds, read) => rounds.map(read).sort((a, b) => a - b)[Math.floor(rounds.length / 2)];
  const perSecond = ({ uploadMs }) => (UPLOADS / uploadMs) * 1000;
  const memory = (rounds) =>
    MARKS.map((mark, i) => `${mark}: ${middle(rounds, ({ peaksMb }) => peaksMb[i])} MB`).join(', ');
  console.log(
    `${UPLOADS} uploads, ${IN_FLIGHT} in flight: median ${middle(loads, perSecond).toFixed(0)} uploads/s to a queue; ` +
      `${(middle(loads, (load) => load.uploadMs) / middle(anchors, (anchor) => anchor.uploadMs)).toFixed(2)} times ` +
      `as long as without a rule (${middle(anchors, perSecond).toFixed(0)} uploads/s)`,
  );
  console.log(
    `drained ${middle(loads, ({ drainMs }) => drainMs).toFixed(0)} ms after the last upload (median)`,
  );
  console.log(`peak memory of the sandbox, with the queue: ${memory(loads)}; without: ${memory(anchors)}`);
  for (const { received, distinct } of loads) {
    console.log(`${received} events delivered, ${distinct} distinct keys`);
    if (received !== UPLOADS || distinct !== UPLOADS) process.exitCode = 1;
  }
}

async function inFreshSandbox(measure) {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-bench-'));
  const env = { ...process.env, HOME: folder, XDG_STATE_HOME: folder };
  delete env.NODE_EXTRA_CA_CERTS;
  const { CPU_PROF } = process.env;
  const profile = CPU_PROF === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${CPU_PROF}`];
  const sandbox = spawn(process.execPath, [...profile, binary, 'sandbox', 'start', '--json'], {
    env,
    cwd: folder,
  });
  const clients = [];
  try {
    const [line] = await once(sandbox.stdout.setEncoding('utf8'), 'data');
    const { endpoint } = JSON.parse(line);
    const settings = {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    };
    clients.push(new S3Client({ ...settings, forcePathStyle: true }), new SQSClient(settings));
    const [s3, sqs] = clients;
    await s3.send(new CreateBucketCommand({ Bucket: 'load' }));
    return await measure({ s3, sqs, endpoint, pid: sandbox.pid });
  } finally {
    for (const client of clients) client.destroy();
    sandbox.kill('SIGINT');
    await once(sandbox, 'close');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds for all uploads, and the sandbox's peak memory after a quarter, a half and all of them. */
async function uploadWithoutRule({ endpoint, pid }) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const peaksMb = [];
  let [begun, done] = [0, 0];
  const start = performance.now();
  const uploadOneByOne = async () => {
    while (begun < UPLOADS) {
      await upload(agent, `${endpoint}/load/key-${begun++}`);
      if (MARKS.includes(++done)) peaksMb.push(peakMb(pid));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, uploadOneByOne));
  agent.destroy();
  return { uploadMs: performance.now() - start, peaksMb };
}

function upload(agent, url) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'PUT', headers: HEADERS }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
      response.on('end', resolve).on('error', reject).resume();
    });
    sent.on('error', reject).end('x');
  });
}

/** As `uploadWithoutRule`; also milliseconds from the last upload to the last event, and how many came of how many keys. */
async function uploadToQueue(target) {
  const { s3, sqs } = target;
  const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:load';
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QueueArn,
        Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::load' } },
      },
    ],
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'load', Attributes: { Policy } }));
  const QueueConfigurations = [{ QueueArn, Events: ['s3:ObjectCreated:*'] }];
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'load',
      NotificationConfiguration: { QueueConfigurations },
    }),
  );
  const keys = new Set();
  let [received, uploaded] = [0, false];
  const consume = async () => {
    for (;;) {
      // Once all is uploaded, an empty answer is the end: S3 hands the event on in the turn after it answers the upload.
      const wasUploaded = uploaded;
      const receive = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(receive));
      if (Messages.length === 0 && wasUploaded) return;
      if (Messages.length === 0) continue;
      for (const { Body } of Messages) {
        for (const { s3: record } of JSON.parse(Body).Records ?? []) {
          received++;
          keys.add(record.object.key);
        }
      }
      if (keys.size === UPLOADS) drainedAt ??= performance.now();
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  let drainedAt;
  const consumers = Array.from({ length: CONSUMERS }, consume);
  const measured = await uploadWithoutRule(target);
  uploaded = true;
  const uploadedAt = performance.now();
  await Promise.all(consumers);
  return { ...measured, drainMs: Math.max(0, drainedAt - uploadedAt), received, distinct: keys.size };
}

/** Highest resident memory so far; where there is no /proc, not a number. */
function peakMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // Some kernels of containers keep no peak.
    const kb = /^VmHWM:\s+(\d+)/m.exec(status) ?? /^VmRSS:\s+(\d+)/m.exec(status);
    return Math.round(Number(kb?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}
