import { Chalk, type ChalkInstance } from 'chalk';

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
    title: styleOf(chalk.bold),
    strong: styleOf(chalk.bold),
    dim: styleOf(chalk.dim),
    good: styleOf(chalk.green),
    bad: styleOf(chalk.red),
    warn: styleOf(chalk.yellow),
    accent: styleOf(chalk.cyan),
    key: styleOf(chalk.magenta),
    added: styleOf(chalk.green),
    removed: styleOf(chalk.red),
    changed: styleOf(chalk.yellow),
    symbols: options.unicode ? UNICODE : ASCII,
  };
}

/**
 * Chalk's style with its codes asked for once, for plain text of one line: nearly all there is in a long log. The rest stays with
 * Chalk, which opens codes again inside of other codes and at each line.
 */
function styleOf(chalk: ChalkInstance): Style {
  const [open = '', close = ''] = chalk('|').split('|');
  return (text) =>
    text === '' || text.includes('\u001b') || text.includes('\n') ? chalk(text) : open + text + close;
}
