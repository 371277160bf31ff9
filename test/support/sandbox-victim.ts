/** A sandbox started from the command line in a folder of its own, for tests that kill it; and what is left of it. Needs /proc. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { firstLine, startBinary } from './binary.ts';
import { zipOf, type FunctionCode } from './function-code.ts';
import { createPipeline } from './pipeline.ts';
import { destroyClients, testClients, type TestClients } from './test-clients.ts';

export const hasProc = process.platform === 'linux';

/**
 * Handlers that return their process id; asked for `busy`, they first start one child in their own process group and one in
 * a session of its own, and then run on for good, deaf to SIGTERM.
 */
export const RESTLESS_HANDLERS = {
  python: {
    Runtime: 'python3.12',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.py',
        `
import os, signal, subprocess

def handler(event, context):
    if 'busy' in str(event):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(['sleep', '1000'])
        subprocess.Popen(['sleep', '1001'], start_new_session=True)
        while True:
            open(os.environ['TMPDIR'] + '/still-here', 'a').write('x')
    return {'pid': os.getpid()}
`,
      ),
    },
  },
  node: {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.mjs',
        `
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

export const handler = async (event) => {
  if (JSON.stringify(event).includes('busy')) {
    process.on('SIGTERM', () => {});
    spawn('sleep', ['1000']);
    spawn('sleep', ['1001'], { detached: true });
    for (;;) appendFileSync(process.env.TMPDIR + '/still-here', 'x');
  }
  return { pid: process.pid };
};
`,
      ),
    },
  },
} as const satisfies Record<string, FunctionCode>;

export type Language = keyof typeof RESTLESS_HANDLERS;

export interface FoundProcess {
  readonly pid: number;
  /** `node`, `sh`, `sleep`, …: the executable's name as the kernel knows it. */
  readonly name: string;
  readonly command: string;
}

/** Living processes that have `folder` in their environment or arguments: all that a sandbox in that folder has started. */
export function processesOf(folder: string): FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const read = (file: string) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1');
      } catch {
        return ''; // Gone in between.
      }
    };
    // A zombie has neither, and is dead.
    const command = read('cmdline').replaceAll('\0', ' ');
    if (!command.includes(folder) && !read('environ').includes(folder)) continue;
    found.push({ pid: Number(pid), name: read('comm').trim(), command });
  }
  return found;
}

export const janitorOf = (folder: string): FoundProcess | undefined =>
  processesOf(folder).find(({ command }) => command.includes(' janitor '));

/** Children of the functions: `sleep`, see above. */
export const grandchildrenOf = (folder: string): FoundProcess[] =>
  processesOf(folder).filter(({ name }) => name === 'sleep');

/** State folders of sandboxes that ran with `folder` for temporary files. */
export const stateFoldersIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('s3evt-sandbox-'));

/** Looks until `condition` holds. Rejects after 15 seconds with what `describe` says then. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string = () => 'it never came true',
): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(describe());
    await pause(5);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Rejects when there is a process, a listening port or a state folder left of a sandbox that ran in `folder`. */
export async function nothingIsLeft(folder: string, port: number | undefined): Promise<void> {
  const left = () => [
    ...processesOf(folder).map(({ pid, command }) => `${pid} ${command}`),
    ...stateFoldersIn(folder),
  ];
  await until(
    () => left().length === 0,
    () => `left behind: ${left().join('; ')}`,
  );
  if (port !== undefined)
    await until(
      async () => !(await accepts(port)),
      () => `port ${port} is still open`,
    );
}

export interface Victim {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly clients: TestClients;
  /** Uploads a file; `busy` in its key keeps the function busy for good. */
  upload(language: Language, key: string): Promise<void>;
  /** Process id of an environment of that function. */
  invoke(language: Language): Promise<number>;
  destroy(): void;
}

export function startSandboxIn(folder: string): ChildProcess {
  return startBinary(['sandbox', 'start', '--json'], { cwd: folder });
}

/** Waits until `child`, from `startSandboxIn`, listens, and makes a bucket and a function of each language in it. */
export async function prepareVictim(child: ChildProcess, languages: readonly Language[]): Promise<Victim> {
  const { endpoint } = JSON.parse(await firstLine(child)) as { endpoint: string };
  const clients = testClients(endpoint);
  await Promise.all(
    languages.map((language) => createPipeline(clients, `victim-${language}`, RESTLESS_HANDLERS[language])),
  );
  return {
    child,
    pid: child.pid ?? 0,
    port: Number(new URL(endpoint).port),
    clients,
    async upload(language, key) {
      await clients.s3.send(new PutObjectCommand({ Bucket: `victim-${language}`, Key: key, Body: 'x' }));
    },
    async invoke(language) {
      const { Payload } = await clients.lambda.send(
        new InvokeCommand({ FunctionName: `victim-${language}`, Payload: '{}' }),
      );
      return (JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as { pid: number }).pid;
    },
    destroy: () => destroyClients(clients),
  };
}
