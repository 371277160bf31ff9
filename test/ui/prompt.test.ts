import { describe, expect, it, vi } from 'vitest';
import { createAsk, PromptCancelled, type AskOptions } from '../../src/ui/prompt.ts';
import { FakeInput, fakeTerminal } from './fake-terminal.ts';

const DOWN = '\u001b[B';
const ENTER = '\r';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

function setUp(
  terminalOptions: Parameters<typeof fakeTerminal>[0] = {},
  askOptions: Partial<AskOptions> = {},
) {
  const terminal = fakeTerminal(terminalOptions);
  const abort = new AbortController();
  const ask = createAsk(terminal.io, {
    enabled: true,
    stdin: terminal.stdin,
    signal: abort.signal,
    ...askOptions,
  });
  return { ...terminal, abort, ask };
}

const bucket = { message: 'Which bucket?', flag: '--bucket NAME' };
const choices = ['lambda', 'sqs', 'sns'].map((kind) => ({ value: { kind }, name: `To ${kind}` }));
const destination = { message: 'Where to?', flag: '--destination KIND', choices };
const sure = { message: 'Apply?', flag: '--yes', initial: false, assumeYes: false };

const idleListeners = (event: string) => new FakeInput(true).listenerCount(event);

function expectCleanTerminal({ stdin, stderr, stdout }: ReturnType<typeof setUp>): void {
  expect(stdin.isRaw).toBe(false);
  expect(stdin.isPaused()).toBe(true);
  expect(stderr.text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stderr.text.lastIndexOf('\u001b[?25l'));
  expect(stderr.writableEnded).toBe(false);
  expect(stdout.text).toBe('');
  for (const event of ['data', 'end', 'close', 'error']) {
    expect([event, stdin.listenerCount(event)]).toEqual([event, idleListeners(event)]);
  }
}

describe('a person at a terminal', () => {
  it('types an answer', async () => {
    const world = setUp();
    const answer = world.ask.text(bucket);
    await world.stderr.until(({ plain }) => plain.includes('Which bucket?'));
    expect(world.stdin.isRaw).toBe(true);
    world.stdin.write(`demo${ENTER}`);
    expect(await answer).toBe('demo');
    expectCleanTerminal(world);
  });

  it('takes the suggestion, or is told what is wrong with an answer', async () => {
    const { ask, stdin, stderr } = setUp();
    const first = ask.text({ ...bucket, initial: 'demo-1' });
    await stderr.until(({ plain }) => plain.includes('(demo-1)'));
    stdin.write(ENTER);
    expect(await first).toBe('demo-1');

    const second = ask.text({
      ...bucket,
      message: 'Another?',
      validate: (text) => (text === 'good' ? undefined : `not \u001b[2J${text}`),
    });
    await stderr.until(({ plain }) => plain.includes('Another?'));
    stdin.write(`bad${ENTER}`);
    await stderr.until(({ plain }) => plain.includes('> not bad'));
    expect(stderr.text).not.toContain('\u001b[2Jbad');
    stdin.write(`\u0015good${ENTER}`);
    expect(await second).toBe('good');
  });

  it('picks with the arrow keys', async () => {
    const world = setUp();
    const answer = world.ask.choose(destination);
    await world.stderr.until(({ plain }) => plain.includes('❯ To lambda'));
    world.stdin.write(DOWN);
    await world.stderr.until(({ plain }) => plain.includes('❯ To sqs'));
    world.stdin.write(ENTER);
    expect(await answer).toBe(choices[1]?.value);
    expectCleanTerminal(world);
  });

  it('is asked on a terminal that has no size yet', async () => {
    const { ask, stdin, stderr } = setUp({ columns: 0 });
    stderr.rows = 0;
    const answer = ask.choose(destination);
    await stderr.until(({ plain }) => plain.includes('❯ To lambda'));
    stdin.write(ENTER);
    expect(await answer).toBe(choices[0]?.value);
    expect(stderr.text.length).toBeLessThan(2000);
  });

  it('starts at the initial choice', async () => {
    const { ask, stdin, stderr } = setUp();
    const answer = ask.choose({ ...destination, initial: choices[2]!.value });
    await stderr.until(({ plain }) => plain.includes('❯ To sns'));
    stdin.write(ENTER);
    expect(await answer).toBe(choices[2]?.value);
  });

  it('scrolls a list that is longer than the screen, and shows it sanitised', async () => {
    const { ask, stdin, stderr } = setUp();
    const many = Array.from({ length: 40 }, (_, value) => ({ value, name: `b\u001b]0;x\u0007${value}` }));
    const answer = ask.choose({ ...bucket, choices: many });
    await stderr.until(({ plain }) => plain.includes('❯ b0'));
    expect(stderr.plain).toContain('b14');
    expect(stderr.plain).not.toContain('b15');
    expect(stderr.text).not.toContain('\u001b]0;');
    for (let steps = 1; steps <= 20; steps += 1) {
      stdin.write(DOWN);
      await stderr.until(({ plain }) => plain.includes(`❯ b${steps}`));
    }
    stdin.write(ENTER);
    expect(await answer).toBe(20);
  });

  it.each([
    ['y', true],
    ['n', false],
    ['', false],
  ])('confirms with %j', async (typed, expected) => {
    const world = setUp();
    const answer = world.ask.confirm(sure);
    await world.stderr.until(({ plain }) => plain.includes('Apply? (y/N)'));
    world.stdin.write(typed + ENTER);
    expect(await answer).toBe(expected);
    expectCleanTerminal(world);
  });

  it('sees colour and symbols as --color and the locale say', async () => {
    for (const [color, codes] of [
      ['always', true],
      ['never', false],
    ] as const) {
      const { ask, stdin, stderr } = setUp({ color, env: { TERM: 'xterm', LANG: 'C' } });
      const answer = ask.choose(destination);
      await stderr.until(({ plain }) => plain.includes('> To lambda'));
      stdin.write(ENTER);
      await answer;
      expect(/\u001b\[\d+m/.test(stderr.text)).toBe(codes);
      expect(stderr.plain.replace(/\u001b\S*/g, '')).toMatch(/^[\u0000-\u007e]*$/);
    }
  });

  it('has the terminal alone meanwhile', async () => {
    const order: string[] = [];
    const { ask, stdin, stderr } = setUp(
      {},
      {
        around: async (question) => {
          order.push('before');
          const answer = await question();
          order.push('after');
          return answer;
        },
      },
    );
    const answer = ask.confirm(sure).then(() => order.push('answered'));
    await stderr.until(({ plain }) => plain.includes('Apply?'));
    stdin.write(ENTER);
    await answer;
    expect(order).toEqual(['before', 'after', 'answered']);
  });

  it('is not asked what --yes has answered', async () => {
    const { ask, stderr } = setUp();
    expect(await ask.confirm({ ...sure, assumeYes: true })).toBe(true);
    expect(stderr.text).toBe('');
  });
});

describe('a question that ends without an answer', () => {
  it.each([
    ['Ctrl-C', (world: ReturnType<typeof setUp>) => void world.stdin.write(CTRL_C)],
    ['Ctrl-D', (world: ReturnType<typeof setUp>) => void world.stdin.write(CTRL_D)],
    ['an abort', (world: ReturnType<typeof setUp>) => world.abort.abort()],
    ['the end of the input', (world: ReturnType<typeof setUp>) => void world.stdin.end()],
    ['a closed input', (world: ReturnType<typeof setUp>) => void world.stdin.destroy()],
    ['a broken input', (world: ReturnType<typeof setUp>) => void world.stdin.destroy(new Error('EIO'))],
  ])('is cancelled by %s', async (_name, end) => {
    for (const question of ['text', 'choose', 'confirm'] as const) {
      const world = setUp();
      const asked =
        question === 'text'
          ? world.ask.text(bucket)
          : question === 'choose'
            ? world.ask.choose(destination)
            : world.ask.confirm(sure);
      const outcome = asked.catch((error: unknown) => error);
      await world.stderr.until(({ plain }) => plain.includes('?'));
      await new Promise((resolve) => setImmediate(resolve));
      end(world);
      expect(await outcome).toBeInstanceOf(PromptCancelled);
      expectCleanTerminal(world);
    }
  });

  it('is not begun after an abort or the end of the input', async () => {
    const aborted = setUp();
    aborted.abort.abort();
    await expect(aborted.ask.text(bucket)).rejects.toThrow('no answer to "Which bucket?": cancelled');
    const ended = setUp();
    ended.stdin.destroy();
    await expect(ended.ask.text(bucket)).rejects.toBeInstanceOf(PromptCancelled);
    expect(aborted.stderr.text + ended.stderr.text).toBe('');
  });

  it('goes on after Ctrl-Z', async () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    try {
      const { ask, stdin, stderr } = setUp();
      const answer = ask.text(bucket);
      await stderr.until(({ plain }) => plain.includes('Which bucket?'));
      stdin.write('de\u001a');
      await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(process.pid, 'SIGTSTP'));
      expect(stdin.isRaw).toBe(false);
      process.emit('SIGCONT');
      expect(stdin.isRaw).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      stdin.write(`mo${ENTER}`);
      expect(await answer).toBe('demo');
    } finally {
      kill.mockRestore();
    }
  });
});

describe('nobody to ask', () => {
  it.each([
    ['no terminal on stdin', { stdin: false }, true],
    ['no terminal on stderr', { stderr: false }, true],
    ['--no-input or --json', {}, false],
    ['CI', { env: { CI: 'true' } }, true],
    ['TERM=dumb', { env: { TERM: 'dumb' } }, true],
  ])('%s', async (_name, terminal, enabled) => {
    const { ask, stderr } = setUp(terminal, { enabled });
    expect(ask.interactive).toBe(false);
    await expect(ask.text(bucket)).rejects.toMatchObject({
      code: 'INPUT_REQUIRED',
      exitCode: 2,
      message: 'no answer to "Which bucket?": pass --bucket NAME',
    });
    await expect(ask.choose(destination)).rejects.toMatchObject({
      code: 'INPUT_REQUIRED',
      message: 'no answer to "Where to?": pass --destination KIND',
    });
    await expect(ask.confirm(sure)).rejects.toMatchObject({
      code: 'CONFIRMATION_REQUIRED',
      exitCode: 2,
      message: 'not confirmed: "Apply?": pass --yes',
    });
    await expect(ask.confirm({ ...sure, flag: '--fix' })).rejects.toThrow('pass --fix or --yes');
    expect(await ask.confirm({ ...sure, assumeYes: true })).toBe(true);
    expect(stderr.text).toBe('');
  });
});
