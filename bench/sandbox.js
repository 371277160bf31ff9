// The sandbox, in a process of its own. What is timed uses plain HTTP where the SDK would take longer than the sandbox; the times of
// single events are those of the SDK's clients, as tools see them. Every key has to arrive exactly once, or the bench fails. With
// CPU_PROF=FOLDER each sandbox leaves a CPU profile there.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { median, quantile, rounded } from './support/figures.js';
import { openConnection } from './support/plain-http.js';
import { bareEnv, inFolder, s3evt, withSandbox } from './support/processes.js';
import {
  connectFunction,
  connectQueue,
  makeBucket,
  makeRole,
  printedKeys,
  warmUp,
  withClients,
} from './support/sandbox-world.js';

const ROUNDS = 15;
/** Rounds of some seconds each. */
const LOAD_ROUNDS = 3;
const WARM_ROUNDS = 100;
const UPLOADS = 10_000;
const UPLOADS_TO_FUNCTION = 3_000;
const IN_FLIGHT = 64;
const CONSUMERS = 2;
/** As many as the sandbox starts for one function at most. */
const ENVIRONMENTS = 4;
const RUNTIMES = { 'python3.13': 'Python', 'nodejs24.x': 'Node.js' };

export const run = () =>
  inFolder(async (folder) => [
    await start(folder),
    ...(await uploadToLog(folder)),
    ...(await uploadsToQueue(folder)),
    ...(await uploadsToFunction(folder)),
  ]);

const inSandbox = (folder, use) => {
  const { CPU_PROF } = process.env;
  const nodeFlags = CPU_PROF === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${CPU_PROF}`];
  return withSandbox(
    (sandbox) => withClients(sandbox.endpoint, (clients) => use({ ...sandbox, ...clients })),
    {
      folder,
      nodeFlags,
    },
  );
};

/** From the start of the program to its first line, by which the sandbox answers. The code cache is warm. */
async function start(folder) {
  const values = [];
  // It saves the compiled code after two seconds, which is what the first one is for.
  await withSandbox(() => sleep(3_000), { folder });
  for (let round = 0; round < ROUNDS; round++) {
    const [program, ...args] = s3evt('sandbox', 'start', '--json');
    const begun = performance.now();
    const sandbox = spawn(program, args, {
      env: bareEnv(folder),
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(sandbox.stdout, 'data');
    values.push(performance.now() - begun);
    sandbox.kill('SIGINT');
    await once(sandbox, 'close');
  }
  return { what: 'start to ready', values, unit: 'ms', gate: 400, aim: 250 };
}

/** From the upload to the first answer of FilterLogEvents that has the line, which is asked for again and again. */
const uploadToLog = (folder) =>
  inSandbox(folder, async (clients) => {
    await makeRole(clients);
    const [warm, cold] = [[], []];
    for (const [runtime, language] of Object.entries(RUNTIMES)) {
      const name = (round) => `cold-${round}-${runtime.replace('.', '-')}`;
      const values = [];
      for (let round = 0; round < ROUNDS; round++) {
        await connectFunction(clients, name(round), runtime);
        // A pause between two looks leaves the second core to the function that starts.
        values.push(await timeToLog(clients, name(round), 2));
      }
      cold.push({ what: `upload to log, cold, ${language}`, values, unit: 'ms', gate: 300, aim: 200 });
      warm.push(await warmRow(clients, name(0), language));
    }
    return [...warm, ...cold];
  });

async function warmRow(clients, name, language) {
  const [values, anchor] = [[], []];
  for (let round = -5; round < WARM_ROUNDS; round++) {
    const value = await timeToLog(clients, name, 0);
    const begun = performance.now();
    await clients.sts.send(new GetCallerIdentityCommand({}));
    if (round < 0) continue; // The first ones warm up.
    values.push(value);
    anchor.push(performance.now() - begun);
  }
  const detail =
    `95 %: ${rounded(quantile(values, 0.95))} ms; ${rounded(median(values) / median(anchor))} times one ` +
    `GetCallerIdentity (${rounded(median(anchor))} ms)`;
  return { what: `upload to log, warm, ${language}`, values, unit: 'ms', gate: 20, aim: 10, detail };
}

async function timeToLog({ s3, logs }, name, pauseMs) {
  const begun = performance.now();
  const { $metadata } = await s3.send(new PutObjectCommand({ Bucket: name, Key: 'key', Body: 'x' }));
  const find = { logGroupName: `/aws/lambda/${name}`, filterPattern: `"${$metadata.requestId}"` };
  for (;;) {
    // The group comes with the first line.
    const { events = [] } = await logs.send(new FilterLogEventsCommand(find)).catch((error) => {
      if (error.name !== 'ResourceNotFoundException') throw error;
      return {};
    });
    if (events.length > 0) return performance.now() - begun;
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

/** The same uploads to a bucket without a rule stand beside, in turn, each in a fresh sandbox. */
async function uploadsToQueue(folder) {
  const [bare, loads] = [[], []];
  for (let round = 0; round < LOAD_ROUNDS; round++) {
    bare.push(
      await inSandbox(folder, async (target) => {
        await makeBucket(target, 'load');
        const atStart = memoryMb(target.pid);
        const uploadMs = await upload(target, UPLOADS);
        return { uploadMs, atStart, atEnd: memoryMb(target.pid) };
      }),
    );
    loads.push(await inSandbox(folder, loadQueue));
  }
  const perSecond = (ms) => (UPLOADS / ms) * 1000;
  const of = (rounds, read) => rounds.map(read);
  const detail = `${UPLOADS} uploads, ${IN_FLIGHT} in flight, ${CONSUMERS} consumers meanwhile`;
  return [
    {
      what: 'uploads with a rule to a queue',
      values: of(loads, ({ uploadMs }) => perSecond(uploadMs)),
      unit: '/s',
      more: true,
      gate: 1000,
      aim: 2000,
      detail,
    },
    {
      what: 'events from upload to consumer',
      values: of(loads, ({ drainedMs }) => perSecond(drainedMs)),
      unit: '/s',
      detail: 'the same run, to the last event received and deleted',
    },
    {
      what: 'uploads without a rule',
      values: of(bare, ({ uploadMs }) => perSecond(uploadMs)),
      unit: '/s',
    },
    {
      what: `memory with ${UPLOADS} objects`,
      values: of(bare, ({ atEnd }) => atEnd),
      unit: 'MB',
      detail: `${median(of(loads, ({ atEnd }) => atEnd))} MB with the queue`,
    },
    {
      what: `of which ${UPLOADS} objects`,
      values: of(bare, ({ atStart, atEnd }) => atEnd - atStart),
      unit: 'MB',
      detail: `${median(of(bare, ({ atStart }) => atStart))} MB at the start`,
    },
  ];
}

async function loadQueue(target) {
  await makeBucket(target, 'load');
  const QueueUrl = await connectQueue(target, 'load', 'load');
  const keys = [];
  let uploaded = false;
  const consume = async () => {
    const connection = await openConnection(target.endpoint);
    for (;;) {
      // An empty answer is the end only when it was asked for after the last upload: S3 delivers in the turn after its answer.
      const wasUploaded = uploaded;
      const receive = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
      const { Messages = [] } = await connection.call('sqs', 'AmazonSQS.ReceiveMessage', receive);
      if (Messages.length === 0 && wasUploaded) break;
      if (Messages.length === 0) continue;
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await connection.call('sqs', 'AmazonSQS.DeleteMessageBatch', { QueueUrl, Entries });
      // The test event of the rule has no records.
      for (const { Body } of Messages)
        for (const record of JSON.parse(Body).Records ?? []) keys.push(record.s3.object.key);
      if (keys.length >= UPLOADS) drainedAt ??= performance.now();
    }
    connection.close();
  };
  let drainedAt;
  const begun = performance.now();
  const consumers = Array.from({ length: CONSUMERS }, consume);
  const uploadMs = await upload(target, UPLOADS);
  uploaded = true;
  await Promise.all(consumers);
  checkOnce(keys, UPLOADS);
  return { uploadMs, drainedMs: drainedAt - begun, atEnd: memoryMb(target.pid) };
}

/** The clock runs until every event is in the log: uploads alone would be as fast as without a function. */
async function uploadsToFunction(folder) {
  const rows = [];
  for (const [runtime, language] of Object.entries(RUNTIMES)) {
    const values = [];
    const uploads = [];
    for (let round = 0; round < LOAD_ROUNDS; round++) {
      await inSandbox(folder, async (target) => {
        await makeRole(target);
        await connectFunction(target, 'load', runtime);
        await warmUp(target, 'load', ENVIRONMENTS);
        const after = (await journalAfter(target.endpoint, 0)).at(-1).seq;
        const begun = performance.now();
        uploads.push((UPLOADS_TO_FUNCTION / (await upload(target, UPLOADS_TO_FUNCTION))) * 1000);
        await allInvoked(target.endpoint, after, UPLOADS_TO_FUNCTION);
        values.push((UPLOADS_TO_FUNCTION / (performance.now() - begun)) * 1000);
        checkOnce(await printedKeys(target, 'load'), UPLOADS_TO_FUNCTION);
      });
    }
    rows.push({
      what: `uploads with a rule to a warm function, ${language}`,
      values,
      unit: '/s',
      more: true,
      gate: 350,
      aim: 700,
      detail: `to the last line in the log; ${ENVIRONMENTS} execution environments; the uploads alone: ${rounded(median(uploads))} /s`,
    });
  }
  return rows;
}

/** Resolves when the journal has so many invocations that went well behind the entry `after`. */
async function allInvoked(endpoint, after, count) {
  for (let seen = 0; seen < count; await sleep(20)) {
    for (const { seq, type, outcome } of await journalAfter(endpoint, after)) {
      after = seq;
      if (type !== 'invocation') continue;
      if (outcome !== 'ok') throw new Error(`an invocation ended with ${outcome}`);
      seen++;
    }
  }
}

const journalAfter = async (endpoint, after) =>
  (await fetch(`${endpoint}/_sandbox/journal?after=${after}`)).json();

/** Uploads `key-0` and so on; resolves with the milliseconds that all of them took. */
async function upload({ endpoint }, count) {
  const connections = await Promise.all(Array.from({ length: IN_FLIGHT }, () => openConnection(endpoint)));
  let begun = 0;
  const start = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (begun < count) await connection.upload('load', `key-${begun++}`);
    }),
  );
  const ms = performance.now() - start;
  for (const connection of connections) connection.close();
  return ms;
}

function checkOnce(keys, count) {
  const distinct = new Set(keys).size;
  if (keys.length === count && distinct === count) return;
  throw new Error(`${keys.length} events of ${distinct} keys arrived, not one of each of ${count}`);
}

/** The most resident memory so far; without /proc not a number. */
function memoryMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    // Some kernels of containers keep no peak.
    const kb = /^VmHWM:\s+(\d+)/m.exec(status) ?? /^VmRSS:\s+(\d+)/m.exec(status);
    return Math.round(Number(kb?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}
