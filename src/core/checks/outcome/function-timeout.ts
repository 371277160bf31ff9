import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Fix } from '../../doctor/finding.ts';
import { call, functionInput, safe, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { queuesBefore } from './queues.ts';
import { about, allRuns, lineOf, RUN_READS, type Reached } from './runs.ts';
import { standingOf } from './standing.ts';

/** Quota of Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_TIMEOUT_SECONDS = 900;

export const functionTimeout: Check = {
  id: 'function-timeout',
  reads: [...RUN_READS, 'identity', 'queues.attributes', 'queues.mappings'],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const { reached } = runs;
      const limit = reached.configuration?.timeoutSeconds;
      // The time was raised since: the line is of before.
      const standing = standingOf(runs, (error) => isTimeout(error) && !(secondsOf(error) < (limit ?? 0)), {
        mendedByUpdate: true,
      });
      if (!standing) return [];
      const seconds = secondsOf(standing.error);
      return [
        {
          id: 'function-timeout',
          verdict: standing.verdict,
          severity: 'CODE',
          ...about(reached),
          message: `${called(reached.arn)} is stopped after ${Number.isNaN(seconds) ? 'its time' : `${seconds} seconds`}, before its work is done${standing.share}`,
          evidence: [
            lineOf(standing.error),
            ...(limit === undefined
              ? []
              : [{ call: 'lambda:GetFunctionConfiguration', field: 'Timeout', value: String(limit) }]),
            ...standing.evidence,
          ],
          fix: fixFor(look, reached),
        },
      ];
    }),
};

export function isTimeout({ type, message }: SeenError): boolean {
  return type === 'Sandbox.Timedout' || /^Task timed out after /.test(message);
}

/** NaN when the line does not say. A REPORT line has the time in milliseconds. */
function secondsOf({ message }: SeenError): number {
  const seconds = /Task timed out after (\d{1,6}(?:\.\d{1,3})?) seconds/.exec(message)?.[1];
  if (seconds !== undefined) return Number(seconds);
  const ms = /^REPORT Duration: (\d{1,9}(?:\.\d{1,3})?) ms/.exec(message)?.[1];
  return ms === undefined ? Number.NaN : Math.round(Number(ms) / 1000);
}

function fixFor(look: Look, reached: Reached): Fix {
  const { configuration, node } = reached;
  const { qualifier } = node;
  const now = configuration?.timeoutSeconds;
  if (now === undefined) return tell("Raise the function's timeout, or make it do less at a time.");
  // A queue that shows its messages again before the function is done would have them worked on twice.
  const visible = queuesBefore(look, reached).flatMap(
    ({ attributes }) => valueOf(attributes)?.visibilitySeconds ?? [],
  );
  const seconds = Math.min(MAX_TIMEOUT_SECONDS, now * 3, ...visible);
  if (seconds <= now) {
    return tell(
      now < MAX_TIMEOUT_SECONDS
        ? "Raise the visibility timeout of the queue, and then the function's timeout."
        : `It has the longest time that there is, ${MAX_TIMEOUT_SECONDS} seconds: let it do less at a time.`,
    );
  }
  if (qualifier !== undefined && qualifier !== '$LATEST') {
    return tell(
      `Settings of a published version cannot be changed: raise the function's timeout to ${seconds} seconds, publish a version and let ${qualifier} lead to it.`,
    );
  }
  const input = functionInput(node, valueOf(look.facts.identity)?.account);
  return {
    ...safe(
      call('lambda', 'UpdateFunctionConfiguration', {
        FunctionName: input['FunctionName'],
        Timeout: seconds,
      }),
    ),
    advice: 'If it waits for something that never answers, more time only makes it wait longer.',
  };
}
