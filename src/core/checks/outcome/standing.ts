/** How far a failure that the log shows still counts: old errors must not outlive a success. */
import type { SeenError } from '../../doctor/facts.ts';
import type { Evidence } from '../../doctor/finding.ts';
import { formatInstant } from '../../duration.ts';
import type { Run, Runs } from './runs.ts';

interface Standing {
  readonly verdict: 'broken' | 'suspected';
  /** The newest one. */
  readonly error: SeenError;
  readonly run: Run;
  /** For the end of a message: how many of how many; empty when every invocation that was seen failed so. */
  readonly share: string;
  /** Why it is not certain, where it is the function that changed. */
  readonly evidence: readonly Evidence[];
}

interface StandingOptions {
  /** Every trigger suffers alike, so every success speaks against it. */
  readonly wholeFunction?: boolean;
  /** A change of the function's code or settings may have mended it. */
  readonly mendedByUpdate?: boolean;
  /** Whether a success says anything of this cause; one that does not makes it no more than suspected. */
  readonly comparable?: (run: Run) => boolean;
}

/** Undefined when there is no such error, or when only successes came after it. */
export function standingOf(
  { reached, runs, showsEvents }: Runs,
  isCause: (error: SeenError, run: Run) => boolean,
  { wholeFunction = false, mendedByUpdate = false, comparable = () => true }: StandingOptions = {},
): Standing | undefined {
  const hits = runs.flatMap((run) =>
    run.errors.filter((error) => isCause(error, run)).map((error) => ({ run, error })),
  );
  const first = hits.reduce((earliest, { error }) => Math.min(earliest, error.time), Infinity);
  const latest = hits.reduce<(typeof hits)[number] | undefined>(
    (newest, hit) => (newest && newest.error.time > hit.error.time ? newest : hit),
    undefined,
  );
  if (!latest) return undefined;
  const failed = new Set(hits.map(({ run }) => run));
  const isLabelled = latest.run.records.length > 0;
  const successes = runs.filter(
    (run) =>
      run.state === 'ok' && !failed.has(run) && (wholeFunction || !isLabelled || run.records.length > 0),
  );
  const mayBeOthers = !wholeFunction && !isLabelled && showsEvents;
  const later = successes.filter(({ time }) => time > latest.error.time);
  if (later.some(comparable)) {
    const between = successes.some(({ time }) => time > first && time < latest.error.time);
    if (!between || mayBeOthers) return undefined;
  }
  const updated = reached.configuration?.lastModified;
  const isUpdated = mendedByUpdate && updated !== undefined && updated > latest.error.time;
  const known = failed.size + successes.length;
  return {
    ...latest,
    verdict: later.length > 0 || mayBeOthers || isUpdated ? 'suspected' : 'broken',
    share: failed.size < known ? ` (${failed.size} of ${known} invocations seen)` : '',
    evidence: isUpdated
      ? [{ call: 'lambda:GetFunctionConfiguration', field: 'LastModified', value: formatInstant(updated) }]
      : [],
  };
}
