import type { Ora } from 'ora';
import type { Progress, ShownLine, Warning } from '../core/progress.ts';
import type { Io } from './io.ts';
import { sanitize, sanitizeBlock } from './sanitize.ts';
import type { Style, Theme } from './theme.ts';
import { cut, displayWidth, wrap } from './width.ts';

/** Work shorter than this never shows a spinner, and never loads what draws it. */
export const SPINNER_DELAY_MS = 80;
const FRAME_MS = 80;

type Task = Extract<Progress, { type: 'task' }>;

/** Calls back once after `ms` unless the returned function is called before. */
export type Timer = (callback: () => void, ms: number) => () => void;

export interface ProgressView {
  /** Never throws; may be called again after `stop`. */
  emit(progress: Progress): void;
  /** Takes the spinner off the screen and waits until everything said has been written. */
  stop(): Promise<void>;
  /** Keeps the terminal to `work` (a question): no spinner meanwhile; what is said meanwhile is shown afterwards. */
  pauseWhile<T>(work: () => Promise<T>): Promise<T>;
  /** All warnings so far, for the JSON envelope. Collected in every mode. */
  warnings(): readonly Warning[];
}

/**
 * Draws progress on stderr. On a terminal: one spinner that names all that is running, and above it a line for whatever
 * has ended. In a pipe, on a dumb terminal and in CI: only lines. With `quiet`: only warnings. With `json`: nothing.
 */
export function createProgress(
  io: Io,
  theme: Theme,
  options: {
    readonly quiet: boolean;
    readonly json: boolean;
    /** Whether `show` comes through all the same with `quiet`: it does before a question. */
    readonly keepsShown?: () => boolean;
  },
  timer: Timer = startTimer,
): ProgressView {
  const out = io.stderr;
  const collected: Warning[] = [];
  /** Running and waiting, in the order in which they began. */
  const active = new Map<string, Task>();
  /** The last line of each task, so that a state said twice is shown once. */
  const lastLines = new Map<string, string>();
  let spinner: Ora | undefined;
  let cancelTimer: (() => void) | undefined;
  let paused = false;
  let heldLines: string[] = [];

  function print(lines: readonly string[]): void {
    if (paused) {
      heldLines.push(...lines);
    } else if (lines.length > 0) {
      spinner?.clear();
      void out.write(lines.map((line) => `${line}\n`).join(''));
      spinner?.render();
    }
  }

  function startSpinnerSoon(): void {
    if (!out.canRedraw || paused || spinner !== undefined || cancelTimer !== undefined) return;
    let cancelled = false;
    const cancel = timer(() => {
      void Promise.all([import('ora'), import('./surface.ts')]).then(
        ([{ default: ora }, { createSurface }]) => {
          if (cancelled) return;
          cancelTimer = undefined;
          const { spinner: frames } = theme.symbols;
          spinner = ora({
            stream: createSurface(out.stream),
            isEnabled: true,
            // Coloured here: ora would judge the environment, not --color.
            color: false,
            spinner: { interval: FRAME_MS, frames: frames.map((frame) => theme.accent(frame)) },
            // Raw mode is left to the prompts: Ctrl-C stays an ordinary signal.
            discardStdin: false,
            text: spinnerText(),
          }).start();
        },
      );
    }, SPINNER_DELAY_MS);
    cancelTimer = () => {
      cancelled = true;
      cancel();
    };
  }

  function stopSpinner(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    spinner?.stop();
    spinner = undefined;
  }

  /** One line always: a spinner that wraps cannot be erased after the terminal has been resized. */
  function spinnerText(): string {
    const titles = [...active.values()].map((task) =>
      sanitize(task.detail === undefined ? task.title : `${task.title}: ${task.detail}`),
    );
    const frameCells = displayWidth(theme.symbols.spinner[0] ?? '');
    return cut(titles.join(', '), Math.max(out.columns - frameCells - 2, 1), theme.symbols.ellipsis);
  }

  function showTask(task: Task): void {
    if (task.state === 'running' || task.state === 'waiting') {
      active.set(task.id, task);
      // Work that is done again is told again.
      if (task.state === 'running' && lastLines.get(task.id) !== 'waiting') lastLines.delete(task.id);
      if (task.state === 'waiting' && !out.canRedraw) printOnce(task.id, 'waiting', taskLines(task));
      if (spinner !== undefined) spinner.text = spinnerText();
      startSpinnerSoon();
      return;
    }
    active.delete(task.id);
    if (active.size === 0) stopSpinner();
    else if (spinner !== undefined) spinner.text = spinnerText();
    const lines = taskLines(task);
    printOnce(task.id, lines.join('\n'), lines);
  }

  /** A countdown in the detail must not fill a log: waiting is the same line however its detail changes. */
  function printOnce(id: string, line: string, lines: readonly string[]): void {
    if (lastLines.get(id) === line) return;
    lastLines.set(id, line);
    print(lines);
  }

  function taskLines(task: Task): string[] {
    const { symbols } = theme;
    const detail = task.detail === undefined ? '' : sanitize(task.detail);
    const title = sanitize(task.title);
    const said = (...parts: readonly string[]) => parts.filter((part) => part !== '').join(', ');
    const text = (words: string) => (words === '' ? title : `${title}: ${words}`);
    switch (task.state) {
      case 'done':
        return marked(symbols.done, theme.good, text(detail), plain);
      case 'unchanged':
        return marked(symbols.done, theme.dim, text(said('unchanged', detail)), theme.dim);
      case 'failed':
        return marked(symbols.failed, theme.bad, text(said('failed', detail)), plain);
      case 'waiting':
        return marked(symbols.waiting, theme.warn, text(said('waiting', detail)), plain);
      case 'running':
        return marked(symbols.bullet, theme.accent, text(detail), plain);
    }
  }

  /** A mark and text beside it; on a terminal, lines that follow stand under the text. */
  function marked(mark: string, markStyle: Style, text: string, textStyle: Style): string[] {
    const indent = displayWidth(mark) + 1;
    const [first, ...rest] = folded(text, indent);
    return [
      `${markStyle(mark)} ${textStyle(first ?? '')}`,
      ...rest.map((line) => ' '.repeat(indent) + textStyle(line)),
    ];
  }

  function folded(text: string, indent: number): string[] {
    return out.isTTY ? wrap(text, Math.max(out.columns - indent, 20)) : [text];
  }

  function shownLine(line: ShownLine): string[] {
    const style = { '+': theme.added, '-': theme.removed, '~': theme.changed, '=': theme.dim, ' ': plain }[
      line.mark
    ];
    // One line each: a line feed in a rule of somebody else must not look like a line of the plan.
    const [first, ...rest] = folded(sanitize(line.text), 4);
    return [style(`  ${line.mark} ${first ?? ''}`), ...rest.map((more) => `    ${style(more)}`)];
  }

  function emit(progress: Progress): void {
    if (progress.type === 'warning') collected.push(progress.warning);
    const kept = progress.type === 'warning' || (progress.type === 'show' && options.keepsShown?.() === true);
    if (options.json || (options.quiet && !kept)) return;
    switch (progress.type) {
      case 'task':
        showTask(progress);
        return;
      case 'note':
        print(
          sanitizeBlock(progress.text)
            .split('\n')
            .flatMap((line) => folded(line, 0)),
        );
        return;
      case 'warning':
        print(warningLines(progress.warning.message));
        return;
      case 'show':
        print([
          ...folded(sanitize(progress.title), 0).map((line) => theme.title(line)),
          ...progress.lines.flatMap(shownLine),
        ]);
        return;
    }
  }

  function warningLines(message: string): string[] {
    const [first, ...rest] = folded(`warning: ${sanitize(message)}`, 0);
    return [(first ?? '').replace('warning:', theme.warn('warning:')), ...rest];
  }

  return {
    emit,
    async stop() {
      stopSpinner();
      // A stderr that cannot be written to leaves nobody to tell.
      await out.flush().catch(() => undefined);
    },
    async pauseWhile(work) {
      stopSpinner();
      paused = true;
      try {
        await out.flush().catch(() => undefined);
        return await work();
      } finally {
        paused = false;
        const lines = heldLines;
        heldLines = [];
        print(lines);
        if (active.size > 0) startSpinnerSoon();
      }
    },
    warnings: () => [...collected],
  };
}

const plain: Style = (text) => text;

const startTimer: Timer = (callback, ms) => {
  const handle = setTimeout(callback, ms);
  return () => {
    clearTimeout(handle);
  };
};
