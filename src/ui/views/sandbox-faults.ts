import type { SandboxFaultsResult } from '../../commands/sandbox-faults.ts';
import { sanitize } from '../sanitize.ts';

/** One fault a line, as `sandbox fault add` takes it. */
export function viewSandboxFaults({ endpoint, faults }: SandboxFaultsResult): readonly string[] {
  return faults.length === 0 ? [`No faults at ${sanitize(endpoint)}.`] : faults.map(sanitize);
}
