import type { Check } from '../../doctor/check.ts';
import { REFUSED_HOPS_FACTS, refusedHops } from './refused-hops.ts';

/** A target of an event rule does not admit EventBridge. */
export const ebTargetPermission: Check = {
  id: 'eb-target-permission',
  reads: REFUSED_HOPS_FACTS,
  judge: (look) =>
    refusedHops(look, {
      id: 'eb-target-permission',
      concerns: ({ sender }) => sender.service === 'events.amazonaws.com',
      what: 'it',
    }),
};
