import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startJanitor } from '../../../src/sandbox/lambda/janitor.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Dead or a zombie that its new parent has not collected yet. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/\(.*\)/, ''));
  } catch {
    // No /proc on this system, or gone in between: the next look tells.
    return false;
  }
}

function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });

function output(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

describe.skipIf(process.platform === 'win32')('nothing outlives the parent', () => {
  function startParent() {
    const stateDir = join(temporaryFolder('s3evt-janitor-test-'), 'state');
    const child = spawn(
      process.execPath,
      ['--import', here('../../support/ts-loader.mjs'), here('fixtures/parent.ts'), stateDir],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
    );
    const text = output(child);
    const pids = () => /PIDS (\d+) (\d+)/.exec(text())?.slice(1).map(Number) ?? [];
    onTestFinished(() => {
      for (const pid of [child.pid, ...pids()])
        if (pid !== undefined && !isGone(pid)) process.kill(pid, 'SIGKILL');
    });
    return { child, stateDir, text, pids };
  }

  test('SIGKILL of the whole group: busy children, their children and the folder vanish', async () => {
    const { child, stateDir, pids } = startParent();
    await eventually(pids).toHaveLength(2);
    writeFileSync(join(stateDir, 'file'), 'x');
    process.kill(-child.pid!, 'SIGKILL');
    await eventually(() => pids().every(isGone)).toBe(true);
    await eventually(() => existsSync(stateDir)).toBe(false);
  });

  test("Ctrl-C in the terminal's group reaches neither the children nor the janitor", async () => {
    const { child, stateDir, pids, text } = startParent();
    await eventually(pids).toHaveLength(2);
    process.kill(-child.pid!, 'SIGINT');
    await eventually(text).toContain('INTERRUPTED');
    expect(pids().some(isGone)).toBe(false);
    expect(existsSync(stateDir)).toBe(true);
    expect(text()).not.toContain('ENDED');
    child.kill('SIGKILL');
    await eventually(() => pids().every(isGone) && !existsSync(stateDir)).toBe(true);
  });

  test.each(['mjs', 'py'])(
    'SIGKILL before the janitor knows of a launched child: bootstrap.%s runs no code',
    async (type) => {
      const folder = temporaryFolder('s3evt-launch-test-');
      const ran = join(folder, 'ran');
      const code =
        type === 'mjs'
          ? `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(ran)}, 'x');\nfor (;;);\n`
          : `open(${JSON.stringify(ran)}, 'w')\nwhile True: pass\n`;
      writeFileSync(join(folder, `app.${type}`), code);
      const bootstrap = here(`../../../src/sandbox/lambda/bootstrap.${type}`);
      const command = [type === 'mjs' ? process.execPath : 'python3', bootstrap];
      const child = spawn(
        process.execPath,
        [
          '--import',
          here('../../support/ts-loader.mjs'),
          here('fixtures/dies-launching.ts'),
          folder,
          ...command,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const text = output(child);
      const pid = () => Number(/PID (\d+)/.exec(text())?.[1]);
      onTestFinished(() => {
        if (!isGone(pid())) process.kill(pid(), 'SIGKILL');
      });
      await eventually(pid).not.toBeNaN();
      await eventually(() => isGone(pid())).toBe(true);
      expect(child.signalCode).toBe('SIGKILL');
      expect(existsSync(ran)).toBe(false);
    },
  );
});

describe.skipIf(process.platform === 'win32')('janitor', () => {
  const stateDir = () => temporaryFolder("s3evt janitor's-");
  const sleeper = () => {
    const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };

  test('close kills what is watched, spares what is forgotten, and removes the folder', async () => {
    const folder = stateDir();
    mkdirSync(join(folder, 'deep'));
    const janitor = startJanitor(folder);
    const [a, b, c] = [sleeper(), sleeper(), sleeper()];
    for (const child of [a, b, c]) janitor.watch(child.pid!);
    janitor.forget(b.pid!);
    await janitor.close();
    expect(existsSync(folder)).toBe(false);
    await eventually(() => isGone(a.pid!) && isGone(c.pid!)).toBe(true);
    expect(isGone(b.pid!)).toBe(false);
  });

  test('a janitor that was killed is replaced at once, and the new one knows all', async () => {
    const folder = stateDir();
    const watchers = () =>
      execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.trimEnd().endsWith(`janitor ${folder}`))
        .map((line) => Number.parseInt(line, 10));
    const janitor = startJanitor(folder);
    const child = sleeper();
    janitor.watch(child.pid!);
    await eventually(watchers).toHaveLength(1);
    const [first = 0] = watchers();
    process.kill(first, 'SIGKILL');
    await eventually(() => watchers().filter((pid) => pid !== first)).toHaveLength(1);
    await janitor.close();
    await eventually(() => isGone(child.pid!)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  test.runIf(existsSync('/proc/self/environ'))(
    'a process that left its group is known by its task root',
    async () => {
      const folder = stateDir();
      const janitor = startJanitor(folder);
      janitor.start();
      const start = (root: string) => {
        const child = spawn('sleep', ['1000'], {
          detached: true,
          stdio: 'ignore',
          env: { ...process.env, LAMBDA_TASK_ROOT: root },
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        return child.pid!;
      };
      const [ours, anothers] = [start(join(folder, 'functions/1')), start(`${folder}-2/functions/1`)];
      await janitor.close();
      await eventually(() => isGone(ours)).toBe(true);
      expect(isGone(anothers)).toBe(false);
    },
  );

  test('without anything to watch there is no process and nothing to close', async () => {
    const folder = stateDir();
    await startJanitor(folder).close();
    expect(existsSync(folder)).toBe(true);
  });

  test.each(['', '/', 'relative/folder'])('refuses the folder %j', (folder) => {
    expect(() => startJanitor(folder)).toThrow('absolute path');
  });
});
