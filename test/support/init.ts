import type { InitResult } from '../../src/commands/init.ts';
import { envelopeOf, runCli, type CliOptions } from './run-cli.ts';

/** A shell's words: blanks between them, single quotes around what has blanks of its own. */
export function words(line: string): string[] {
  return (line.match(/(?:'[^']*'|[^'\s])+/g) ?? []).map((word) => word.replaceAll("'", ''));
}

/** Runs `init` with --json; `data` is what stands in the envelope, null on most errors. */
export async function runInitJson(line: string, options: CliOptions) {
  const result = await runCli(['init', ...words(line), '--json'], options);
  const envelope = envelopeOf(result);
  const data: InitResult = envelope.data;
  return { ...result, envelope, data, error: envelope.error };
}
