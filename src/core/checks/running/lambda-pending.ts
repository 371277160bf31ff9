import { formatDuration } from '../../duration.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { about, configurationOf, functionFlags, functionsOf, serviceTime } from './about.ts';

/** Functions in a VPC take a minute or two. https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html */
const STUCK_AFTER_MS = 6 * 60_000;

/** The function is being created, or brought back after it was idle, and takes no events yet. An update does not stop it. */
export const lambdaPending: Check = {
  id: 'lambda-pending',
  reads: ['functions.configuration', 'functions.qualified'],
  judge(look) {
    return functionsOf(look).flatMap(({ hop, node }) => {
      const reading = configurationOf(node);
      const configuration = look.value(reading);
      if (configuration?.state !== 'Pending') return [];
      const { stateReasonCode, lastModified } = configuration;
      const isRestoring = stateReasonCode === 'Restoring';
      // When a function that was idle began to come back is not told.
      const age = isRestoring || lastModified === undefined ? 0 : serviceTime(look.facts) - lastModified;
      const isStuck = age > STUCK_AFTER_MS;
      const who = called(hop.arn);
      const wait = ['aws', 'lambda', 'wait', 'function-active-v2', ...functionFlags(hop.arn)];
      return [
        {
          id: 'lambda-pending',
          verdict: 'broken',
          severity: isStuck ? 'BREAK' : 'LATE',
          ...about(hop),
          message: isStuck
            ? `${who} has been waiting for ${formatDuration(age)} to become active, so it takes no events`
            : `${who} is still being ${isRestoring ? 'restored after it was idle' : 'created'}, so it takes no events yet`,
          evidence: [
            evidence(reading, 'State', 'Pending'),
            ...(stateReasonCode === undefined ? [] : [evidence(reading, 'StateReasonCode', stateReasonCode)]),
          ],
          fix: isStuck
            ? tell('Change its configuration, or deploy it again: it should be active within minutes.', wait)
            : tell('Wait until it is active: Lambda tries events of that time again.', wait),
        },
      ];
    });
  },
};
