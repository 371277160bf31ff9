import type { Ask, ChoiceQuestion, ConfirmQuestion, TextQuestion } from '../core/ask.ts';
import { S3evtError } from '../core/errors.ts';
import type { InputStream, Io, OutputStream } from './io.ts';
import { sanitize } from './sanitize.ts';
import type { Surface } from './surface.ts';
import { createTheme, type Theme } from './theme.ts';

/** Ctrl-C, Ctrl-D, a closed stdin or an abort during a question. The edge ends with 130; the terminal is clean again. */
export class PromptCancelled extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PromptCancelled';
  }
}

export interface AskOptions {
  /** False for --no-input and --json. */
  readonly enabled: boolean;
  readonly stdin: InputStream;
  readonly signal: AbortSignal;
  /** Keeps others off the terminal during a question: `progress.pauseWhile`. */
  readonly around?: <T>(question: () => Promise<T>) => Promise<T>;
}

/**
 * Asks on stderr, and only where somebody can answer: a terminal on stdin, and one on stderr that can redraw lines (neither
 * CI nor TERM=dumb). Elsewhere a question fails with INPUT_REQUIRED or CONFIRMATION_REQUIRED and the flag that answers it.
 */
export function createAsk(io: Io, options: AskOptions): Ask {
  // Stdin last, and when somebody wants to know: to open it takes a tenth of the time of a command that asks nothing.
  const isInteractive = () => options.enabled && io.stderr.canRedraw && io.stdinIsTTY;
  const theme = createTheme(io.stderr);
  const around = options.around ?? ((question) => question());

  function ask<T>(message: string, question: PromptQuestion): Promise<T> {
    return around(async () => {
      await io.stderr.flush();
      return (await drawPrompt(message, question, io.stderr.stream, options)) as T;
    });
  }

  return {
    get interactive() {
      return isInteractive();
    },

    async text(question: TextQuestion) {
      if (!isInteractive()) throw inputRequired(question.message, question.flag);
      const { validate } = question;
      return ask<string>(question.message, {
        type: 'input',
        theme: promptTheme(theme),
        ...(question.initial === undefined ? {} : { default: question.initial }),
        ...(validate === undefined ? {} : { validate: (answer: string) => validate(answer) ?? true }),
      });
    },

    async choose<T>(question: ChoiceQuestion<T>) {
      if (!isInteractive()) throw inputRequired(question.message, question.flag);
      const initial = question.choices.findIndex(({ value }) => value === question.initial);
      // By position: inquirer would look into values that are objects or arrays.
      const index = await ask<number>(question.message, {
        type: 'select',
        theme: promptTheme(theme),
        choices: question.choices.map(({ name, description }, value) => ({
          value,
          name: sanitize(name),
          ...(description === undefined ? {} : { description: sanitize(description) }),
        })),
        default: Math.max(initial, 0),
        loop: false,
      });
      const chosen = question.choices[index];
      if (chosen === undefined) throw new Error(`no choice ${index} in "${question.message}"`);
      return chosen.value;
    },

    async confirm(question: ConfirmQuestion) {
      if (question.assumeYes) return true;
      if (!isInteractive()) throw confirmationRequired(question);
      return ask<boolean>(question.message, {
        type: 'confirm',
        theme: promptTheme(theme),
        default: question.initial,
      });
    },
  };
}

type PromptQuestion = { readonly type: 'input' | 'select' | 'confirm' } & Record<string, unknown>;

/** Loads inquirer, which costs about as much as the rest of the program: only when there is somebody to ask. */
async function drawPrompt(
  message: string,
  question: PromptQuestion,
  stderr: OutputStream,
  options: AskOptions,
): Promise<unknown> {
  const { stdin } = options;
  const [{ default: inquirer }, { createKeyboard, createSurface }] = await Promise.all([
    import('inquirer'),
    import('./surface.ts'),
  ]);
  const stopped = new AbortController();
  const signal = AbortSignal.any([options.signal, stopped.signal]);
  // inquirer, started with a signal that is aborted already, would leave the terminal in raw mode.
  if (signal.aborted || stdin.readableEnded || stdin.destroyed) throw cancelled(message);

  const stop = () => {
    stopped.abort();
  };
  const input = createKeyboard(stdin, stop);
  stdin.on('data', input.type).on('end', stop).on('close', stop).on('error', stop).resume();
  try {
    const surface = createSurface(stderr);
    const prompt = inquirer.createPromptModule({ input: input.stream, output: surface, signal });
    const { answer } = await prompt<{ answer: unknown }>([
      { ...question, name: 'answer', message: sanitize(message), pageSize: pageSize(surface) },
    ]);
    return answer;
  } catch (error) {
    if (error instanceof Error && CANCELLED.includes(error.name)) throw cancelled(message, error);
    throw error;
  } finally {
    stdin.off('data', input.type).off('end', stop).off('close', stop).off('error', stop).pause();
    stdin.setRawMode?.(false);
  }
}

/** inquirer's error classes are not exported by the package itself, only by one it depends on. */
const CANCELLED: readonly string[] = ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'];

function cancelled(message: string, cause?: Error): PromptCancelled {
  return new PromptCancelled(`no answer to "${sanitize(message)}": cancelled`, cause && { cause });
}

/** The question, its help and the shell's line below stay on the screen; longer lists scroll. */
function pageSize(surface: Surface): number {
  return Math.min(Math.max(surface.rows - 6, 3), 15);
}

/** inquirer's own theme asks the environment about colour and draws Unicode; ours knows --color and the locale. */
function promptTheme(theme: Theme) {
  return {
    prefix: { idle: theme.accent('?'), done: theme.good(theme.symbols.done) },
    spinner: { interval: 80, frames: theme.symbols.spinner.map((frame) => theme.accent(frame)) },
    icon: { cursor: theme.symbols.pointer },
    style: {
      answer: (text: string) => theme.accent(sanitize(text)),
      message: theme.strong,
      error: (text: string) => theme.bad(`> ${sanitize(text)}`),
      defaultAnswer: (text: string) => theme.dim(`(${sanitize(text)})`),
      help: theme.dim,
      highlight: theme.accent,
      key: theme.accent,
      disabled: theme.dim,
      description: theme.dim,
      keysHelpTip: () => theme.dim('arrow keys to move, enter to select'),
    },
  };
}

const NOBODY_TO_ASK = 'Nothing can be asked here: there is no terminal, or --no-input or --json was given.';

function inputRequired(message: string, flag: string): S3evtError {
  return new S3evtError('INPUT_REQUIRED', `no answer to "${message}": pass ${flag}`, { hint: NOBODY_TO_ASK });
}

function confirmationRequired(question: ConfirmQuestion): S3evtError {
  const flags =
    question.flag.includes('--yes') || question.flag === '-y' ? '--yes' : `${question.flag} or --yes`;
  return new S3evtError('CONFIRMATION_REQUIRED', `not confirmed: "${question.message}": pass ${flags}`, {
    hint: NOBODY_TO_ASK,
  });
}
