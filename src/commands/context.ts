import type { Aws } from '../aws/clients.ts';
import type { Ask } from '../core/ask.ts';
import type { Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Project } from '../project/project-file.ts';

/** All that a command may touch. Built once by the edge; tests build it by hand. */
export interface Context<Item = never> {
  readonly aws: Aws;
  readonly clock: Clock;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `length` hexadecimal digits. */
  readonly randomHex: (length: number) => string;
  readonly ask: Ask;
  readonly project: Project;
  /** Progress goes to stderr. */
  readonly emit: (progress: Progress) => void;
  /** One item of a stream; resolves when the reader has room for more. */
  readonly item: (item: Item) => Promise<void>;
  /** Several of them, in order: what comes by the thousand is not waited for one by one. */
  readonly items: (items: readonly Item[]) => Promise<void>;
}
