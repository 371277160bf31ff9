import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from '../../src/ui/width.ts';
import { startCli, type CliOptions, type CliRun } from './run-cli.ts';

export const ENTER = '\r';
export const DOWN = '\u001b[B';
export const CTRL_C = '\u0003';

export interface Typist extends CliRun {
  /** Waits for the question, then types. Fails when the run ends without having asked. */
  answer(question: string, keys: string): Promise<void>;
}

/** A person at a terminal of 80 columns: all three streams are one. */
export function startTyping(argv: readonly string[], options: CliOptions = {}): Typist {
  const run = startCli(argv, { tty: { stdin: true, stdout: true, stderr: true }, ...options });
  let seen = 0;
  const unasked = (question: string) =>
    run.code.then((code) => {
      throw new Error(`ended with ${code} and did not ask "${question}":\n${run.stderr.plain.slice(seen)}`);
    });
  return {
    ...run,
    async answer(question, keys) {
      // An answered question stays on the screen, so each is looked for behind the one before.
      const asked = run.stderr.until(({ plain }) => plain.slice(seen).includes(question));
      await Promise.race([asked, unasked(question)]);
      seen = run.stderr.plain.length;
      for (const key of keysOf(keys)) run.stdin.write(key);
    },
  };
}

/** An escape sequence is one key: a terminal sends it in one piece. */
function keysOf(keys: string): string[] {
  return keys.match(/\u001b\[[A-D]|[^\u001b]+/g) ?? [];
}

/** What stood on the screen line by line: a spinner and a question draw their line many times. */
function drawnLines({ text }: { readonly text: string }): string[] {
  return text.split(/[\r\n]+|\u001b\[\d*[A-H]/).map(stripVTControlCharacters);
}

/** Lines that a terminal of 80 columns would fold. What is there to be copied stays in one piece: commands, log streams. */
export function tooWide({ stdout, stderr }: Pick<CliRun, 'stdout' | 'stderr'>): string[] {
  return [...drawnLines(stdout), ...drawnLines(stderr)].filter(
    (line) =>
      displayWidth(line) > 80 &&
      !/^ +(?:\$ )?(?:s3evt|aws|printf) /.test(line) &&
      !line.includes('[$LATEST]'),
  );
}
