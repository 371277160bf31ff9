import type { Check } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { about, allRuns, lineOf, RUN_READS } from './runs.ts';
import { standingOf } from './standing.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html */
const ADVICE: Readonly<Record<string, string>> = {
  'Runtime.ImportModuleError':
    'Deploy the package again with the module in it: the file that the handler names, and every library that it imports.',
  'Runtime.HandlerNotFound':
    'Give the function the handler that its code has, in the form file.function, or name the function in the code so.',
  'Runtime.MalformedHandlerName': 'Give the function a handler of the form file.function.',
  'Runtime.InvalidEntrypoint':
    "Deploy it again with an entry point that can be executed, built for the function's architecture.",
  'Runtime.UserCodeSyntaxError': 'Mend the syntax of the code that the message names, and deploy it again.',
};

/** The code cannot be loaded: every invocation fails before the handler begins. */
export const handlerOrImport: Check = {
  id: 'handler-or-import',
  reads: RUN_READS,
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const standing = standingOf(runs, (error) => kindOf(error) !== undefined, {
        wholeFunction: true,
        mendedByUpdate: true,
      });
      const kind = standing && kindOf(standing.error);
      if (!standing || kind === undefined) return [];
      const { arn, configuration } = runs.reached;
      return [
        {
          id: 'handler-or-import',
          verdict: standing.verdict,
          severity: 'CODE',
          ...about(runs.reached),
          message: `the code of ${called(arn)} cannot be loaded (${kind}), so it fails before its handler begins${standing.share}`,
          evidence: [
            lineOf(standing.error),
            ...(configuration?.handler === undefined
              ? []
              : [
                  { call: 'lambda:GetFunctionConfiguration', field: 'Handler', value: configuration.handler },
                ]),
            ...standing.evidence,
          ],
          fix: tell(ADVICE[kind] ?? 'Deploy the function again.'),
        },
      ];
    }),
};

function kindOf({ type, message }: SeenError): string | undefined {
  if (Object.hasOwn(ADVICE, type)) return type;
  return /exec format error/.test(message) && type !== '' ? 'Runtime.InvalidEntrypoint' : undefined;
}
