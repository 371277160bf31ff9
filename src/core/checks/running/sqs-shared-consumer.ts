import { sameResource } from '../../doctor/routes.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { about, onceEach } from './about.ts';
import { isOff } from './mappings.ts';

/** A message goes to one reader: two functions on one queue get a part of the events each. */
export const sqsSharedConsumer: Check = {
  id: 'sqs-shared-consumer',
  reads: ['queues.mappings'],
  judge(look) {
    return onceEach(look, 'sqs').flatMap((hop) => {
      const node = look.facts.queues[hop.arn];
      const mappings = (node && look.value(node.mappings)) ?? [];
      const reading = mappings.filter((mapping) => !isOff(mapping));
      const [first] = reading;
      const other = reading.find(({ functionArn }) => first && !sameResource(functionArn, first.functionArn));
      if (!first || !other) return [];
      return [
        {
          id: 'sqs-shared-consumer',
          verdict: 'broken',
          severity: 'SOME',
          ...about(hop),
          message: `${called(first.functionArn)} and ${called(other.functionArn)} both read ${called(hop.arn)}, so each gets only a part of the events`,
          evidence: reading.map(({ uuid, functionArn }) =>
            evidence(node?.mappings, `EventSourceMappings[${uuid}].FunctionArn`, functionArn),
          ),
          fix: tell(
            'Give each function a queue of its own and send to both through a topic, or disable the mapping that is not meant to read. Filters do not help: a message that one of them rejects is deleted.',
          ),
        },
      ];
    });
  },
};
