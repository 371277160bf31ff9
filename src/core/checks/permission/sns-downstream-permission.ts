import type { Check } from '../../doctor/check.ts';
import { REFUSED_HOPS_FACTS, refusedHops } from './refused-hops.ts';

/** A subscriber of a topic does not admit the topic. */
export const snsDownstreamPermission: Check = {
  id: 'sns-downstream-permission',
  reads: REFUSED_HOPS_FACTS,
  judge: (look) =>
    refusedHops(look, {
      id: 'sns-downstream-permission',
      concerns: ({ sender }) => sender.service === 'sns.amazonaws.com',
      what: 'it',
    }),
};
