import { beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { createProgress, SPINNER_DELAY_MS, type Timer } from '../../src/ui/progress.ts';
import { createTheme } from '../../src/ui/theme.ts';
import { fakeTerminal } from './fake-terminal.ts';

type Options = Parameters<typeof fakeTerminal>[0] & { quiet?: boolean; json?: boolean };

const ERASE_LINE = '\u001b[0K';

let pending: { callback: () => void; ms: number }[];
const timer: Timer = (callback, ms) => {
  const entry = { callback, ms };
  pending.push(entry);
  return () => {
    pending = pending.filter((other) => other !== entry);
  };
};
const fire = () => {
  for (const { callback } of pending.splice(0)) callback();
};

beforeEach(() => {
  pending = [];
});

function setUp(options: Options = {}) {
  const terminal = fakeTerminal(options);
  const { quiet = false, json = false } = options;
  const theme = createTheme(terminal.io.stderr);
  return { ...terminal, view: createProgress(terminal.io, theme, { quiet, json }, timer) };
}

function task(id: string, state: Extract<Progress, { type: 'task' }>['state'], detail?: string): Progress {
  return { type: 'task', id, title: `Creating ${id}`, state, ...(detail === undefined ? {} : { detail }) };
}

const warning = (message: string): Progress => ({ type: 'warning', warning: { code: 'W', message } });
const note = (text: string): Progress => ({ type: 'note', text });
const show: Progress = {
  type: 'show',
  title: 'Plan',
  lines: [
    { mark: '+', text: 'a' },
    { mark: '-', text: 'b' },
    { mark: '~', text: 'c' },
    { mark: '=', text: 'd' },
    { mark: ' ', text: 'e' },
  ],
};

describe('in a pipe', () => {
  it('prints one line per end and one per wait, and no running lines', async () => {
    const { view, stderr } = setUp({ stderr: false });
    view.emit(task('bucket', 'running'));
    view.emit(task('bucket', 'done'));
    view.emit(task('role', 'unchanged'));
    view.emit(task('function', 'waiting', '1 s of 60 s'));
    view.emit(task('function', 'waiting', '2 s of 60 s'));
    view.emit(task('function', 'running'));
    view.emit(task('function', 'waiting', '3 s of 60 s'));
    view.emit(task('function', 'failed', 'refused'));
    view.emit(task('function', 'failed', 'refused'));
    view.emit(note('All done.'));
    await view.stop();
    expect(stderr.text).toBe(
      [
        '✔ Creating bucket',
        '✔ Creating role: unchanged',
        '… Creating function: waiting, 1 s of 60 s',
        '✖ Creating function: failed, refused',
        'All done.',
        '',
      ].join('\n'),
    );
    expect(pending).toEqual([]);
  });

  it('tells work again that is done again', () => {
    const { view, stderr } = setUp({ stderr: false });
    for (const state of ['running', 'done', 'running', 'done'] as const) view.emit(task('upload', state));
    expect(stderr.text).toBe('✔ Creating upload\n✔ Creating upload\n');
  });

  it('neither wraps nor cuts', () => {
    const { view, stderr } = setUp({ stderr: false });
    view.emit(note('word '.repeat(100)));
    view.emit(warning('word '.repeat(100)));
    expect(stderr.text.split('\n')).toHaveLength(3);
  });

  it('is used for CI and dumb terminals too', () => {
    for (const env of [{ CI: 'true' }, { TERM: 'dumb' }]) {
      const { view, stderr } = setUp({ env });
      view.emit(task('bucket', 'running'));
      view.emit(task('bucket', 'waiting'));
      expect(pending).toEqual([]);
      expect(stderr.text).toBe('.. Creating bucket: waiting\n');
    }
  });
});

describe('what is shown', () => {
  it('marks lines in colour', () => {
    const { view, stderr } = setUp({ stderr: false, color: 'always' });
    view.emit(show);
    expect(stderr.text).toBe(
      '\u001b[1mPlan\u001b[22m\n\u001b[32m  + a\u001b[39m\n\u001b[31m  - b\u001b[39m\n\u001b[33m  ~ c\u001b[39m\n\u001b[2m  = d\u001b[22m\n    e\n',
    );
  });

  it('sanitises everything', () => {
    const { view, stderr } = setUp({ stderr: false });
    const bad = 'x\u001b[2J\u0007';
    view.emit({ type: 'task', id: '1', title: bad, state: 'done', detail: bad });
    view.emit(note(bad));
    view.emit(warning(bad));
    view.emit({ type: 'show', title: bad, lines: [{ mark: '+', text: bad }] });
    expect(stderr.text).toBe('✔ x\\x07: x\\x07\nx\\x07\nwarning: x\\x07\nx\\x07\n  + x\\x07\n');
  });

  it('keeps a shown line one line: text of others cannot draw a line of the plan', async () => {
    const { view, stderr } = setUp({ stderr: false });
    view.emit({ type: 'show', title: 'Plan', lines: [{ mark: '=', text: 'theirs\n  + forged' }] });
    await view.stop();
    expect(stderr.plain.split('\n')).toHaveLength(3);
    expect(stderr.plain).toContain(String.raw`= theirs\n  + forged`);
  });

  it('wraps on a terminal, under the text', () => {
    const { view, stderr } = setUp({ columns: 24 });
    view.emit({ type: 'show', title: 'T', lines: [{ mark: '+', text: 'one two three four five' }] });
    view.emit(task('a bucket for the demonstration', 'done'));
    expect(stderr.text).toBe(
      'T\n  + one two three four\n    five\n✔ Creating a bucket for\n  the demonstration\n',
    );
  });

  it('keeps only warnings with quiet', () => {
    const { view, stderr } = setUp({ quiet: true });
    for (const progress of [note('n'), show, task('a', 'running'), task('a', 'failed'), warning('w')]) {
      view.emit(progress);
    }
    expect(stderr.text).toBe('warning: w\n');
    expect(pending).toEqual([]);
  });

  it('is nothing at all with json, and the warnings are kept', () => {
    const { view, stderr } = setUp({ json: true });
    for (const progress of [note('n'), show, task('a', 'running'), warning('w')]) view.emit(progress);
    expect(stderr.text).toBe('');
    expect(pending).toEqual([]);
    expect(view.warnings()).toEqual([{ code: 'W', message: 'w' }]);
  });
});

describe('on a terminal', () => {
  it('shows no spinner for quick work', async () => {
    const { view, stderr } = setUp();
    view.emit(task('bucket', 'running'));
    expect(pending.map(({ ms }) => ms)).toEqual([SPINNER_DELAY_MS]);
    view.emit(task('bucket', 'done'));
    expect(pending).toEqual([]);
    await view.stop();
    expect(stderr.text).toBe('✔ Creating bucket\n');
  });

  it('names all that is running, on one line', async () => {
    const { view, stderr } = setUp({ columns: 40 });
    view.emit(task('bucket', 'running'));
    view.emit(task('role', 'waiting', 'not yet'));
    fire();
    await stderr.until(({ plain }) => plain.includes('⠋ Creating bucket, Creating role: not …'));
    view.emit(task('bucket', 'done'));
    await stderr.until(({ plain }) => plain.includes('Creating role: not yet'));
    await view.stop();
    // Hidden while it spins, shown again at the end.
    expect(stderr.text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stderr.text.lastIndexOf('\u001b[?25l'));
  });

  it('prints above the spinner: erased before, drawn again after', async () => {
    const { view, stderr } = setUp();
    view.emit(task('bucket', 'running'));
    fire();
    await stderr.until(({ plain }) => plain.includes('Creating bucket'));
    const before = stderr.text.length;
    view.emit(warning('look out'));
    const written = stderr.text.slice(before);
    const at = written.indexOf('warning: look out\n');
    expect(written.slice(0, at)).toContain(ERASE_LINE);
    expect(written.slice(at)).toContain('Creating bucket');
    await view.stop();
    const stopped = stderr.text;
    expect(stopped.slice(before + at)).toContain(ERASE_LINE);
    view.emit(note('later'));
    expect(stderr.text).toBe(`${stopped}later\n`);
  });

  it('draws on a terminal that has no size yet', async () => {
    const { view, stderr } = setUp({ columns: 0 });
    view.emit(task('bucket', 'running'));
    fire();
    await stderr.until(({ plain }) => plain.includes('Creating bucket'));
    await view.stop();
    expect(stderr.text.length).toBeLessThan(1000);
  });

  it('does not start a spinner that was stopped while it loaded', async () => {
    const { view, stderr } = setUp();
    view.emit(task('bucket', 'running'));
    fire();
    await view.stop();
    await import('ora');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stderr.text).toBe('');
  });

  it('colours by its theme only', async () => {
    const { view, stderr } = setUp({ color: 'never' });
    view.emit(task('bucket', 'running'));
    fire();
    await stderr.until(({ plain }) => plain.includes('Creating bucket'));
    await view.stop();
    expect(stderr.text).not.toMatch(/\u001b\[\d+m/);
  });

  it('leaves the terminal to a question', async () => {
    const { view, stderr } = setUp();
    view.emit(task('bucket', 'running'));
    fire();
    await stderr.until(({ plain }) => plain.includes('Creating bucket'));
    let during = '';
    const answer = await view.pauseWhile(async () => {
      const before = stderr.text;
      view.emit(note('meanwhile'));
      view.emit(task('role', 'running'));
      expect(pending).toEqual([]);
      during = stderr.text.slice(before.length);
      return 42;
    });
    expect([answer, during]).toEqual([42, '']);
    expect(stderr.text).toMatch(/meanwhile\n$/);
    expect(pending).toHaveLength(1);
    await view.stop();
    expect(pending).toEqual([]);
  });

  it('goes on after a question that failed', async () => {
    const { view, stderr } = setUp();
    await expect(view.pauseWhile(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    view.emit(note('after'));
    expect(stderr.text).toBe('after\n');
  });
});
