import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Evidence, Fix } from '../../doctor/finding.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { about, allRuns, lineOf, RUN_READS, type Reached, type Run } from './runs.ts';
import { standingOf } from './standing.ts';

/** Quotas of Lambda, for both: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_MB = 10_240;

/** Memory, or the 512 MB of /tmp that there are by default, are too small for the object. */
export const memoryOrTmpExhausted: Check = {
  id: 'memory-or-tmp-exhausted',
  reads: [...RUN_READS, 'identity'],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const { reached } = runs;
      const standing = standingOf(runs, (error, run) => signalsOf(error, run, reached) !== undefined, {
        mendedByUpdate: true,
      });
      const signals = standing && signalsOf(standing.error, standing.run, reached);
      if (!standing || !signals) return [];
      const { what, certain } = signals;
      return [
        {
          id: 'memory-or-tmp-exhausted',
          verdict: certain ? standing.verdict : 'suspected',
          severity: 'CODE',
          ...about(reached),
          message: `${called(reached.arn)} runs out of ${what === 'memory' ? 'memory' : 'space in /tmp'}${standing.share}`,
          evidence: [lineOf(standing.error), ...proofOf(standing.run, what, reached), ...standing.evidence],
          fix: fixFor(look, reached, what),
        },
      ];
    }),
};

function signalsOf(
  { type, message }: SeenError,
  { invocation }: Run,
  { configuration }: Reached,
): { readonly what: 'memory' | 'tmp'; readonly certain: boolean } | undefined {
  if (/No space left on device|ENOSPC/.test(message)) {
    // A file system of EFS may be the full one.
    return { what: 'tmp', certain: configuration?.fileSystems.length === 0 };
  }
  const report = invocation?.report;
  const atLimit = report && report.maxMemoryMb >= report.memoryMb;
  // More was given since.
  if (report && configuration && configuration.memoryMb > report.memoryMb) return undefined;
  if (type === 'Runtime.OutOfMemory' || /signal: killed/.test(message)) {
    return { what: 'memory', certain: atLimit === true };
  }
  // A program that simply ends looks the same.
  const ended = /Runtime exited without providing a reason/.test(message);
  return ended && atLimit !== false ? { what: 'memory', certain: false } : undefined;
}

function proofOf(
  { invocation }: Run,
  what: 'memory' | 'tmp',
  { configuration }: Reached,
): readonly Evidence[] {
  const report = invocation?.report;
  if (what === 'tmp') {
    return configuration
      ? [
          {
            call: 'lambda:GetFunctionConfiguration',
            field: 'EphemeralStorage.Size',
            value: `${configuration.ephemeralMb} MB`,
          },
        ]
      : [];
  }
  return report
    ? [{ call: 'log', field: 'REPORT', value: `${report.maxMemoryMb} of ${report.memoryMb} MB used` }]
    : [];
}

function fixFor(look: Look, { configuration, node }: Reached, what: 'memory' | 'tmp'): Fix {
  const name = what === 'memory' ? 'memory' : 'ephemeral storage';
  const now = what === 'memory' ? configuration?.memoryMb : configuration?.ephemeralMb;
  if (now === undefined || now >= MAX_MB) {
    return tell(`Let the function stream the object in parts, instead of holding all of it in its ${name}.`);
  }
  const more = Math.min(MAX_MB, now * 2);
  const { qualifier } = node;
  if (qualifier !== undefined && qualifier !== '$LATEST') {
    return tell(
      `Settings of a published version cannot be changed: give the function ${more} MB of ${name}, publish a version and let ${qualifier} lead to it.`,
    );
  }
  const input = functionInput(node, valueOf(look.facts.identity)?.account);
  return {
    ...ask(
      call('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: input['FunctionName'],
        ...(what === 'memory' ? { MemorySize: more } : { EphemeralStorage: { Size: more } }),
      }),
    ),
    advice:
      what === 'memory'
        ? 'More memory costs more for each millisecond.'
        : 'Files that the function leaves in /tmp stay for its next invocations: let it delete them.',
  };
}
