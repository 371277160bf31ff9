/** 10,000 uploads, 64 in flight, to a sandbox in a process of its own: each event comes once, and memory does not grow with them. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { firstLine, startBinary } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { destroyClients, testClients } from '../support/test-clients.ts';

const UPLOADS = 10_000;
const IN_FLIGHT = 64;
/** Whose request it is; the sandbox checks no signature. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
const HEADERS = { authorization, 'content-length': 1 };
/**
 * What 10,000 further uploads may leave on the collected heap. The journal may take some thousand entries more before it
 * drops the oldest, of about 300 bytes: 2 to 3 MB. One event as text is 1 kB: if messages or records stayed, it would be 10 MB
 * and more.
 */
const HEAP_GROWTH_MB = 6;
/** Of resident memory: V8's young generation and what it lets the old one grow by between collections, but no object's body. */
const RESIDENT_GROWTH_MB = 128;

/** Loaded into the sandbox's process: SIGUSR2 collects garbage and prints what is left of the heap in bytes. */
const HEAP_ON_SIGNAL = `process.on('SIGUSR2', () => { gc(); process.stderr.write('HEAP ' + process.memoryUsage().heapUsed + '\\n'); })`;

async function memoryMb(child: ChildProcess): Promise<{ heap: number; resident: number }> {
  const heap = new Promise<number>((resolve) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      const bytes = /HEAP (\d+)\n/.exec(text)?.[1];
      if (bytes === undefined) return;
      child.stderr?.off('data', read);
      resolve(Number(bytes) / 1_048_576);
    };
    child.stderr?.on('data', read);
  });
  child.kill('SIGUSR2');
  const status = readFileSync(`/proc/${child.pid ?? ''}/status`, 'latin1');
  return { heap: await heap, resident: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024 };
}

function put(agent: Agent, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'PUT', headers: HEADERS }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode ?? ''}`));
      response.on('end', resolve).on('error', reject).resume();
    });
    sent.on('error', reject).end('x');
  });
}

async function uploadAll(endpoint: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  let begun = 0;
  const oneByOne = async () => {
    while (begun < UPLOADS) await put(agent, `${endpoint}/load/key-${begun++}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, oneByOne));
  agent.destroy();
}

/** How often each key came, until `UPLOADS` events have come and the queue is empty. */
async function drain(sqs: SQSClient, QueueUrl: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let received = 0;
  const consume = async () => {
    while (received < UPLOADS) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body } of Messages) {
        const { Records = [] } = JSON.parse(Body ?? '') as {
          Records?: { s3: { object: { key: string } } }[];
        };
        for (const { s3 } of Records) {
          received++;
          counts.set(s3.object.key, (counts.get(s3.object.key) ?? 0) + 1);
        }
      }
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, consume));
  return counts;
}

test.skipIf(process.platform !== 'linux')('10,000 uploads', async () => {
  const child = startBinary(['sandbox', 'start', '--json'], {
    cwd: temporaryFolder(),
    nodeOptions: ['--expose-gc', '--import', `data:text/javascript,${HEAP_ON_SIGNAL}`],
  });
  const { endpoint } = JSON.parse(await firstLine(child)) as { endpoint: string };
  const clients = testClients(endpoint);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  onTestFinished(() => {
    destroyClients(clients);
    sqs.destroy();
  });
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
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'load', Attributes: { Policy } }),
  );
  await clients.s3.send(new CreateBucketCommand({ Bucket: 'load' }));
  await clients.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'load',
      NotificationConfiguration: {
        QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }],
      },
    }),
  );

  const round = async () => {
    const [counts] = await Promise.all([drain(sqs, QueueUrl), uploadAll(endpoint)]);
    expect(counts.size).toBe(UPLOADS);
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    expect(Attributes).toEqual({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
    return memoryMb(child);
  };
  const first = await round();
  const second = await round();
  const figures = JSON.stringify({ first, second });
  expect(second.heap - first.heap, figures).toBeLessThan(HEAP_GROWTH_MB);
  expect(second.resident - first.resident, figures).toBeLessThan(RESIDENT_GROWTH_MB);
});
