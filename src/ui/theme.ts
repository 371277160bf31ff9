import { Chalk } from 'chalk';

export type Style = (text: string) => string;

/** What a piece of text means, not how it looks. Text goes in sanitised: styles add escape sequences and remove none. */
export interface Theme {
  readonly title: Style;
  readonly strong: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warn: Style;
  readonly accent: Style;
  /** Names of things: buckets, object keys, functions. */
  readonly key: Style;
  readonly added: Style;
  readonly removed: Style;
  readonly changed: Style;
  readonly symbols: Symbols;
}

export interface Symbols {
  readonly done: string;
  readonly failed: string;
  readonly waiting: string;
  readonly bullet: string;
  readonly arrow: string;
  readonly plus: string;
  readonly minus: string;
  readonly ellipsis: string;
  /** Before the choice that Enter would take. */
  readonly pointer: string;
  readonly spinner: readonly string[];
}

const UNICODE: Symbols = {
  done: '✔',
  failed: '✖',
  waiting: '…',
  bullet: '•',
  arrow: '→',
  plus: '+',
  minus: '-',
  ellipsis: '…',
  pointer: '❯',
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Symbols = {
  done: 'ok',
  failed: 'x',
  waiting: '..',
  bullet: '*',
  arrow: '->',
  plus: '+',
  minus: '-',
  ellipsis: '...',
  pointer: '>',
  spinner: ['-', '\\', '|', '/'],
};

/** The sixteen basic colours only: they follow the palette that the user has chosen for the terminal. */
export function createTheme(options: { readonly color: boolean; readonly unicode: boolean }): Theme {
  const chalk = new Chalk({ level: options.color ? 1 : 0 });
  return {
    title: (text) => chalk.bold(text),
    strong: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    warn: (text) => chalk.yellow(text),
    accent: (text) => chalk.cyan(text),
    key: (text) => chalk.magenta(text),
    added: (text) => chalk.green(text),
    removed: (text) => chalk.red(text),
    changed: (text) => chalk.yellow(text),
    symbols: options.unicode ? UNICODE : ASCII,
  };
}
