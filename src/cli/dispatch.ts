import type { Context } from '../commands/context.ts';
import type { ShownItem, ViewOptions } from '../ui/view-options.ts';
import type { GlobalFlags } from './context.ts';

/** What a command's result must have at least. */
export interface CommandResult {
  readonly status: 'ok' | 'negative';
  /** In place of the one that follows from the status: of a program that the command ran. */
  readonly exitCode?: number;
}

/** A command, loaded: how it runs and how it is shown. */
export interface Loaded<Result extends CommandResult, Item> {
  readonly run: (ctx: Context<Item>) => Promise<Result>;
  readonly view: (result: Result, options: ViewOptions) => readonly string[];
  /** For commands that stream. `stderr` lines are talk. */
  readonly viewItem?: (item: Item, options: ViewOptions) => ShownItem;
  /** A stream prints one JSON object per line and no envelope. */
  readonly streams?: boolean;
  /** Ctrl-C is the normal end: exit 0. */
  readonly endsWithInterrupt?: boolean;
}

/** Runs a command once it is known which; `load` imports its code. */
export type Dispatch = <Result extends CommandResult, Item>(
  name: string,
  flags: GlobalFlags,
  load: () => Promise<Loaded<Result, Item>>,
) => Promise<void>;
